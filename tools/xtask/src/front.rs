//! The front-door tests: builds the binary a user would run, gives Python what it needs, and lets pytest play against it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use serde_json::Value;

use crate::run::{self, Failure, Shell};
use crate::totals::{self, Totals};

const REQUIREMENTS: &str = "tests/requirements.txt";

/// The oldest Python that the pinned packages run on.
const PYTHON_MIN: &str = "(3, 11)";

/// A Python from pyenv or the like may lack venv or be too old where the distribution's own serves.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// pytest's exit code when nothing was collected.
const NO_TESTS: i32 = 5;

pub(crate) fn run(shell: &Shell, args: &[String]) -> Result<Totals, Failure> {
    let python = provide_programs(shell)?;
    let binary = build_binary(shell, "parlour")?;
    let lab = build_binary(shell, "parlour-lab")?;
    let venv_python = provide_venv(shell, &python)?;

    let mut command = shell.command(venv_python);
    command.args(["-m", "pytest", "-q"]).args(args).env("PARLOUR_BIN", &binary).env("PARLOUR_LAB", &lab);
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    if !args.iter().any(|arg| names_a_path(shell.root(), arg)) {
        command.arg("tests");
    }
    let (status, said) = run::tee(&mut command)?;
    if status.code() == Some(NO_TESTS) {
        return Err(Failure::new("pytest found no test to run").hint("see `tests/README.md`; with -k, check the name"));
    }
    let counted = totals::of_pytest(&said);
    if let Some(failed) = counted.filter(|counted| counted.failed > 0) {
        return Err(Failure::new(format!("{failed}; each is shown above"))
            .hint("one test alone: cargo xtask front -k <part of its name>"));
    }
    run::ended_well(&command, status)?;
    counted.ok_or_else(|| Failure::new("pytest ended well but printed no summary, so nothing is known to have run"))
}

/// `tests/test_junk.py::test_arrays` stands for itself; then the whole folder must not be run beside it.
fn names_a_path(root: &Path, arg: &str) -> bool {
    let path = arg.split_once("::").map_or(arg, |(path, _)| path);
    path.ends_with(".py") && root.join(path).is_file()
}

/// Builds a package's binary in the profile the other stages use, and asks cargo where it lies rather than guessing.
fn build_binary(shell: &Shell, package: &str) -> Result<PathBuf, Failure> {
    let said = run::capture(&mut shell.cargo(&["build", "--package", package, "--message-format", "json-render-diagnostics"]))?;
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_binary = |message: &Value| message["target"]["name"] == package && message["target"]["kind"][0] == "bin";
    let mut paths = messages.filter(is_binary).filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    paths.next().ok_or_else(|| {
        Failure::new(format!("the package `{package}` has no binary of its own name")).hint("it is its src/main.rs")
    })
}

/// Installs what is missing if that is allowed, and returns the Python to make the venv with.
fn provide_programs(shell: &Shell) -> Result<String, Failure> {
    let packages = missing_packages(shell);
    if !packages.is_empty() {
        let by_hand = format!("apt-get install {}   (or the same by your system's own means)", packages.join(" "));
        if !is_root(shell) || !on_path("apt-get") {
            return Err(Failure::new(format!("not installed: {}", packages.join(", "))).hint(by_hand));
        }
        println!("installing from the distribution: {}", packages.join(" "));
        let apt_get = |args: &[&str]| {
            let mut command = shell.command("apt-get");
            run::pass(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        apt_get(&["update", "-q"])?;
        let install = [&["install", "-q", "-y", "--no-install-recommends"], &packages[..]].concat();
        apt_get(&install).map_err(|failure| failure.hint(&by_hand))?;
        let still = missing_packages(shell);
        if !still.is_empty() {
            let what = format!("installed, and yet it does not work: {}", still.join(", "));
            return Err(
                Failure::new(what).hint("python3 must be 3.11 or newer and have venv; strace and sqlite3 must be on PATH")
            );
        }
    }
    Ok(find_python(shell).expect("it is among what was just found complete").to_owned())
}

fn missing_packages(shell: &Shell) -> Vec<&'static str> {
    let mut packages: Vec<_> = ["strace", "sqlite3"].into_iter().filter(|program| !on_path(program)).collect();
    if find_python(shell).is_none() {
        packages.extend(["python3", "python3-venv"]);
    }
    packages
}

fn find_python(shell: &Shell) -> Option<&'static str> {
    // Debian's python3 has the module venv but not what it needs, until python3-venv is there: ensurepip tells.
    let probe = format!("import ensurepip, sys, venv; sys.exit(sys.version_info < {PYTHON_MIN})");
    PYTHONS.into_iter().find(|python| quiet(shell.command(python).args(["-c", &probe])))
}

fn quiet(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn is_root(shell: &Shell) -> bool {
    run::capture(shell.command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Makes the venv, or finds the one made before, and returns its Python.
fn provide_venv(shell: &Shell, python: &str) -> Result<PathBuf, Failure> {
    let requirements = fs::read(shell.root().join(REQUIREMENTS))
        .map_err(|error| Failure::new(format!("{REQUIREMENTS} cannot be read: {error}")).hint("restore it from git"))?;
    let version = run::capture(shell.command(python).args(["-c", "import sys; print(sys.version, sys.base_prefix)"]))?;
    let key = fnv1a(&[&requirements, version.as_bytes()].concat());
    let folder = target_directory(shell)?.join("venv");
    let venv = folder.join(format!("{key:016x}"));
    if !venv.exists() {
        // Made beside its place and then moved there: a run that is interrupted leaves nothing that looks complete, and of two
        // that run at once both find a whole one.
        let draft = folder.join(format!("{key:016x}.{}", process::id()));
        let made = fill_venv(shell, python, &draft).and_then(|()| match fs::rename(&draft, &venv) {
            Err(error) if !venv.exists() => Err(Failure::new(format!("{} cannot be made: {error}", venv.display()))),
            _ => Ok(()),
        });
        // Gone already if all went well.
        let _ = fs::remove_dir_all(&draft);
        made?;
    }
    Ok(venv.join("bin/python"))
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

fn target_directory(shell: &Shell) -> Result<PathBuf, Failure> {
    let metadata = run::capture(&mut shell.cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata = serde_json::from_str::<Value>(&metadata).map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| Failure::new("cargo metadata names no target_directory"))
}

/// FNV-1a, 64 bit: the same on every machine and toolchain, so that a kept venv is found again.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_venv_key_is_the_published_fnv1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn only_an_existing_test_file_replaces_the_whole_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(!names_a_path(root, "-k"));
        assert!(!names_a_path(root, "src"), "a word after -k may be the name of a folder");
        assert!(!names_a_path(root, "tests/no_such_test.py::test_a"));
    }
}
