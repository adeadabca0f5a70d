//! Rooms with many members: who comes and goes is told as a number, merged, and names are read by the page.

use parlour_engine::io::{Call, ConnId, Reply};
use parlour_engine::limits::Limits;
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

const NAMED: usize = 4;
const PRESENCE_MS: u64 = 1_000;

fn comes(desk: &mut Desk, user: &str, wanted: &str) -> ConnId {
    let conn = desk.connects(user);
    let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a", "as": wanted}}));
    assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
    conn
}

/// A desk with a lounge in which Ada sits.
fn desk() -> (Desk, ConnId) {
    let limits = Limits { named_members: NAMED, presence_ms: PRESENCE_MS, ..Limits::default() };
    let mut desk = Desk::with_limits(parlour_sim::kinds(), limits);
    let ada = desk.connects("ada");
    desk.asks(
        ada,
        &json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "a", "config": {"max": 100}}}),
    );
    let heard = desk.asks(ada, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a"}}));
    assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
    desk.passes(2 * PRESENCE_MS);
    desk.hears(ada);
    (desk, ada)
}

fn presence(heard: &[Value]) -> Vec<(String, Value)> {
    let kinds = ["user_joined", "user_left", "room_update"];
    let told = heard.iter().filter(|said| kinds.iter().any(|kind| said["type"] == *kind));
    told.map(|said| (said["type"].as_str().unwrap_or_default().to_owned(), said["payload"].clone())).collect()
}

#[test]
fn a_few_are_told_of_each_other_by_name_at_once() {
    let (mut desk, ada) = desk();
    let bob = comes(&mut desk, "bob", "player");
    let of_bob = json!({"room_id": "a", "user_id": "bob", "seat": 1});
    assert_eq!(presence(&desk.hears(ada)), [("user_joined".to_owned(), of_bob.clone())]);
    desk.hangs_up(bob);
    assert_eq!(presence(&desk.hears(ada)), [("user_left".to_owned(), of_bob)]);
    desk.passes(PRESENCE_MS);
    let update = json!({"room_id": "a", "count": 1, "spectators": 0, "users": ["ada"]});
    assert_eq!(presence(&desk.hears(ada)), [("room_update".to_owned(), update)]);
}

#[test]
fn a_crowd_is_told_once_in_a_while_how_many_there_are_and_of_nobody_by_name() {
    let (mut desk, ada) = desk();
    let crowd: Vec<ConnId> = (0..30).map(|n| comes(&mut desk, &format!("u{n:02}"), "player")).collect();
    let watchers: Vec<ConnId> = (0..3).map(|n| comes(&mut desk, &format!("w{n}"), "spectator")).collect();
    desk.passes(PRESENCE_MS);
    let told = presence(&desk.hears(ada));
    let (named, merged): (Vec<_>, Vec<_>) = told.into_iter().partition(|(kind, _)| kind != "room_update");
    // The last that is told by name is the one who makes it as many as may be named.
    assert_eq!(named.len(), NAMED - 1, "{named:?}");
    assert_eq!(merged, [("room_update".to_owned(), json!({"room_id": "a", "count": 31, "spectators": 3}))]);

    crowd[..10].iter().chain(&watchers).for_each(|conn| desk.hangs_up(*conn));
    desk.passes(PRESENCE_MS);
    let told = presence(&desk.hears(ada));
    assert_eq!(told, [("room_update".to_owned(), json!({"room_id": "a", "count": 21, "spectators": 0}))]);
    desk.passes(10 * PRESENCE_MS);
    assert_eq!(presence(&desk.hears(ada)), [], "nothing changed");
}

#[test]
fn who_comes_into_a_crowd_is_told_of_nobodys_seat_and_of_few_whose_each_is() {
    let (mut desk, _) = desk();
    for (n, user) in ["bob", "cyn", "dan", "eve"].into_iter().enumerate() {
        let conn = desk.connects(user);
        let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a"}}));
        let ack = heard.iter().find(|said| said["type"] == "ack").unwrap();
        let (sits, online) = (|seat, user| json!({"seat": seat, "user_id": user, "online": user != "bob"}), user != "bob");
        let seats = [sits(0, "ada"), sits(1, "bob"), sits(2, "cyn"), sits(3, "dan")];
        match n + 2 {
            count if count > NAMED => assert_eq!(ack["payload"].get("seats"), None),
            2 => assert_eq!(ack["payload"]["seats"][1], json!({"seat": 1, "user_id": "bob", "online": true})),
            count => assert_eq!(ack["payload"]["seats"], json!(seats[..count])),
        }
        if !online {
            desk.hangs_up(conn);
        }
    }
}

#[test]
fn members_are_read_by_the_page_each_once_and_a_room_shows_no_more_than_it_names() {
    let (mut desk, _) = desk();
    for n in 0..30 {
        comes(&mut desk, &format!("u{n:02}"), "player");
    }
    let (mut names, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = body(desk.calls(Call::Members { room: "a".to_owned(), after, limit: 10 }));
        assert_eq!(page["count"], 31);
        names.extend(page["members"].as_array().unwrap().iter().map(|member| member["user_id"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<String> = std::iter::once("ada".to_owned()).chain((0..30).map(|n| format!("u{n:02}"))).collect();
    assert_eq!((names, pages), (expected, 4));
    let shown = body(desk.calls(Call::Show("a".to_owned())));
    assert_eq!((shown["members"].as_array().unwrap().len(), &shown["member_count"]), (NAMED, &json!(31)));
}

fn body(reply: Reply) -> Value {
    let Reply::Done { body, .. } = reply else { panic!("{reply:?}") };
    serde_json::from_str(&body).unwrap()
}
