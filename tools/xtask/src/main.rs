//! The project's chores: `cargo xtask test` is everything that must hold before a change is taken in.
//!
//! It stands outside the way of a message: nothing here is part of the server, and nothing may depend on it.

#![forbid(unsafe_code)]

mod bench;
mod debian;
mod front;
mod packages;
mod run;
mod stages;
mod tidy;
mod totals;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use run::Shell;
use stages::Stage;

/// A misuse of the command line, told apart from a stage that failed.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let (word, rest) = (args.next(), args.collect::<Vec<_>>());
    match word.as_deref() {
        None | Some("help" | "-h" | "--help") => {
            println!("{}", help());
            ExitCode::SUCCESS
        }
        Some("test") if rest.is_empty() => stages::run_all(&shell()),
        Some("test") => usage("`cargo xtask test` runs everything and takes no arguments"),
        Some("bench") => measure(&rest),
        Some(name) => match Stage::named(name) {
            Some(stage) if rest.is_empty() || stage.takes_args => stages::run_one(&shell(), stage, &rest),
            Some(_) => usage(&format!("`cargo xtask {name}` takes no arguments")),
            None => usage(&format!("there is no stage `{name}`; there are {}", stages::names())),
        },
    }
}

fn measure(words: &[String]) -> ExitCode {
    match bench::run(&shell(), words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn shell() -> Shell {
    // `cargo run` names the folder of this crate; the value from compile time serves who starts the binary by hand.
    let own = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = own.ancestors().nth(2).expect("this crate lies in tools/xtask, two folders below the root").to_path_buf();
    Shell::new(root)
}

fn usage(wrong: &str) -> ExitCode {
    eprintln!("xtask: {wrong}\n  all of it: cargo xtask --help");
    ExitCode::from(EXIT_USAGE)
}

fn help() -> String {
    let mut text = String::from(
        "The project's chores.\n\n\
         Usage:\n  \
           cargo xtask test            every stage below, in this order, up to the first that fails\n  \
           cargo xtask <stage>         one stage\n  \
           cargo xtask rust [args]     further arguments go to cargo test:  cargo xtask rust -p parlour-room dice\n  \
           cargo xtask front [args]    further arguments go to pytest:      cargo xtask front -k name\n  \
           cargo xtask front --times 10 -k name                 the same ten times, one after the other\n  \
           cargo xtask bench [words]   no stage; what single steps cost:    cargo xtask bench append wake\n  \
           cargo xtask bench sockets   what the whole server costs, held against a floor\n  \
           cargo xtask bench laneya    how evenly a dungeon ticks for 200 clients\n\n\
         Stages:\n",
    );
    for stage in stages::ALL {
        text.push_str(&format!("  {:<7} {}\n", stage.name, stage.about));
    }
    text.push_str(
        "\nThe tests need Python 3 with venv, strace, sqlite3, redis-server, Node.js with npm, and Chromium. As root on Debian\n\
         they are installed when missing; packages of PyPI and npm go into <target directory>/venv and node.\n\
         Everything is built once: CARGO_TARGET_DIR is respected.\n\
         A full green run ends with the line `N passed, 0 failed`. The exit code is 0 only if every stage passed.",
    );
    text
}
