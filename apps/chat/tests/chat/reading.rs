//! How far people have read, and what a big room costs.

use crate::common::{Desk, value};
use parlour_chat::{READ_MEMBERS, TYPING_MEMBERS};
use parlour_room::table::Played;
use parlour_room::{AnyTable, Audience, Joining, Rejected, Seat, Source, Stamp, Viewer};
use serde_json::{Value, json};

fn read(up_to: u64) -> Value {
    json!({"type": "read", "up_to": up_to})
}

/// The seats that were told something for their eyes alone.
fn privately(played: &Played) -> Vec<Seat> {
    played.told.iter().filter_map(|told| told.seat).collect()
}

#[test]
fn members_of_a_small_room_are_told_how_far_each_has_read_and_nobody_else() {
    let mut desk = Desk::of(&["ada", "bob"]);
    let last = desk.says("ada", "hi");
    assert_eq!(desk.tells("bob", read(last)), [] as [Value; 0], "nothing public, so nothing in the history");
    let played = desk.played.as_ref().unwrap();
    assert_eq!(privately(played), [Seat(0), Seat(1)]);
    assert_eq!(value(played.told[0].body.get()), json!({"type": "read", "user": "bob", "up_to": last}));
    assert_eq!(desk.view("ada")["read"], json!([{"user": "bob", "up_to": last}]));
    assert_eq!((&desk.view("nobody")["read"], &desk.view("nobody")["you"]), (&json!([]), &json!(null)));
    assert_eq!(desk.view("bob")["you"]["read_up_to"], last);
}

#[test]
fn a_mark_goes_forward_only_and_to_what_was_said() {
    let mut desk = Desk::of(&["ada"]);
    assert_eq!(desk.refused("ada", read(1)), "no_such_message");
    let first = desk.says("ada", "one");
    let second = desk.says("ada", "two");
    desk.tells("ada", read(second));
    desk.tells("ada", read(first));
    assert_eq!(privately(desk.played.as_ref().unwrap()), [], "nothing new");
    assert_eq!(desk.view("ada")["you"]["read_up_to"], second);
    assert_eq!(desk.refused("ada", read(second + 1)), "no_such_message");
    desk.goes("ada");
    desk.comes("ada");
    assert_eq!(desk.view("ada")["you"]["read_up_to"], 0, "a membership that ended has no mark");
}

#[test]
fn in_a_crowd_and_where_marks_are_ones_own_only_oneself_is_told() {
    let mut own = Desk::with(&json!({"read_marks": "own"}));
    let mut crowd = Desk::new();
    ["ada", "bob"].iter().for_each(|user| {
        own.comes(user);
    });
    (0..=READ_MEMBERS).for_each(|n| {
        crowd.comes(&format!("u{n}"));
    });
    for (desk, user) in [(&mut own, "bob"), (&mut crowd, "u1")] {
        let last = desk.says(user, "hi");
        desk.tells(user, read(last));
        assert_eq!(privately(desk.played.as_ref().unwrap()), [Seat(1)]);
        let (me, other) = (desk.view(user), desk.view(if user == "bob" { "ada" } else { "u0" }));
        assert_eq!((&me["you"]["read_up_to"], &me["read"], &other["read"]), (&json!(last), &json!([]), &json!([])));
    }
}

#[test]
fn typing_is_signed_by_the_server_ends_by_itself_and_is_shown_to_nobody_in_a_crowd() {
    let mut desk = Desk::with(&json!({"typing_ms": 700}));
    ["ada", "bob"].iter().for_each(|user| {
        desk.comes(user);
    });
    let typing = r#"{"type":"typing","is_typing":true,"from":"mallory"}"#;
    let table: &dyn AnyTable = &desk.table;
    let shown = table.pulse(Source::Member(Seat(1)), typing).unwrap().unwrap();
    let signed = json!({"type": "typing", "is_typing": true, "from": "bob", "from_name": "bob"});
    assert_eq!((value(&shown.body), &shown.audience), (signed, &Audience::Everybody));
    let (after_ms, last) = shown.fades.unwrap();
    assert_eq!((after_ms, value(&last)["is_typing"].clone()), (700, json!(false)));
    let stopped = table.pulse(Source::Member(Seat(1)), &last).unwrap().unwrap();
    assert_eq!((&value(&stopped.body)["from"], stopped.fades), (&json!("bob"), None));
    desk.tells("ada", json!({"type": "mute", "user": "bob", "seconds": 5}));
    let table: &dyn AnyTable = &desk.table;
    assert!(table.pulse(Source::Member(Seat(1)), typing).unwrap().is_none());
    for n in 0..TYPING_MEMBERS {
        desk.comes(&format!("u{n}"));
    }
    let table: &dyn AnyTable = &desk.table;
    let shown = table.pulse(Source::Member(Seat(0)), typing).unwrap().unwrap();
    assert!(!shown.audience.includes(Viewer::Seat(Seat(2))));
}

#[test]
fn in_a_big_room_a_join_a_message_and_a_view_are_as_small_as_in_a_small_one() {
    let mut desk = Desk::with(&json!({"members": 1_000}));
    (0..10).for_each(|n| {
        desk.comes(&format!("u{n:05}"));
    });
    let weigh = |desk: &mut Desk, user: &str| {
        desk.comes(user);
        let joined = desk.played.as_ref().unwrap();
        let joined = (joined.told.len(), joined.record.input.len());
        desk.says(user, "hello");
        let said = desk.played.as_ref().unwrap();
        (joined, said.told.len(), said.record.input.len(), desk.view(user).to_string().len())
    };
    let few = weigh(&mut desk, "u00010");
    (11..999).for_each(|n| {
        desk.comes(&format!("u{n:05}"));
    });
    let many = weigh(&mut desk, "u00999");
    assert_eq!((few.0.0, few.1), (0, 1));
    assert_eq!((many.0.0, many.1), (0, 1));
    // Numbers are longer, nothing else.
    assert!(many.0.1 <= few.0.1 + 8 && many.2 <= few.2 + 8 && many.3 <= few.3 + 8, "{few:?} {many:?}");
    let joining = Joining { who: Desk::who("one more"), bot: None, seat: None, nonce: None };
    assert!(matches!(desk.table.join(Stamp { at_ms: 0, ts_ms: 0 }, joining), Err(Rejected::Full)));
}
