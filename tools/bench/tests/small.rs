//! The benches run, and measure what they say: a journal bench without a fold or a checkpoint, or a wake without a view, panics.

use parlour_bench::{Size, run, table};
use std::path::Path;

#[test]
fn every_bench_runs_and_measures_something() {
    let rows = run(&[], &Size::small(), Path::new(env!("CARGO_TARGET_TMPDIR")), table::print);
    for begin in ["check+play", "encode", "diff", "append in groups of 256", "wake"] {
        assert!(rows.iter().any(|row| row.name.starts_with(begin)), "no row is about {begin}");
    }
    assert!(rows.iter().all(|row| row.cost.median() > 0.0));
}

#[test]
fn a_word_chooses_the_benches_whose_names_hold_it() {
    let rows = run(&["enc".to_owned()], &Size::small(), Path::new(env!("CARGO_TARGET_TMPDIR")), table::print);
    assert!(!rows.is_empty() && rows.iter().all(|row| row.name.starts_with("encode")));
}
