//! The stages in their order, cheapest first, and what a run says about them.

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::run::{self, Failure, Shell};
use crate::totals::{self, Totals};
use crate::{debian, front, tidy};

pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) takes_args: bool,
    run: fn(&Shell, &[String]) -> Result<Totals, Failure>,
}

pub(crate) const ALL: &[Stage] = &[
    Stage { name: "fmt", about: "the formatting: cargo fmt --all --check", takes_args: false, run: fmt },
    Stage {
        name: "tidy",
        about: "the house rules: lengths, purity, modules, dependencies, licences",
        takes_args: false,
        run: tidy,
    },
    Stage { name: "lint", about: "cargo clippy --workspace --all-targets -- -D warnings", takes_args: false, run: lint },
    Stage {
        name: "rust",
        about: "cargo test --workspace: unit, integration and documentation tests",
        takes_args: true,
        run: rust,
    },
    Stage { name: "doc", about: "cargo doc --workspace --no-deps, without a warning", takes_args: false, run: doc },
    Stage {
        name: "front",
        about: "tests/: the real binary, played by clients that share no code with it",
        takes_args: true,
        run: front::run,
    },
];

impl Stage {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|stage| stage.name == name)
    }
}

pub(crate) fn names() -> String {
    ALL.iter().map(|stage| stage.name).collect::<Vec<_>>().join(", ")
}

/// One finished stage, as a row of the table.
struct Row {
    name: &'static str,
    took: Duration,
    counted: Totals,
    ok: bool,
}

/// Runs every stage up to the first that fails.
pub(crate) fn run_all(shell: &Shell) -> ExitCode {
    let mut rows = Vec::new();
    let mut sum = Totals::default();
    for stage in ALL {
        let row = timed(shell, stage, &[]);
        sum += row.counted;
        let ok = row.ok;
        rows.push(row);
        if !ok {
            println!("\n{}", table(&rows));
            return ExitCode::FAILURE;
        }
    }
    println!("\n{}", table(&rows));
    conclude(sum)
}

/// Runs one stage.
pub(crate) fn run_one(shell: &Shell, stage: &'static Stage, args: &[String]) -> ExitCode {
    let row = timed(shell, stage, args);
    match (row.ok, row.counted == Totals::default()) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
        (true, false) => conclude(row.counted),
    }
}

fn timed(shell: &Shell, stage: &'static Stage, args: &[String]) -> Row {
    println!("==> {}: {}", stage.name, stage.about);
    let start = Instant::now();
    let result = (stage.run)(shell, args);
    let took = start.elapsed();
    let counted = *result.as_ref().unwrap_or(&Totals::default());
    match &result {
        Ok(_) => println!("<== {}: ok, {}", stage.name, seconds(took)),
        Err(failure) => {
            println!("<== {}: FAILED, {}", stage.name, seconds(took));
            eprintln!("\nxtask: stage `{}` failed: {failure}\n  this stage alone: cargo xtask {}", stage.name, stage.name);
        }
    }
    Row { name: stage.name, took, counted, ok: result.is_ok() }
}

fn conclude(sum: Totals) -> ExitCode {
    if sum.left_out > 0 {
        println!("{} ignored or skipped", sum.left_out);
    }
    println!("{sum}");
    ExitCode::SUCCESS
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<7} {:>9}  {}\n", "stage", "time", "result");
    for row in rows {
        let result = match (row.ok, row.counted.passed) {
            (false, _) => "FAILED".to_owned(),
            (true, 0) => "ok".to_owned(),
            (true, _) => format!("ok, {}", row.counted),
        };
        text.push_str(&format!("{:<7} {:>9}  {result}\n", row.name, seconds(row.took)));
    }
    text.push_str(&format!("{:<7} {:>9}", "all", seconds(rows.iter().map(|row| row.took).sum())));
    let missing = ALL.iter().skip(rows.len()).map(|stage| stage.name).collect::<Vec<_>>();
    if !missing.is_empty() {
        text.push_str(&format!("  not run: {}", missing.join(", ")));
    }
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn fmt(shell: &Shell, _: &[String]) -> Result<Totals, Failure> {
    run::pass(&mut shell.cargo(&["fmt", "--all", "--check"])).map_err(|failure| failure.hint("format it: cargo fmt --all"))?;
    Ok(Totals::default())
}

fn tidy(shell: &Shell, _: &[String]) -> Result<Totals, Failure> {
    tidy::run(shell)?;
    Ok(Totals::default())
}

fn lint(shell: &Shell, _: &[String]) -> Result<Totals, Failure> {
    run::pass(&mut shell.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    Ok(Totals::default())
}

fn rust(shell: &Shell, args: &[String]) -> Result<Totals, Failure> {
    // Who asks for some of them knows what these need.
    if args.is_empty() {
        debian::provide(shell, &debian::RUST_TESTS, Vec::new)?;
    }
    // Not fail-fast: who has broken two things is told of both. Arguments that name packages replace the whole workspace.
    let mut command = shell.cargo(&["test", "--no-fail-fast"]);
    if !args.iter().any(|arg| arg == "-p" || arg.starts_with("--package")) {
        command.arg("--workspace");
    }
    command.args(args);
    let (status, said) = run::tee(&mut command)?;
    let counted = totals::of_cargo_test(&said);
    if let Some(failed) = counted.filter(|counted| counted.failed > 0) {
        return Err(
            Failure::new(format!("{failed}; each is shown above")).hint("one test alone: cargo xtask rust <part of its name>")
        );
    }
    run::ended_well(&command, status)?;
    counted
        .ok_or_else(|| Failure::new("cargo test ended well but no `test result:` line was seen, so nothing is known to have run"))
}

fn doc(shell: &Shell, _: &[String]) -> Result<Totals, Failure> {
    let flags = env::var("RUSTDOCFLAGS").map_or_else(|_| "-D warnings".to_owned(), |flags| format!("{flags} -D warnings"));
    run::pass(shell.cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", flags))?;
    Ok(Totals::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stage_takes_the_name_of_another_chore() {
        assert!(Stage::named("test").is_none() && Stage::named("bench").is_none());
        assert!(Stage::named("front").is_some_and(|stage| stage.takes_args));
    }

    #[test]
    fn the_table_shows_times_counts_and_what_was_not_run() {
        let counted = Totals { passed: 7, failed: 0, left_out: 0 };
        let rows = [
            Row { name: "fmt", took: Duration::from_millis(1234), counted: Totals::default(), ok: true },
            Row { name: "rust", took: Duration::from_secs(61), counted, ok: true },
            Row { name: "lint", took: Duration::ZERO, counted: Totals::default(), ok: false },
        ];
        let expected = "stage        time  result\n\
            fmt         1.2 s  ok\n\
            rust       61.0 s  ok, 7 passed, 0 failed\n\
            lint        0.0 s  FAILED\n\
            all        62.2 s  not run: rust, doc, front";
        assert_eq!(table(&rows), expected);
    }
}
