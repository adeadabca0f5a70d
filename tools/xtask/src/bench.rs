//! `cargo xtask bench`: what single steps cost, as one table, and how evenly a dungeon ticks for two hundred clients. No stage: a
//! figure proves nothing about a change, and takes minutes.

use crate::front;
use crate::run::{self, Failure, Shell};

/// By this word the bench is called that plays through sockets, against the release binary.
const LANEYA: &str = "laneya";
/// Clients, seconds, and how many more there are that do not read.
const CROWDS: [[&str; 3]; 2] = [["200", "20", "0"], ["200", "20", "3"]];

/// Runs the benches whose names hold one of these words, or all.
pub(crate) fn run(shell: &Shell, words: &[String]) -> Result<(), Failure> {
    let steps: Vec<&String> = words.iter().filter(|word| *word != LANEYA).collect();
    if words.is_empty() || !steps.is_empty() {
        let mut command = shell.cargo(&["bench", "--quiet", "--package", "parlour-bench", "--bench", "parlour", "--"]);
        run::pass(command.args(steps))?;
    }
    if words.is_empty() || words.iter().any(|word| word == LANEYA) { ticks(shell) } else { Ok(()) }
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
