//! Hidden information, in process: whole games of cards through a shard, with everything that leaves it looked at.
//!
//! `world.rs` is a shard with a pretended disk, clock and people; `play.rs` lets them play. `scan.rs` looks for what is hidden in
//! all that leaves, `pairs.rs` plays two worlds that differ only in what is hidden, and `leaky.rs` plants leaks for both to find.
#![allow(unreachable_pub, reason = "this is a test crate of its own")]

mod disk;
mod game;
mod journal;
mod leaky;
mod pairs;
mod people;
mod play;
mod reveal;
mod scan;
mod teeth;
mod world;

use game::{Game, VIEWERS, kinds};
use pairs::{Difference, Figures};
use parlour_cards::{Cards, Reason};
use play::Match;
use scan::Scan;
use serde_json::Value;
use std::collections::BTreeMap;
use world::ROOM;

const GAMES: u64 = 500;

/// Says by which number a failure can be repeated.
struct Repeat(&'static str, u64);

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("it was {} {}", self.0, self.1);
        }
    }
}

fn seconds() -> impl Fn() -> f64 {
    #[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "only to print how long a test took")]
    let start = std::time::Instant::now();
    move || start.elapsed().as_secs_f64()
}

#[test]
fn whole_games_replay_to_the_same_bytes_and_nobody_is_sent_a_card_they_may_not_see() {
    let (took, kinds) = (seconds(), kinds::<Cards>());
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    let (mut records, mut snapshots, mut writes, mut bytes, mut looked_for) = (0, 0, 0, 0, 0);
    for number in 0..GAMES {
        let _repeat = Repeat("game", number);
        let mut game = Match::begin(number, kinds.clone(), Scan::<Cards>::default(), true, &|config| config);
        while !game.is_over() {
            game.step();
        }
        for _ in 0..8 {
            game.step();
        }
        game.world.settle();
        let scan = &game.world.eyes;
        assert!(scan.found.is_empty(), "{:?}", scan.found);
        (writes, bytes, looked_for) = (writes + scan.writes, bytes + scan.bytes, looked_for + scan.looked_for);
        let replayed = journal::replay(&kinds, game.world.disk.room(ROOM).expect("it was opened"));
        (records, snapshots) = (records + replayed.records, snapshots + replayed.snapshots);
        *ends.entry(game.world.disk.outcome(ROOM).expect("it ended").to_owned()).or_default() += 1;
        if number % 4 == 0 {
            // The room is opened again under its name: what was hidden in its former life stays hidden.
            game.open();
            (0..40).for_each(|_| game.step());
            let found = &game.world.eyes.found;
            assert!(found.is_empty(), "in the second life: {found:?}");
        }
    }
    println!("{GAMES} games in {:.1} s: {records} records, {snapshots} snapshots, ends {ends:?}", took());
    println!("{writes} writes of {bytes} bytes, in which {looked_for} ids were looked for");
    let all = [
        Reason::PrizesTaken,
        Reason::NoMonsters,
        Reason::DeckEmpty,
        Reason::TurnLimit,
        Reason::Timeout,
        Reason::Resignation,
        Reason::Forfeit,
        Reason::Draw,
    ];
    let words: Vec<&str> = all.iter().map(|reason| reason.word()).collect();
    assert!(words.iter().all(|word| ends.contains_key(*word)) && ends.len() == all.len(), "{ends:?}");
    assert!(snapshots >= 3 * GAMES, "several snapshots a game");
}

/// Plays games and stops at random moments, until so many pairs were compared or one differed: then which, and how.
fn pairs<G: Game>(wanted: u64, config: &dyn Fn(Value) -> Value) -> (Figures, Option<(u64, Difference)>) {
    let mut figures = Figures::default();
    for number in 1000.. {
        let _repeat = Repeat("game", number);
        let mut game = Match::begin(number, kinds::<G>(), (), false, config);
        while !game.is_over() {
            game.step();
            if game.dice.below(24) == 0 {
                game.world.put_away();
                for viewer in VIEWERS {
                    let pair = figures.pairs;
                    if let Err(difference) = pairs::compare::<G>(&game.world, viewer, pair, &mut figures) {
                        return (figures, Some((pair, difference)));
                    }
                }
                game.everybody_comes();
                if figures.pairs >= wanted {
                    return (figures, None);
                }
            }
        }
    }
    unreachable!("there are always more games")
}

#[test]
fn two_worlds_that_differ_in_what_is_hidden_are_the_same_to_whoever_may_not_see_it() {
    let took = seconds();
    let (figures, difference) = pairs::<Cards>(2000, &|config| config);
    println!("{figures:?} in {:.1} s", took());
    if let Some((pair, difference)) = difference {
        panic!("pair {pair}: {difference}");
    }
}
