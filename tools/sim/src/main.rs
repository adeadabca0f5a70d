//! `cargo run -p parlour-sim -- --seed N [--seeds K] [--planted answer_early|refuse_early|lost_inbox]`

use parlour_sim::tally::Tally;
use parlour_sim::{Plan, Planted, run};
use std::process::ExitCode;

const USAGE: &str = "usage: parlour-sim [--seed N] [--seeds K] [--planted answer_early|refuse_early|lost_inbox] [--log]";

fn main() -> ExitCode {
    match read(std::env::args().skip(1)) {
        Ok(asked) => play(&asked),
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

struct Asked {
    first: u64,
    seeds: u64,
    planted: Option<Planted>,
    log: bool,
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked { first: 1, seeds: 1, planted: None, log: false };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("{text:?} is no number"));
        match word.as_str() {
            "--seed" => asked.first = number(value()?)?,
            "--seeds" => asked.seeds = number(value()?)?,
            "--planted" => asked.planted = Some(planted(&value()?)?),
            "--log" => asked.log = true,
            _ => return Err(format!("{word:?} is not known")),
        }
    }
    Ok(asked)
}

fn planted(name: &str) -> Result<Planted, String> {
    match name {
        "answer_early" => Ok(Planted::AnswerEarly),
        "refuse_early" => Ok(Planted::RefuseEarly),
        "lost_inbox" => Ok(Planted::LostInbox),
        _ => Err(format!("no planted fault is called {name:?}")),
    }
}

fn play(asked: &Asked) -> ExitCode {
    let mut tally = Tally::default();
    for seed in asked.first..asked.first + asked.seeds {
        let report = run(Plan { seed, planted: asked.planted });
        tally.merge(&report.tally);
        if asked.log {
            println!("{}", String::from_utf8_lossy(&report.log));
        }
        if let Some(violation) = report.violation {
            println!("{tally}\n{violation}\nrepeat it with --seed {seed}");
            return ExitCode::FAILURE;
        }
        println!("seed {seed}: nothing broken, outputs {}", report.digest);
    }
    println!("{tally}");
    ExitCode::SUCCESS
}
