//! Members who lose the connection.

use crate::common::{Desk, public};
use parlour_room::{Joining, Rejected, Stamp};
use serde_json::{Value, json};

const NOBODY: [&str; 0] = [];
const NOTHING: [Value; 0] = [];

fn changed(user: &str, role: &str) -> Value {
    json!({"type": "role_changed", "user": user, "role": role})
}

/// A room whose members may be away for a second.
fn desk(config: &Value, users: &[&str]) -> Desk {
    let mut desk = Desk::with(config);
    for user in users {
        desk.comes(user);
        desk.now_ms += 1;
    }
    desk
}

fn why_gone(desk: &Desk) -> Vec<(&str, &str)> {
    desk.played.as_ref().expect("something happened").removed.iter().map(|removed| (&*removed.user, &*removed.reason)).collect()
}

#[test]
fn who_comes_back_in_time_was_never_gone_and_who_does_not_is_a_member_no_more() {
    let mut desk = desk(&json!({"away_ms": 1_000}), &["ada", "bob", "guest-1"]);
    for user in ["bob", "guest-1"] {
        desk.is_here(user, false);
        assert_eq!(desk.passes(999), NOTHING);
        desk.is_here(user, true);
        desk.passes(10_000);
        assert_eq!(desk.members(), ["ada", "bob", "guest-1"]);
    }
    // Each for themselves, in the order in which they went.
    desk.is_here("guest-1", false);
    desk.passes(300);
    desk.is_here("bob", false);
    desk.passes(300);
    desk.is_here("guest-1", true);
    desk.passes(300);
    desk.is_here("guest-1", false);
    desk.passes(399);
    assert_eq!(desk.members(), ["ada", "bob", "guest-1"]);
    desk.passes(1);
    assert_eq!((desk.members(), why_gone(&desk)), (vec!["ada", "guest-1"], vec![("bob", "away")]));
    desk.passes(600);
    assert_eq!((desk.members(), why_gone(&desk)), (vec!["ada"], vec![("guest-1", "away")]));
    assert_eq!((desk.view("ada")["members"].clone(), desk.table.due_ms()), (json!(1), None));
}

#[test]
fn a_small_room_that_guests_have_visited_has_its_seats_again() {
    let mut desk = desk(&json!({"away_ms": 1_000, "members": 2}), &["guest-1", "guest-2"]);
    for n in 3..50 {
        let user = format!("guest-{n}");
        let stamp = Stamp { at_ms: desk.now_ms, ts_ms: desk.now_ms };
        let joining = Joining { who: Desk::who(&user), bot: None, seat: None, nonce: None };
        assert!(matches!(desk.table.join(stamp, joining), Err(Rejected::Full)));
        desk.is_here(&format!("guest-{}", n - 1), false);
        desk.passes(1_000);
        desk.comes(&user);
    }
    assert_eq!(desk.members(), ["guest-1", "guest-49"]);
}

#[test]
fn who_goes_while_away_is_waited_for_no_more() {
    let mut desk = desk(&json!({"away_ms": 1_000}), &["ada", "bob", "cyn"]);
    desk.is_here("bob", false);
    desk.is_here("cyn", false);
    desk.tells("ada", json!({"type": "kick", "user": "bob"}));
    desk.goes("cyn");
    assert_eq!(desk.table.due_ms(), None);
    desk.comes("bob");
    assert_eq!(desk.passes(10_000), NOTHING);
    assert_eq!(desk.members(), ["ada", "bob"]);
}

#[test]
fn a_guest_owns_a_room_and_is_anything_in_it_for_as_long_as_they_are_a_member() {
    let mut desk = desk(&json!({"away_ms": 1_000}), &["guest-1", "guest-2", "bob", "cyn"]);
    desk.tells("guest-1", json!({"type": "set_role", "user": "guest-2", "role": "moderator"}));
    desk.is_here("guest-2", false);
    assert_eq!(desk.passes(1_000), [changed("guest-2", "member")]);
    // Who is away is passed over, whatever name they have.
    desk.is_here("bob", false);
    desk.now_ms += 1;
    desk.is_here("guest-1", false);
    desk.now_ms += 998;
    desk.is_here("bob", true);
    desk.is_here("bob", false);
    assert_eq!(desk.passes(2), [changed("guest-1", "member"), changed("cyn", "owner")]);
    // Nobody is here: who comes back first owns the room.
    desk.is_here("cyn", false);
    desk.passes(1);
    desk.goes("cyn");
    assert_eq!(public(desk.played.as_ref().unwrap()), [changed("cyn", "member")]);
    assert_eq!(desk.is_here("bob", true), [changed("bob", "owner")]);
}

#[test]
fn who_has_a_name_owns_a_room_and_has_read_what_they_have_read_however_long_they_are_away() {
    let mut desk = desk(&json!({"away_ms": 1_000}), &["ada", "bob", "guest-1"]);
    let last = desk.says("bob", "hello");
    for user in ["ada", "guest-1"] {
        desk.tells(user, json!({"type": "read", "up_to": last}));
        desk.is_here(user, false);
    }
    assert_eq!(desk.passes(1_000), NOTHING);
    assert_eq!((desk.members(), desk.owners()), (vec!["bob"], vec!["ada".to_owned()]));
    assert_eq!(desk.view("bob")["read"], json!([]), "only of members");
    for user in ["ada", "guest-1"] {
        desk.comes(user);
    }
    assert_eq!(desk.owners(), ["ada"]);
    assert_eq!(desk.view("ada")["you"]["read_up_to"], last);
    assert_eq!(desk.view("guest-1")["you"]["read_up_to"], 0);
    // Leaving is another thing.
    desk.goes("ada");
    assert_eq!(public(desk.played.as_ref().unwrap()), [changed("ada", "member"), changed("bob", "owner")]);
    desk.comes("ada");
    assert_eq!(desk.view("ada")["you"]["read_up_to"], 0);
}

#[test]
fn a_whole_crowd_that_is_away_goes_at_once() {
    let users: Vec<String> = (0..2_000).map(|n| format!("guest-{n}")).collect();
    let mut desk = Desk::with(&json!({"away_ms": 1_000}));
    users.iter().for_each(|user| {
        desk.comes(user);
    });
    users.iter().for_each(|user| {
        desk.is_here(user, false);
    });
    desk.passes(999);
    assert_eq!(desk.members().len(), users.len());
    let told = desk.passes(1);
    assert_eq!((desk.members(), desk.owners().len(), told), (NOBODY.to_vec(), 0, vec![changed("guest-0", "member")]));
    assert_eq!(desk.played.as_ref().unwrap().removed.len(), users.len(), "by one record");
}

#[test]
fn what_was_said_meanwhile_is_not_missed_by_who_had_the_seat_and_was_told_something_in_private_while_away() {
    use parlour_room::Viewer;
    use parlour_room::stream::Missed;
    for seat_is_taken in [false, true] {
        let mut desk = desk(&json!({"away_ms": 1_000}), &["ada", "bob", "cyn"]);
        let first = desk.says("ada", "one");
        desk.tells("cyn", json!({"type": "read", "up_to": first}));
        let at = desk.table.position(Viewer::Seat(desk.table.about().members["bob"].seat));
        desk.is_here("bob", false);
        let second = desk.says("ada", "two");
        desk.tells("cyn", json!({"type": "read", "up_to": second}));
        desk.passes(1_000);
        if seat_is_taken {
            desk.comes("dan");
        }
        let seat = desk.comes("bob");
        let about = desk.table.about();
        let since = about.members["bob"].since_order;
        let missed = about.streams.missed(Viewer::Seat(seat), since, at.n, at.m);
        let Missed::Public(events) = missed else { panic!("{missed:?}") };
        let told: Vec<Value> = events.iter().map(|told| crate::common::value(told.body.get())).collect();
        assert_eq!(told.iter().map(|told| told["content"].clone()).collect::<Vec<_>>(), ["two"], "{seat_is_taken}");
    }
}
