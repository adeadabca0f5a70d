//! Saying something, changing it, taking it back.

use crate::common::{Desk, value};
use parlour_chat::{CONTENT_BYTES, EDITS, MESSAGES};
use serde_json::json;

#[test]
fn a_message_is_named_by_the_number_of_its_event_and_signed_by_the_server() {
    let mut desk = Desk::of(&["ada", "bob"]);
    let told = desk.tells("bob", json!({"type": "chat", "content": " hi\n👩\u{200d}🚀 "}));
    let played = desk.played.as_ref().unwrap();
    let number = played.told[0].number;
    let expected = json!({"type": "chat", "message": number, "from": "bob", "from_name": "bob", "content": " hi\n👩\u{200d}🚀 "});
    assert_eq!(told, [expected]);
    let told = desk.tells("ada", json!({"type": "chat", "content": "yes", "reply_to": number}));
    assert_eq!((&told[0]["reply_to"], &told[0]["message"]), (&json!(number), &json!(number + 1)));
    assert_eq!((&desk.view("ada")["messages"], &desk.view("ada")["last"]), (&json!(2), &json!(number + 1)));
}

#[test]
fn nobody_can_sign_for_somebody_else_or_send_what_is_no_message() {
    let mut desk = Desk::of(&["ada"]);
    for odd in [
        json!({"type": "chat", "content": "x", "from": "bob"}),
        json!({"type": "chat", "content": 7}),
        json!({"type": "chat"}),
        json!({"type": "chat", "content": "x", "reply_to": -1}),
    ] {
        assert_eq!(desk.refused("ada", odd), "Invalid");
    }
    assert_eq!(desk.refused("ada", json!({"type": "chat", "content": " \n"})), "empty");
    assert_eq!(desk.refused("ada", json!({"type": "chat", "content": "a\u{7}"})), "control_character");
    let why = desk.does("ada", json!({"type": "chat", "content": "x".repeat(CONTENT_BYTES + 1)})).unwrap_err();
    assert_eq!(why, json!({"code": "too_long", "bytes": CONTENT_BYTES}));
    assert_eq!(desk.refused("ada", json!({"type": "chat", "content": "x", "reply_to": 99})), "no_such_message");
}

#[test]
fn who_catches_up_after_a_change_is_told_the_message_as_it_is_now() {
    let mut desk = Desk::of(&["ada", "bob"]);
    let first = desk.says("bob", "frist");
    let told = desk.tells("bob", json!({"type": "edit", "message": first, "content": "first"}));
    assert_eq!(told, [json!({"type": "edited", "message": first, "by": "bob", "content": "first"})]);
    let missed = desk.missed(first - 1);
    assert_eq!(
        (&missed[0]["content"], &missed[0]["edited"], &missed[0]["message"]),
        (&json!("first"), &json!(true), &json!(first))
    );
    assert_eq!(missed[1]["type"], "edited");
    assert_eq!(desk.refused("ada", json!({"type": "edit", "message": first, "content": "x"})), "not_yours");
}

#[test]
fn nothing_of_a_message_that_was_taken_back_is_told_to_who_comes_later_or_kept_in_the_history() {
    let mut desk = Desk::of(&["ada", "bob"]);
    let number = desk.says("bob", "a secret");
    desk.tells("bob", json!({"type": "edit", "message": number, "content": "a secret, still"}));
    let other = desk.says("ada", "what?");
    let told = desk.tells("bob", json!({"type": "delete", "message": number}));
    let gone = json!({"type": "deleted", "message": number, "by": "bob"});
    assert_eq!(told, std::slice::from_ref(&gone));
    let missed = desk.missed(number - 1);
    assert_eq!((&missed[0], &missed[1], &missed[2]["message"], &missed[3]), (&gone, &gone, &json!(other), &gone));
    assert!(!serde_json::to_string(&missed).unwrap().contains("secret"));
    let replaced = &desk.played.as_ref().unwrap().replaced;
    let bodies: Vec<_> = replaced.iter().map(|(n, body)| (*n, value(body.get()))).collect();
    assert_eq!(bodies, [(number + 1, gone.clone()), (number, gone)]);
    let snapshot = desk.table.snapshot();
    assert!(!snapshot.contains("a secret"), "{snapshot}");
    for again in [json!({"type": "delete", "message": number}), json!({"type": "chat", "content": "x", "reply_to": number})] {
        assert_eq!(desk.refused("bob", again), "was_deleted");
    }
}

#[test]
fn only_the_last_messages_can_be_touched_and_each_so_often() {
    let mut desk = Desk::of(&["ada"]);
    let first = desk.says("ada", "first");
    let second = desk.says("ada", "second");
    for time in 0..EDITS {
        desk.tells("ada", json!({"type": "edit", "message": second, "content": format!("{time}")}));
    }
    assert_eq!(desk.refused("ada", json!({"type": "edit", "message": second, "content": "x"})), "too_many_edits");
    for _ in 0..MESSAGES - 1 {
        desk.says("ada", "more");
    }
    assert_eq!(desk.refused("ada", json!({"type": "delete", "message": first})), "too_old");
    let of_a_change = json!({"type": "delete", "message": second + 1});
    assert_eq!(desk.refused("ada", of_a_change), "no_such_message");
    desk.tells("ada", json!({"type": "delete", "message": second}));
    assert_eq!(desk.view("ada")["oldest"], second);
}
