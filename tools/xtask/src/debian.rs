//! Programs that tests start, and the packages that bring them: on Debian, as root, what is missing is installed; elsewhere you
//! are told what to install.

use std::env;

use crate::run::{self, Failure, Shell};

/// A program, and the package that brings it.
pub(crate) type Program = (&'static str, &'static str);

const REDIS: Program = ("redis-server", "redis-server");
/// What the tests in Rust start.
pub(crate) const RUST_TESTS: [Program; 1] = [REDIS];
/// What the front-door tests start besides Python.
pub(crate) const FRONT_TESTS: [Program; 6] =
    [("strace", "strace"), ("sqlite3", "sqlite3"), ("node", "nodejs"), ("npm", "npm"), ("chromium", "chromium"), REDIS];

/// Sees to it that these programs are there, and what `more` says is missing besides.
pub(crate) fn provide(shell: &Shell, programs: &[Program], more: impl Fn() -> Vec<&'static str>) -> Result<(), Failure> {
    let packages = missing(programs, &more);
    if packages.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install {}   (or the same by your system's own means)", packages.join(" "));
    if !is_root(shell) || !on_path("apt-get") {
        return Err(Failure::new(format!("not installed: {}", packages.join(", "))).hint(by_hand));
    }
    println!("installing from the distribution: {}", packages.join(" "));
    let apt_get = |args: &[&str]| {
        let mut command = shell.command("apt-get");
        // A daemon that comes with its package is not wanted: tests start their own.
        run::pass(command.args(args).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1"))
    };
    apt_get(&["update", "-q"])?;
    let install = [&["install", "-q", "-y", "--no-install-recommends"], &packages[..]].concat();
    apt_get(&install).map_err(|failure| failure.hint(&by_hand))?;
    match missing(programs, &more).as_slice() {
        [] => Ok(()),
        still => Err(Failure::new(format!("installed, and yet it does not work: {}", still.join(", "))).hint(by_hand)),
    }
}

fn missing(programs: &[Program], more: &impl Fn() -> Vec<&'static str>) -> Vec<&'static str> {
    let packages = programs.iter().filter(|(program, _)| !on_path(program)).map(|(_, package)| *package);
    packages.chain(more()).collect()
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn is_root(shell: &Shell) -> bool {
    run::capture(shell.command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_by_its_package_and_what_is_there_is_not() {
        assert!(on_path("sh") && !on_path("no-such-program-anywhere"));
        let programs = [("sh", "dash"), ("no-such-program-anywhere", "some-package")];
        assert_eq!(missing(&programs, &|| vec!["python3-venv"]), ["some-package", "python3-venv"]);
    }
}
