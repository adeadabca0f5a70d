//! Child processes: how every stage starts cargo, Python and git, and how their output is passed on and read at once.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A child's child may keep the pipe open after the child ended (a server a test forgot). It is waited for this long while it is
/// silent, and this long in all.
const LATE_SILENCE: Duration = Duration::from_secs(2);
const LATE_OUTPUT: Duration = Duration::from_secs(20);

/// What `cargo run` sets for this process alone. Handed on, build scripts would take it for a change, and the next plain cargo
/// command for another.
const OWN_ENV: [&str; 5] =
    ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];

/// Why a stage failed, and what its reader can do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Where commands run, and with which environment.
pub(crate) struct Shell {
    root: PathBuf,
    target_dir: Option<PathBuf>,
}

impl Shell {
    pub(crate) fn new(root: PathBuf) -> Self {
        // A relative CARGO_TARGET_DIR is meant from the folder this was called in, and the children run in the root.
        let target_dir = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()).and_then(|dir| absolute(dir).ok());
        Self { root, target_dir }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A command in the workspace's root, without stdin and without what belongs to this process alone.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        for (key, _) in env::vars_os() {
            let name = key.to_string_lossy();
            // PARLOUR_* configures a server: what a developer has set must not reach the servers the tests start.
            if name.starts_with("CARGO_PKG_") || name.starts_with("PARLOUR_") || OWN_ENV.contains(&&*name) {
                command.env_remove(&key);
            }
        }
        if let Some(dir) = &self.target_dir {
            command.env("CARGO_TARGET_DIR", dir);
        }
        command
    }

    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.args(args);
        command
    }
}

/// Runs a command whose output goes straight to the reader.
pub(crate) fn pass(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    ended_well(command, status)
}

/// Runs a command for its output; what it says on stderr goes to the reader.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    ended_well(command, output.status)?;
    String::from_utf8(output.stdout).map_err(|_| Failure::new(format!("`{}` wrote bytes that are not UTF-8", shown(command))))
}

/// Runs a command, passes its output on as it comes, and returns it as well.
pub(crate) fn tee(command: &mut Command) -> Result<(ExitStatus, String), Failure> {
    tee_into(command, io::stdout())
}

fn tee_into(command: &mut Command, mut out: impl Write + Send + 'static) -> Result<(ExitStatus, String), Failure> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    let mut pipe = child.stdout.take().expect("stdout was just asked to be a pipe");
    let (sender, chunks) = mpsc::channel::<Vec<u8>>();
    thread::spawn(move || {
        let mut chunk = [0; 8192];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            // Bytes, not lines: pytest's dots are to be seen while they come. A closed terminal must not end the run.
            let _ = out.write_all(&chunk[..count]).and_then(|()| out.flush());
            if sender.send(chunk[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    let mut said = Vec::new();
    let until = Instant::now() + LATE_OUTPUT;
    while let Ok(chunk) = chunks.recv_timeout(LATE_SILENCE.min(until.saturating_duration_since(Instant::now()))) {
        said.extend(chunk);
    }
    Ok((status, String::from_utf8_lossy(&said).into_owned()))
}

pub(crate) fn ended_well(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` ended with {status}", shown(command)))) }
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    // A toolchain's own cargo has a long path that helps nobody.
    let program = if program.ends_with("cargo") { OsStr::new("cargo") } else { program.as_os_str() };
    let words = [program].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("`{}` could not be run: {error}", shown(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    #[test]
    fn tee_returns_all_output_and_the_status() {
        let (status, said) = tee_into(&mut sh("seq 1 5000; exit 3"), io::sink()).expect("sh is there");
        assert_eq!(status.code(), Some(3));
        assert_eq!(said.lines().count(), 5000);
        assert!(said.ends_with("5000\n"));
    }

    #[test]
    fn tee_does_not_wait_for_a_grandchild_that_keeps_the_pipe() {
        let before = Instant::now();
        let (status, said) = tee_into(&mut sh("echo here; sleep 60 &"), io::sink()).expect("sh is there");
        assert!(status.success());
        assert_eq!(said, "here\n");
        assert!(before.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_failure_names_the_command_and_the_hint() {
        let failure = pass(&mut sh("exit 7")).expect_err("the script fails").hint("write a better script");
        assert_eq!(failure.to_string(), "`sh -c exit 7` ended with exit status: 7\n  hint: write a better script");
    }

    #[test]
    fn a_missing_program_is_a_failure_and_no_panic() {
        let failure = capture(&mut Command::new("no-such-program-anywhere")).expect_err("it does not exist");
        assert!(failure.to_string().starts_with("`no-such-program-anywhere` could not be run"));
    }
}
