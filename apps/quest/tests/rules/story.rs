//! Choosing, rolling, ending, beginning anew.

use crate::game::{open, solo};
use parlour_quest::{ActionType, Awaiting, Event, NextAction};
use serde_json::json;

#[test]
fn a_choice_of_the_section_moves_the_story_and_counts_a_step() {
    let mut game = solo();
    let heard = game.choose(0, "tavern").unwrap();
    assert!(matches!(&heard[0], Event::Chosen { section: 1, step: 0, choice, .. } if choice == "tavern"), "{heard:?}");
    assert!(matches!(&heard[1], Event::SectionChanged { from: 1, to: 4, step: 1, .. }), "{heard:?}");
    let view = game.view();
    assert_eq!((view.section.number, view.step, view.trace.section), (4, 1, 4));
    assert_eq!(view.decision.last.expect("a deed").choice.as_deref(), Some("tavern"));
}

#[test]
fn what_was_meant_for_another_section_or_step_moves_nothing() {
    let mut game = solo();
    let choose = |section: u32, step: u32| json!({ "type": "choose", "section": section, "step": step, "choice": "quay" });
    assert_eq!(game.act(0, &choose(2, 0)), Err("stale_section".to_owned()));
    assert_eq!(game.act(0, &choose(1, 1)), Err("stale_section".to_owned()));
    game.must(0, &choose(1, 0));
    assert_eq!(game.act(0, &choose(1, 0)), Err("stale_section".to_owned()), "the same once more");
    assert_eq!(game.act(0, &json!({ "type": "roll", "section": 1 })), Err("stale_section".to_owned()));
    assert_eq!((game.section(), game.view().step), (2, 1));
}

#[test]
fn a_choice_that_is_not_there_or_not_open_is_refused() {
    let mut game = solo();
    assert_eq!(game.choose(0, "fly"), Err("no_such_choice".to_owned()));
    assert_eq!(game.choose(0, "67"), Err("no_such_choice".to_owned()), "a section is no choice");
    game.walk(&["tavern", "leave", "talk"]);
    assert_eq!(game.choose(0, "seal"), Err("choice_closed".to_owned()));
    let open: Vec<bool> = game.view().rules.choices.iter().map(|choice| choice.open).collect();
    assert_eq!(open, [true, false, true]);
    game.walk(&["hire"]);
    assert_eq!(game.view().character.inventory.gold, 4);
}

#[test]
fn where_dice_decide_they_are_rolled_by_the_server_and_lead_where_the_table_says() {
    let mut targets = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let mut game = open(&json!({ "narrated": false }), seed).unwrap();
        game.join(0);
        game.walk(&["tavern", "dice"]);
        let rules = game.view().rules;
        assert!(rules.needs_dice && rules.next_action == Some(NextAction::Dice) && !rules.needs_response);
        assert_eq!(game.choose(0, "throw"), Err("roll_needed".to_owned()));
        let heard = game.must(0, &json!({ "type": "roll", "section": 10, "step": 2 }));
        let Event::Rolled { dice, total, target, .. } = &heard[0] else { panic!("{heard:?}") };
        assert!(dice.iter().all(|die| (1..=6).contains(die)) && dice[0] + dice[1] == *total);
        let wanted = match total {
            2..=5 => 15,
            6..=9 => 16,
            _ => 17,
        };
        assert_eq!((*target, game.section()), (wanted, wanted));
        let view = game.view();
        let rolled = view.trace.history.iter().find(|entry| entry.action_type == ActionType::DiceRoll).expect("it is traced");
        assert_eq!((rolled.section, rolled.details.roll_result, rolled.details.dice), (10, Some(*total), Some(*dice)));
        targets.insert(*target);
    }
    assert_eq!(targets.len(), 3, "every line of the table");
}

#[test]
fn nothing_is_rolled_where_no_dice_decide() {
    assert_eq!(solo().act(0, &json!({ "type": "roll", "section": 1 })), Err("choice_needed".to_owned()));
}

#[test]
fn a_table_with_conditions_is_for_who_meets_them() {
    let mut game = solo();
    game.walk(&["customs", "notices", "sheds", "talk", "causeway", "go"]);
    assert_eq!(game.section(), 31);
    let roll = |choice: &str| json!({ "type": "roll", "section": 31, "choice": choice });
    assert_eq!(game.act(0, &roll("swim")), Err("no_such_choice".to_owned()));
    game.must(0, &json!({ "type": "drop_item", "item": "tide table" }));
    assert_eq!(game.act(0, &roll("table")), Err("choice_closed".to_owned()));
    let heard = game.must(0, &json!({ "type": "roll", "section": 31 }));
    assert!(matches!(&heard[0], Event::Rolled { choice, .. } if choice == "feel"), "the first one open: {heard:?}");
}

#[test]
fn an_ending_ends_the_story_and_it_can_begin_anew() {
    let mut game = solo();
    game.table = to_an_ending();
    let view = game.view();
    let ending = view.ending.expect("it has ended");
    assert!(view.over && !view.stopped && view.decision.awaiting == Awaiting::Nothing && game.legal(0).is_empty());
    assert!(view.rules.choices.is_empty() && view.rules.next_action.is_none());
    assert_eq!(game.choose(0, "quay"), Err("game_over".to_owned()));
    assert_eq!(game.act(0, &json!({ "type": "use_item", "item": "hard bread" })), Err("game_over".to_owned()));
    game.must(0, &json!({ "type": "remark", "text": "Once more" }));
    let heard = game.must(0, &json!({ "type": "restart" }));
    assert!(matches!(&heard[0], Event::Restarted { .. }) && matches!(&heard[1], Event::SectionChanged { to: 1, .. }));
    let after = game.view();
    assert!(!after.over && after.ending.is_none() && after.step == view.step + 1);
    assert_eq!((after.section.number, after.character.inventory.gold, after.character.inventory.carried), (1, 12, 2));
    assert!(after.character.flags.is_empty(), "after {}", ending.title);
    game.must(0, &json!({ "type": "stop" }));
    assert_eq!(game.ended().expect("closed").outcome, "stopped");
    assert_eq!(game.act(0, &json!({ "type": "restart" })), Err("ended".to_owned()));
}

/// A story that took the first thing that was legal until it ended.
fn to_an_ending() -> parlour_room::Table<parlour_quest::Quest> {
    for seed in 0..50 {
        let mut game = open(&json!({ "narrated": false }), seed).expect("it works");
        game.join(0);
        for _ in 0..200 {
            let legal = game.legal(0);
            let Some(action) = legal.last() else { return game.table };
            game.must(0, &serde_json::to_value(action).expect("it works"));
        }
    }
    panic!("no story ended");
}

#[test]
fn the_trace_holds_the_last_two_hundred_entries() {
    let mut game = solo();
    for number in 0..250 {
        game.must(0, &json!({ "type": "remark", "text": format!("remark {number}") }));
    }
    let view = game.view();
    assert_eq!(view.trace.history.len(), 200);
    assert_eq!(view.trace.history[199].details.input.as_deref(), Some("remark"), "not what was said");
    assert_eq!((view.party.remarks.len(), &*view.party.remarks[19].text), (20, "remark 249"));
    assert_eq!((game.section(), view.step), (1, 0), "remarks move nothing");
    assert!(serde_json::to_string(&view).unwrap().len() < 64 * 1024);
}

#[test]
fn texts_of_strangers_are_bounded_and_plain() {
    let mut game = solo();
    let remark = |text: &str| json!({ "type": "remark", "text": text });
    assert_eq!(game.act(0, &remark(" \n\t")), Err("blank_text".to_owned()));
    assert_eq!(game.act(0, &remark(&"é".repeat(281))), Err("text_too_long".to_owned()));
    game.must(0, &remark(&"é".repeat(280)));
    assert_eq!(game.act(0, &remark(&"🏮".repeat(211))), Err("text_too_long".to_owned()), "844 bytes");
    assert_eq!(game.act(0, &json!({ "type": "introduce", "name": "🏮".repeat(38) })), Err("text_too_long".to_owned()));
    game.must(0, &remark("a\u{202e}b\u{7}c\nd"));
    assert_eq!(game.view().party.remarks[1].text, "a b c d");
    assert_eq!(game.act(0, &json!({ "type": "introduce", "name": "x".repeat(51) })), Err("text_too_long".to_owned()));
    game.must(0, &json!({ "type": "introduce", "name": "Ada" }));
    assert_eq!(game.view().party.members[0].name, "Ada");
}

#[test]
fn what_a_configuration_may_not_say_is_refused() {
    let refused = [
        (json!({ "seats": 2 }), "bad_seats"),
        (json!({ "party": "vote", "seats": 9 }), "bad_seats"),
        (json!({ "party": "vote", "seats": 0 }), "bad_seats"),
        (json!({ "vote_seconds": 0 }), "bad_seconds"),
        (json!({ "turn_seconds": 3601 }), "bad_seconds"),
        (json!({ "hero": "" }), "blank_text"),
        (json!({ "hero": "x".repeat(51) }), "text_too_long"),
    ];
    for (config, code) in refused {
        assert_eq!(open(&config, 1).err().as_deref(), Some(code), "{config}");
    }
    assert!(open(&json!({ "party": "anarchy" }), 1).is_err());
    assert!(open(&json!({ "unknown": 1 }), 1).is_err());
}
