//! `cargo xtask bench`: what single steps cost, as one table. No stage: a figure proves nothing about a change, and takes
//! minutes.

use crate::run::{self, Failure, Shell};

/// Runs the benches whose names hold one of these words, or all.
pub(crate) fn run(shell: &Shell, words: &[String]) -> Result<(), Failure> {
    let mut command = shell.cargo(&["bench", "--quiet", "--package", "parlour-bench", "--bench", "parlour", "--"]);
    run::pass(command.args(words))
}
