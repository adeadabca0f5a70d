//! What was measured, as a table that a person reads.

use crate::meter::Cost;
use std::fs;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Of what the cost is.
    pub each: &'static str,
    /// The cost of one.
    pub cost: Cost,
    /// What else was counted.
    pub notes: Vec<String>,
}

/// The machine, and what the columns are.
pub fn head() {
    println!("{}\n", machine());
    println!("{:<44} {:>10}   {:>9} .. {:<9}  each", "bench", "CPU median", "least", "most");
}

/// One row.
pub fn print(row: &Row) {
    let (least, most) = row.cost.range();
    let (name, median) = (&row.name, time(row.cost.median()));
    println!("{name:<44} {median:>10}   {:>9} .. {:<9}  {}", time(least), time(most), row.each);
    for note in &row.notes {
        println!("    {note}");
    }
}

/// Nanoseconds as a person reads them.
pub(crate) fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e5 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e6 => format!("{:.0} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown CPU");
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    let profile = if cfg!(debug_assertions) { "; dev profile: these figures mean nothing" } else { "" };
    format!("{cores} cores, {}; load {load} at the start{profile}", model.trim_start_matches(['\t', ' ', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_numbers_are_readable() {
        let times = [7.4, 999.0, 1_234.0, 99_990.0, 123_456.0, 12_345_678.0].map(time);
        assert_eq!(times, ["7 ns", "999 ns", "1.23 µs", "99.99 µs", "123 µs", "12.35 ms"]);
        assert_eq!([0, 999, 1_000, 65_536, 1_234_567].map(count), ["0", "999", "1,000", "65,536", "1,234,567"]);
    }
}
