//! `cargo xtask bench`: what single steps cost, as one table; what the whole server costs that is played through sockets; and how
//! evenly a dungeon ticks for two hundred clients. No stage: a figure proves nothing about a change, and takes minutes.

use crate::front;
use crate::run::{self, Failure, Shell};

/// By these words the benches are called that play through sockets, against the release binary.
const LANEYA: &str = "laneya";
const SOCKETS: &str = "sockets";
/// Clients, seconds, and how many more there are that do not read.
const CROWDS: [[&str; 3]; 2] = [["200", "20", "0"], ["200", "20", "3"]];

/// Runs the benches whose names hold one of these words, or all.
pub(crate) fn run(shell: &Shell, words: &[String]) -> Result<(), Failure> {
    let is_step = |word: &&String| ![LANEYA, SOCKETS].contains(&word.as_str());
    let steps: Vec<&String> = words.iter().filter(is_step).collect();
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    if words.is_empty() || !steps.is_empty() {
        let mut command = shell.cargo(&["bench", "--quiet", "--package", "parlour-bench", "--bench", "parlour", "--"]);
        run::pass(command.args(steps))?;
    }
    if is_asked(SOCKETS) {
        let server = front::build_binary(shell, "parlour", &["--release"])?;
        let load = front::build_binary(shell, "parlour-load", &["--release"])?;
        run::pass(shell.command(&load).args(["run", "--server"]).arg(&server))?;
    }
    if is_asked(LANEYA) { ticks(shell) } else { Ok(()) }
}

fn ticks(shell: &Shell) -> Result<(), Failure> {
    let binary = front::build_binary(shell, "parlour", &["--release"])?;
    let python = front::provide_python(shell)?;
    for crowd in CROWDS {
        let mut command = shell.command(&python);
        command.arg("tests/laneya_bench.py").args(crowd).env("PARLOUR_BIN", &binary);
        run::pass(command.env_remove("PYTHONPATH").env_remove("PYTHONHOME"))?;
    }
    Ok(())
}
