//! Seeds keep every promise and see everything happen; a seed is a run, byte for byte; and each planted bug is caught.

use parlour_sim::tally::Tally;
use parlour_sim::{Plan, Planted, run};
use std::process::Command;

#[test]
fn seeds_keep_every_promise_and_ten_of_them_leave_nothing_untried() {
    let mut all = Tally::default();
    for ten in 0..5 {
        let mut tally = Tally::default();
        for seed in ten * 10 + 1..=ten * 10 + 10 {
            let report = run(Plan { seed, planted: None });
            assert_eq!(report.violation, None);
            tally.merge(&report.tally);
        }
        assert_eq!(tally.missing(), Vec::<&str>::new(), "never happened in these ten seeds:\n{tally}");
        all.merge(&tally);
    }
    println!("{all}");
}

#[test]
fn one_seed_gives_the_same_outputs_every_time_and_in_every_process() {
    let (first, second) = (run(Plan { seed: 7, planted: None }), run(Plan { seed: 7, planted: None }));
    assert!(first.log.len() > 100_000, "{} bytes are not much of a run", first.log.len());
    assert!(first.log == second.log, "the outputs of seed 7 differ");
    assert_ne!(first.digest, run(Plan { seed: 8, planted: None }).digest);
    let other = Command::new(env!("CARGO_BIN_EXE_parlour-sim")).args(["--seed", "7"]).output().unwrap();
    let printed = String::from_utf8(other.stdout).unwrap();
    assert!(printed.contains(&format!("outputs {}", first.digest)), "another process says: {printed}");
}

#[test]
fn an_answer_before_its_commit_is_caught() {
    caught(Planted::AnswerEarly, &["P2: "]);
}

#[test]
fn a_refusal_that_tells_of_undurable_state_is_caught() {
    caught(Planted::RefuseEarly, &["P2: refused, but"]);
}

#[test]
fn an_inbox_lost_on_restart_is_caught() {
    caught(Planted::LostInbox, &["P3", "and again as"]);
}

fn caught(planted: Planted, said: &[&str]) {
    let violations: Vec<String> = (1..=6).filter_map(|seed| run(Plan { seed, planted: Some(planted) }).violation).collect();
    println!("{planted:?}: caught in {} of 6 seeds", violations.len());
    let says = |violation: &&String| said.iter().all(|word| violation.contains(word));
    let found = violations.iter().find(says);
    assert!(found.is_some(), "{planted:?} was not caught as {said:?}, but as {violations:?}");
}
