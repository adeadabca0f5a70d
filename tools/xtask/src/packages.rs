//! What the front-door tests are made of that others have written: packages of PyPI and of npm, in the versions that `tests`
//! names, in folders below the target directory that are made once for each list.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use serde_json::Value;

use crate::run::{self, Failure, Shell};

const REQUIREMENTS: &str = "tests/requirements.txt";

/// npm's list, and the lock that has each package's exact version and checksum.
const NODE_LISTS: [&str; 2] = ["package.json", "package-lock.json"];
const NODE: &str = "tests/node";

/// Makes the venv, or finds the one made before, and returns its Python.
pub(crate) fn provide_python(shell: &Shell, python: &str) -> Result<PathBuf, Failure> {
    let requirements = read(shell, REQUIREMENTS)?;
    let version = run::capture(shell.command(python).args(["-c", "import sys; print(sys.version, sys.base_prefix)"]))?;
    let venv = provide(shell, "venv", &[&requirements, version.as_bytes()], |draft| fill_venv(shell, python, draft))?;
    Ok(venv.join("bin/python"))
}

/// Installs the packages of npm, or finds what was installed before, and returns their `node_modules`.
pub(crate) fn provide_node(shell: &Shell) -> Result<PathBuf, Failure> {
    let [list, lock] = NODE_LISTS.map(|name| read(shell, &format!("{NODE}/{name}")));
    let (list, lock) = (list?, lock?);
    let version = run::capture(shell.command("node").arg("--version"))?;
    let folder = provide(shell, "node", &[&list, &lock, version.as_bytes()], |draft| fill_node(shell, [&list, &lock], draft))?;
    Ok(folder.join("node_modules"))
}

fn read(shell: &Shell, path: &str) -> Result<Vec<u8>, Failure> {
    fs::read(shell.root().join(path))
        .map_err(|error| Failure::new(format!("{path} cannot be read: {error}")).hint("restore it from git"))
}

/// The folder of what these inputs say, which is filled if it is not there.
fn provide(
    shell: &Shell,
    kind: &str,
    inputs: &[&[u8]],
    fill: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let key = fnv1a(&inputs.concat());
    let folder = target_directory(shell)?.join(kind);
    let place = folder.join(format!("{key:016x}"));
    if !place.exists() {
        // Made beside its place and then moved there: a run that is interrupted leaves nothing that looks complete, and of two
        // that run at once both find a whole one.
        let draft = folder.join(format!("{key:016x}.{}", process::id()));
        let made = fill(&draft).and_then(|()| match fs::rename(&draft, &place) {
            Err(error) if !place.exists() => Err(Failure::new(format!("{} cannot be made: {error}", place.display()))),
            _ => Ok(()),
        });
        // Gone already if all went well.
        let _ = fs::remove_dir_all(&draft);
        made?;
    }
    Ok(place)
}

fn fill_venv(shell: &Shell, python: &str, folder: &Path) -> Result<(), Failure> {
    println!("making a Python venv for {REQUIREMENTS}");
    run::pass(shell.command(python).args(["-m", "venv"]).arg(folder))?;
    let mut pip = shell.command(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "-r", REQUIREMENTS]);
    // A user's pip configuration may ask for --user, which a venv refuses.
    pip.env("PIP_USER", "0");
    run::pass(&mut pip).map_err(|failure| failure.hint("PyPI, or the index pip is set to, must be within reach this once"))
}

fn fill_node(shell: &Shell, lists: [&[u8]; 2], folder: &Path) -> Result<(), Failure> {
    println!("installing the npm packages of {NODE}");
    let write = || {
        fs::create_dir_all(folder)?;
        NODE_LISTS.iter().zip(lists).try_for_each(|(name, text)| fs::write(folder.join(name), text))
    };
    write().map_err(|error| Failure::new(format!("{} cannot be written: {error}", folder.display())))?;
    let mut npm = shell.command("npm");
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    run::pass(&mut npm).map_err(|failure| failure.hint("the registry npm is set to must be within reach this once"))
}

fn target_directory(shell: &Shell) -> Result<PathBuf, Failure> {
    let metadata = run::capture(&mut shell.cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata = serde_json::from_str::<Value>(&metadata).map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| Failure::new("cargo metadata names no target_directory"))
}

/// FNV-1a, 64 bit: the same on every machine and toolchain, so that a kept folder is found again.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_published_fnv1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
