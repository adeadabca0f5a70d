//! Who is here, in a room that is told: a record when the last connection of a member has been gone for a while, and one when
//! they are back. A reconnect in between is none, and neither is a restart of the server.

use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_room::Cause;
use parlour_sim::desk::Desk;
use serde_json::json;

fn join(desk: &mut Desk, conn: ConnId, wanted: &str) {
    let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a", "as": wanted}}));
    assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
}

fn comes(desk: &mut Desk, user: &str) -> ConnId {
    let conn = desk.connects(user);
    join(desk, conn, "player");
    conn
}

/// A desk with a lounge in which Ada sits.
fn desk() -> (Desk, ConnId) {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "a"}}));
    join(&mut desk, ada, "player");
    (desk, ada)
}

/// Every presence record, in order.
fn noted(desk: &Desk) -> Vec<String> {
    let records = desk.disk.life("a").expect("it was opened").records;
    records.into_iter().filter(|record| record.cause == Cause::Present).map(|record| record.input).collect()
}

fn note(user: &str, here: bool) -> String {
    format!(r#"{{"user":"{user}","here":{here}}}"#)
}

fn away_ms() -> u64 {
    Limits::default().away_ms
}

#[test]
fn who_stays_away_is_noted_once_and_so_is_their_return() {
    let (mut desk, ada) = desk();
    desk.hangs_up(ada);
    desk.passes(away_ms() - 1);
    assert!(noted(&desk).is_empty());
    desk.passes(1);
    assert_eq!(noted(&desk), [note("ada", false)]);
    desk.passes(10 * away_ms());
    comes(&mut desk, "ada");
    comes(&mut desk, "ada");
    assert_eq!(noted(&desk), [note("ada", false), note("ada", true)]);
}

#[test]
fn a_reconnect_within_the_time_is_no_record_and_begins_it_anew() {
    let (mut desk, mut ada) = desk();
    for _ in 0..5 {
        desk.hangs_up(ada);
        desk.passes(away_ms() - 1);
        ada = comes(&mut desk, "ada");
        desk.passes(2);
    }
    assert!(noted(&desk).is_empty());
}

#[test]
fn another_connection_keeps_a_member_here_but_not_one_that_only_watches() {
    let (mut desk, ada) = desk();
    let phone = comes(&mut desk, "ada");
    desk.hangs_up(ada);
    desk.passes(2 * away_ms());
    assert!(noted(&desk).is_empty());
    join(&mut desk, phone, "spectator");
    desk.passes(2 * away_ms());
    assert_eq!(noted(&desk), [note("ada", false)]);
}

#[test]
fn whoever_stops_following_is_away_though_connected() {
    let (mut desk, ada) = desk();
    desk.asks(ada, &json!({"type": "unsubscribe", "ref": "u", "room": "a", "payload": {"room_id": "a"}}));
    desk.passes(away_ms());
    assert_eq!(noted(&desk), [note("ada", false)]);
}

/// What the journal says after a crash is what it said before: all are here. Who comes back in time never was away.
#[test]
fn after_a_crash_only_those_are_away_who_do_not_come_back_in_time() {
    let (mut desk, _) = desk();
    comes(&mut desk, "bob");
    desk.restarts(parlour_sim::kinds());
    desk.passes(10 * away_ms());
    assert!(noted(&desk).is_empty(), "nobody has asked for the room");
    comes(&mut desk, "ada");
    desk.passes(away_ms());
    assert_eq!(noted(&desk), [note("bob", false)]);
    desk.restarts(parlour_sim::kinds());
    comes(&mut desk, "bob");
    desk.passes(away_ms());
    assert_eq!(noted(&desk), [note("bob", false), note("bob", true), note("ada", false)]);
}

#[test]
fn who_has_left_is_not_said_to_be_away() {
    let (mut desk, ada) = desk();
    let bob = comes(&mut desk, "bob");
    desk.asks(bob, &json!({"type": "leave_room", "ref": "l", "payload": {"room_id": "a"}}));
    desk.hangs_up(bob);
    desk.passes(2 * away_ms());
    assert!(noted(&desk).is_empty());
    desk.hangs_up(ada);
    desk.passes(2 * away_ms());
    assert_eq!(noted(&desk), [note("ada", false)]);
}
