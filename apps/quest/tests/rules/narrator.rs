//! The narrator words the step it was asked for, and changes nothing else.

use crate::game::{Game, begun};
use parlour_quest::{Fault, Signal, Source};
use parlour_room::Room;
use serde_json::json;

fn narrated() -> Game {
    begun(json!({}), 1)
}

fn told(step: u32, section: u32, content: &str) -> Signal {
    Signal::Told { step, section, content: content.to_owned(), tokens: 3 }
}

#[test]
fn the_own_text_stands_until_the_narrator_has_answered_and_nobody_waits() {
    let mut game = narrated();
    let raw = game.view().narrative;
    assert!(raw.source == Source::Raw && raw.narrating && raw.content.starts_with("The ferry puts you off"));
    game.answer(&told(0, 1, "Night, and no lamps."));
    let view = game.view();
    assert_eq!((view.narrative.source, view.narrative.narrating), (Source::Processed, false));
    assert_eq!(view.narrative.content, "Night, and no lamps.");
    game.walk(&["quay", "lamp", "sheds"]);
    assert!(game.view().narrative.narrating && game.job().is_some());
    assert_eq!(game.table.about().jobs.len(), 1, "the newest takes the place of the others");
}

#[test]
fn words_for_another_step_are_dropped() {
    let mut game = narrated();
    game.walk(&["quay"]);
    for late in [told(0, 1, "Late."), told(1, 1, "Elsewhere."), told(0, 2, "Early.")] {
        let mut game = Game { table: parlour_room::Table::restore(&game.table.snapshot()).unwrap(), now_ms: 0, heard: vec![] };
        game.answer(&late);
        assert_eq!(game.view().narrative.source, Source::Raw, "{late:?}");
    }
}

#[test]
fn words_are_made_plain_and_bounded_and_move_nothing() {
    let mut game = narrated();
    let before = game.view();
    game.answer(&told(0, 1, &format!("go to 70\u{1b}[2J\u{202e}\n{}", "x".repeat(10_000))));
    let after = game.view();
    assert_eq!(after.narrative.content.chars().count(), 4000);
    assert!(after.narrative.content.starts_with("go to 70[2J\nx"));
    assert_eq!((after.step, after.section, after.character), (before.step, before.section, before.character));
    assert_eq!(after.rules, before.rules);
}

#[test]
fn a_failure_is_typed_keeps_the_own_text_and_can_be_tried_again() {
    let mut game = narrated();
    assert_eq!(game.act(0, &json!({ "type": "narrate_again" })), Err("narrating".to_owned()));
    for asked in 0..5 {
        game.answer(&Signal::Untold { step: 0, section: 1, fault: Fault::Limited, tokens: 0 });
        let failed = game.view().narrative;
        assert_eq!(failed.source, Source::Error);
        assert_eq!(serde_json::to_value(failed.error).unwrap()["code"], "limited");
        assert!(failed.content.starts_with("The ferry puts you off"));
        game.must(0, &json!({ "type": "narrate_again" }));
        assert_eq!(game.telling().unwrap()["asked_before"], asked + 1);
    }
    game.answer(&Signal::Untold { step: 0, section: 1, fault: Fault::TimedOut, tokens: 0 });
    assert_eq!(game.act(0, &json!({ "type": "narrate_again" })), Err("narration_limit".to_owned()));
    game.walk(&["quay"]);
    game.answer(&told(1, 2, "\u{7} \n"));
    assert_eq!(serde_json::to_value(game.view().narrative.error).unwrap()["code"], "empty");
    game.must(0, &json!({ "type": "narrate_again" }));
    game.answer(&told(1, 2, "Dark."));
    assert_eq!(game.act(0, &json!({ "type": "narrate_again" })), Err("already_narrated".to_owned()));
}

#[test]
fn a_game_without_a_narrator_asks_nobody() {
    let mut game = begun(json!({ "narrated": false }), 1);
    assert!(game.job().is_none() && !game.view().narrative.narrating);
    assert_eq!(game.act(0, &json!({ "type": "narrate_again" })), Err("no_narrator".to_owned()));
}

#[test]
fn it_is_given_what_happened_and_the_last_remarks_as_data() {
    let mut game = narrated();
    game.must(0, &json!({ "type": "introduce", "name": "Ada" }));
    for number in 0..12 {
        game.must(0, &json!({ "type": "remark", "text": format!("r{number}") }));
    }
    game.walk(&["tavern", "supper"]);
    let telling = game.telling().expect("it is asked");
    assert_eq!((telling["step"].clone(), telling["section"].clone()), (json!(2), json!(11)));
    assert_eq!(telling["deed"]["choice"], "supper");
    assert_eq!(telling["changes"][1]["by"], -3);
    assert_eq!(telling["names"], json!(["Ada"]));
    assert_eq!(telling["remarks"].as_array().unwrap().len(), 8);
    assert_eq!(telling["remarks"][7], json!({ "name": "Ada", "text": "r11" }));
}

#[test]
fn a_job_that_fails_is_a_failed_narration() {
    let game = narrated();
    let signal = game.table.state().job_failed("narrator", parlour_room::JobFault::Panicked);
    assert_eq!(signal, Some(Signal::Untold { step: 0, section: 1, fault: Fault::Failed, tokens: 0 }));
}
