//! The front-door tests: builds the binary a user would run, gives Python what it needs, and lets pytest play against it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::run::{self, Failure, Shell};
use crate::totals::{self, Totals};
use crate::{debian, packages};

/// Runs the tests so many times, one after the other: for what must hold not only by luck.
const TIMES: &str = "--times";

/// The oldest Python that the pinned packages run on.
const PYTHON_MIN: &str = "(3, 11)";

/// A Python from pyenv or the like may lack venv or be too old where the distribution's own serves.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// pytest's exit code when nothing was collected.
const NO_TESTS: i32 = 5;

pub(crate) fn run(shell: &Shell, args: &[String]) -> Result<Totals, Failure> {
    let (times, args) = take_times(args)?;
    let venv_python = provide_python(shell)?;
    let binary = build_binary(shell, "parlour", &[])?;
    let lab = build_binary(shell, "parlour-lab", &[])?;
    let node_modules = packages::provide_node(shell)?;

    let mut command = shell.command(venv_python);
    command.args(["-m", "pytest", "-q"]).args(&args).env("PARLOUR_BIN", &binary).env("PARLOUR_LAB", &lab);
    command.env("PARLOUR_NODE", &node_modules).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    if !args.iter().any(|arg| names_a_path(shell.root(), arg)) {
        command.arg("tests");
    }
    let mut sum = Totals::default();
    for time in 1..=times {
        if times > 1 {
            println!("--- {time} of {times}");
        }
        sum += run_pytest(&mut command)?;
    }
    Ok(sum)
}

fn run_pytest(command: &mut Command) -> Result<Totals, Failure> {
    let (status, said) = run::tee(command)?;
    if status.code() == Some(NO_TESTS) {
        return Err(Failure::new("pytest found no test to run").hint("see `tests/README.md`; with -k, check the name"));
    }
    let counted = totals::of_pytest(&said);
    if let Some(failed) = counted.filter(|counted| counted.failed > 0) {
        return Err(Failure::new(format!("{failed}; each is shown above"))
            .hint("one test alone: cargo xtask front -k <part of its name>"));
    }
    run::ended_well(command, status)?;
    counted.ok_or_else(|| Failure::new("pytest ended well but printed no summary, so nothing is known to have run"))
}

/// How often, and the arguments that are pytest's.
fn take_times(args: &[String]) -> Result<(usize, Vec<String>), Failure> {
    let Some(at) = args.iter().position(|arg| arg == TIMES) else { return Ok((1, args.to_vec())) };
    let times = args.get(at + 1).and_then(|times| times.parse().ok()).filter(|times| *times > 0);
    let times = times.ok_or_else(|| Failure::new(format!("{TIMES} wants a number, as in {TIMES} 10")))?;
    Ok((times, [&args[..at], &args[at + 2..]].concat()))
}

/// `tests/test_junk.py::test_arrays` stands for itself; then the whole folder must not be run beside it.
fn names_a_path(root: &Path, arg: &str) -> bool {
    let path = arg.split_once("::").map_or(arg, |(path, _)| path);
    path.ends_with(".py") && root.join(path).is_file()
}

/// A Python with the packages that the tests use.
pub(crate) fn provide_python(shell: &Shell) -> Result<PathBuf, Failure> {
    let python = provide_programs(shell)?;
    packages::provide_python(shell, &python)
}

/// Builds a package's binary, in the profile the other stages use unless `more` says otherwise, and asks cargo where it lies
/// rather than guessing.
pub(crate) fn build_binary(shell: &Shell, package: &str, more: &[&str]) -> Result<PathBuf, Failure> {
    let mut command = shell.cargo(&["build", "--package", package, "--message-format", "json-render-diagnostics"]);
    let said = run::capture(command.args(more))?;
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_binary = |message: &Value| message["target"]["name"] == package && message["target"]["kind"][0] == "bin";
    let mut paths = messages.filter(is_binary).filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    paths.next().ok_or_else(|| {
        Failure::new(format!("the package `{package}` has no binary of its own name")).hint("it is its src/main.rs")
    })
}

/// Sees to it that what the tests start is there, and returns the Python to make the venv with.
fn provide_programs(shell: &Shell) -> Result<String, Failure> {
    let python = || if find_python(shell).is_none() { vec!["python3", "python3-venv"] } else { Vec::new() };
    debian::provide(shell, &debian::FRONT_TESTS, python)?;
    Ok(find_python(shell).expect("it is among what was just found complete").to_owned())
}

fn find_python(shell: &Shell) -> Option<&'static str> {
    // Debian's python3 has the module venv but not what it needs, until python3-venv is there: ensurepip tells.
    let probe = format!("import ensurepip, sys, venv; sys.exit(sys.version_info < {PYTHON_MIN})");
    PYTHONS.into_iter().find(|python| quiet(shell.command(python).args(["-c", &probe])))
}

fn quiet(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often_is_no_argument_of_pytests() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(take_times(&words("-k name")).expect("fine"), (1, words("-k name")));
        assert_eq!(take_times(&words("-k name --times 10 -x")).expect("fine"), (10, words("-k name -x")));
        for wrong in ["--times", "--times x", "--times 0"] {
            assert!(take_times(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_an_existing_test_file_replaces_the_whole_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(!names_a_path(root, "-k"));
        assert!(!names_a_path(root, "src"), "a word after -k may be the name of a folder");
        assert!(!names_a_path(root, "tests/no_such_test.py::test_a"));
    }
}
