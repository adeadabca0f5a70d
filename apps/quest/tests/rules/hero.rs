//! What the hero has, and loses.

use crate::game::solo;
use parlour_quest::{Changed, Event};
use serde_json::json;

#[test]
fn a_thing_is_used_up_for_its_effects() {
    let mut game = solo();
    let heard = game.must(0, &json!({ "type": "use_item", "item": "hard bread" }));
    assert!(matches!(&heard[0], Event::ItemUsed { item, .. } if item == "hard bread"));
    let Event::CharacterUpdated { changes, .. } = &heard[1] else { panic!("{heard:?}") };
    assert_eq!((changes[0].what, changes[0].by, changes[0].now), (Changed::Item, -1, 1));
    assert_eq!((changes[1].what, changes[1].by, changes[1].now), (Changed::Stat, 4, 24));
    game.must(0, &json!({ "type": "use_item", "item": "hard bread" }));
    let hero = game.view().character;
    assert_eq!((hero.stats.endurance, hero.inventory.carried), (24, 0), "no stat is above 24");
    assert_eq!(game.act(0, &json!({ "type": "use_item", "item": "hard bread" })), Err("no_such_item".to_owned()));
}

#[test]
fn a_thing_without_effects_cannot_be_used_and_any_can_be_dropped() {
    let mut game = solo();
    game.walk(&["quay", "lamp"]);
    assert_eq!(game.act(0, &json!({ "type": "use_item", "item": "silver whistle" })), Err("no_effect".to_owned()));
    let drop = |quantity: u32| json!({ "type": "drop_item", "item": "hard bread", "quantity": quantity });
    assert_eq!(game.act(0, &drop(3)), Err("not_so_many".to_owned()));
    assert_eq!(game.act(0, &drop(0)), Err("not_so_many".to_owned()));
    game.must(0, &drop(2));
    assert_eq!(game.view().character.inventory.items.keys().collect::<Vec<_>>(), ["silver whistle"]);
}

#[test]
fn what_is_carried_decides_what_is_open() {
    let mut game = solo();
    game.walk(&["quay", "lamp", "customs", "out"]);
    assert_eq!(game.choose(0, "lamp"), Err("choice_closed".to_owned()), "the whistle is taken");
    game.must(0, &json!({ "type": "drop_item", "item": "silver whistle" }));
    assert!(game.choose(0, "lamp").is_ok());
}
