//! Leaks are found: each of one bit by comparing worlds, an id or a piece of the seed by looking through what leaves.

use crate::leaky::{Leak, Leaky};
use crate::pairs::Difference;
use crate::play::Match;
use crate::scan::Scan;
use crate::world::{Eyes, ROOM};
use crate::{game::kinds, seconds};
use parlour_room::Viewer;
use serde_json::{Value, json};

/// So many pairs a leak has to show itself.
const PAIRS: u64 = 300;

fn with(leak: Leak) -> impl Fn(Value) -> Value {
    move |cards| json!({"leak": leak, "cards": cards})
}

#[test]
fn a_planted_leak_of_one_bit_is_found() {
    let took = seconds();
    for leak in [Leak::Count, Leak::Order, Leak::Number, Leak::Refusal, Leak::Legal] {
        let (figures, difference) = crate::pairs::<Leaky>(PAIRS, &with(leak));
        let (_, difference) = difference.unwrap_or_else(|| panic!("{leak:?} was not found: {figures:?}"));
        let Difference { person, after, .. } = difference;
        println!("{leak:?} found by pair {} of at most {PAIRS}: {person:?} after {after}", figures.pairs);
    }
    println!("{:.1} s", took());
}

#[test]
fn what_only_its_owner_is_told_is_no_leak() {
    for leak in [Leak::Nothing, Leak::Whisper] {
        let (figures, difference) = crate::pairs::<Leaky>(100, &with(leak));
        if let Some((pair, difference)) = difference {
            panic!("{leak:?}, pair {pair}: {difference}");
        }
        println!("{leak:?}: {} pairs, {} frames, no difference", figures.pairs, figures.frames);
    }
}

#[test]
fn a_planted_id_and_a_piece_of_the_seed_are_found() {
    let found = |leak| {
        let mut game = Match::begin(2, kinds::<Leaky>(), Scan::<Leaky>::default(), true, &with(leak));
        (0..40).for_each(|_| game.step());
        game
    };
    assert!(!found(Leak::Id).world.eyes.found.is_empty());
    let mut game = found(Leak::Nothing);
    assert_eq!(game.world.eyes.found, Vec::<String>::new());
    let opening = &game.world.disk.room(ROOM).expect("it was opened").records[0].input;
    let opening: Value = serde_json::from_str(opening).expect("JSON");
    let piece = format!("\"x{}\"", &opening["seed"].as_str().expect("a seed")[20..40]);
    game.world.eyes.left(Viewer::Spectator, piece.as_bytes());
    assert_eq!(game.world.eyes.found.len(), 1);
}
