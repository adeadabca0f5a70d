//! What single steps on the way of a message cost: judging and playing, encoding, patching, appending, waking.
//!
//! It stands beside the house: it uses what `room`, `engine` and `server` show to anybody, and nothing depends on it. Measured is
//! the CPU time of the one thread that does the work, so that a busy machine spoils a figure less; what a client would wait for
//! is given as time on the wall beside it. What is to be compared is measured in turns in one run.

mod append;
mod bare;
mod encode;
mod game;
mod meter;
mod patch;
mod play;
pub mod table;
mod wake;

use std::path::Path;
use table::Row;

/// How much is done. The figures want [`Size::full`]; a test only wants to see that everything runs.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How often everything is measured; the median counts.
    rounds: usize,
    /// How many games are played in a round.
    games: u64,
    /// How many records are appended in a round, in groups of 1, 16 and 256.
    records: [usize; 3],
    /// How many records the journal keeps unfolded.
    tail_rows: usize,
    /// How many rooms sleep beside those that are woken.
    asleep: u64,
    /// How many rooms are woken, of each sort.
    woken: u64,
}

impl Size {
    /// What the figures in `docs/performance.md` are made with: some minutes.
    pub fn full() -> Self {
        Self { rounds: 9, games: 40, records: [8_192, 65_536, 131_072], tail_rows: 65_536, asleep: 100_000, woken: 300 }
    }

    /// Seconds, also in the dev profile. Its figures mean nothing.
    pub fn small() -> Self {
        Self { rounds: 2, games: 1, records: [600, 3_200, 5_120], tail_rows: 1_000, asleep: 300, woken: 3 }
    }
}

type Bench = fn(&Size, &Path) -> Vec<Row>;

const ALL: &[(&str, Bench)] = &[
    ("play", |size, _| play::run(size)),
    ("encode", |size, _| encode::run(size)),
    ("patch", |size, _| patch::run(size)),
    ("append", append::run),
    ("wake", wake::run),
];

/// What there is.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|(name, _)| *name).collect()
}

/// Runs the benches whose names hold one of these words, or all where there are none; each row is shown as soon as it is there.
/// Files are made in `folder`, and removed again.
pub fn run(words: &[String], size: &Size, folder: &Path, show: fn(&Row)) -> Vec<Row> {
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut rows = Vec::new();
    for (_, bench) in ALL.iter().filter(|(name, _)| is_wanted(name)) {
        let made = bench(size, folder);
        made.iter().for_each(show);
        rows.extend(made);
    }
    rows
}
