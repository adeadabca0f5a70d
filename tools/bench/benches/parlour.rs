//! `cargo bench -p parlour-bench [words]`: every bench whose name holds one of the words, or all of them, as one table.

use parlour_bench::{Size, run, table};
use std::path::Path;

fn main() {
    // cargo says `--bench`; whatever else looks like an option is not ours either.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    table::head();
    let rows = run(&words, &Size::full(), Path::new(env!("CARGO_TARGET_TMPDIR")), table::print);
    if rows.is_empty() {
        eprintln!("no bench has a name with {}; there are: {}", words.join(" or "), parlour_bench::names().join(", "));
        std::process::exit(2);
    }
}
