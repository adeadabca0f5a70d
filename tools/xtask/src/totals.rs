//! How many tests ran: read off the output of cargo test and pytest, since neither offers it in a stable form of its own.

use std::fmt;
use std::ops::AddAssign;

/// Tests counted over any number of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Ignored by cargo test, or skipped or expected to fail in pytest: told, so that nobody takes them for passed.
    pub(crate) left_out: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.left_out += other.left_out;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The sum of all `test result:` lines, one per test binary; `None` if there is none.
pub(crate) fn of_cargo_test(output: &str) -> Option<Totals> {
    let mut sum = None;
    for line in plain(output).lines() {
        // `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s`
        if let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            *sum.get_or_insert_default() += counted(counts.split("; "));
        }
    }
    sum
}

/// pytest's last summary line; `None` if there is none.
pub(crate) fn of_pytest(output: &str) -> Option<Totals> {
    // `1 failed, 4 passed, 2 skipped in 3.21s`, between rows of `=` unless pytest is told to be quiet.
    let plain = plain(output);
    let summary = plain.lines().rev().find_map(|line| {
        let (counts, time) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
        let timed =
            time.split(' ').next().is_some_and(|word| word.ends_with('s') && word.starts_with(|c: char| c.is_ascii_digit()));
        (timed && counts.starts_with(|c: char| c.is_ascii_digit())).then_some(counts)
    })?;
    Some(counted(summary.split(", ")))
}

fn counted<'a>(parts: impl Iterator<Item = &'a str>) -> Totals {
    let mut totals = Totals::default();
    for part in parts {
        let Some((count, word)) = part.trim().split_once(' ') else { continue };
        let Ok(count) = count.parse::<u64>() else { continue };
        match word {
            "passed" => totals.passed += count,
            // An xpassed test contradicts its own mark: somebody has to look at it.
            "failed" | "error" | "errors" | "xpassed" => totals.failed += count,
            "ignored" | "skipped" | "xfailed" => totals.left_out += count,
            _ => {}
        }
    }
    totals
}

/// The text without terminal colours, which somebody may force on with CARGO_TERM_COLOR or FORCE_COLOR.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
        } else if chars.next() == Some('[') {
            // A control sequence ends with its first letter.
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            // `ESC ( B`, with which terminfo ends a colour.
            chars.next();
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(passed: u64, failed: u64, left_out: u64) -> Option<Totals> {
        Some(Totals { passed, failed, left_out })
    }

    #[test]
    fn cargo_test_is_summed_over_all_binaries() {
        let output = "\nrunning 2 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(of_cargo_test(output), totals(15, 2, 1));
    }

    #[test]
    fn colours_do_not_hide_a_result() {
        let coloured = "test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 4 passed; 0 failed; 0 ignored; finished in 0.00s\n";
        assert_eq!(of_cargo_test(coloured), totals(4, 0, 0));
        let coloured = "\u{1b}[32m\u{1b}[32m\u{1b}[1m2 passed\u{1b}[0m\u{1b}[32m in 0.01s\u{1b}[0m\u{1b}[0m\n";
        assert_eq!(of_pytest(coloured), totals(2, 0, 0));
    }

    #[test]
    fn pytest_counts_errors_as_failed_and_tells_what_was_skipped() {
        let output = "F.s.\nFAILED tests/test_a.py::test_b - one in 3 apples\n1 failed, 2 passed, 1 skipped, 1 error in 3.21s\n";
        assert_eq!(of_pytest(output), totals(2, 2, 1));
    }

    #[test]
    fn pytest_is_read_between_rows_of_equals_and_with_long_times() {
        assert_eq!(of_pytest("=== 7 passed, 1 deselected, 2 warnings in 75.02s (0:01:15) ===\n"), totals(7, 0, 0));
    }

    #[test]
    fn output_without_a_summary_counts_nothing() {
        assert_eq!(of_cargo_test("error: could not compile `room`\n"), None);
        assert_eq!(of_pytest("no tests ran in 0.01s\n"), None);
    }

    #[test]
    fn the_last_line_of_a_green_run_has_its_exact_form() {
        assert_eq!(Totals { passed: 3, failed: 0, left_out: 9 }.to_string(), "3 passed, 0 failed");
    }
}
