//! Whole stories of random legal play.

use crate::game::open;
use parlour_quest::book::Book;
use parlour_room::Dice;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn random_stories_all_end_and_see_all_of_the_book() {
    let (mut visited, mut ends, mut actions) = (BTreeSet::new(), BTreeMap::new(), 0);
    for number in 0..1500 {
        let mut dice = Dice::from_number(number);
        let mut game = open(&json!({ "narrated": false }), number).unwrap();
        game.join(0);
        for count in 0.. {
            assert!(count < 400, "story {number} does not end");
            visited.insert(game.section());
            let Some(action) = dice.pick(&game.legal(0)).cloned() else { break };
            game.must(0, &serde_json::to_value(&action).unwrap());
            actions += 1;
        }
        *ends.entry(game.section()).or_insert(0) += 1;
    }
    println!("{actions} actions; endings: {ends:?}");
    let never: Vec<u32> = Book::own().sections.keys().filter(|number| !visited.contains(number)).copied().collect();
    assert_eq!(never, Vec::<u32>::new(), "sections nobody ever saw");
}
