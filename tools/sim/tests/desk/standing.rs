//! Rooms that stand open are there for whoever joins them, once, and belong to nobody who did.

use parlour_engine::io::{ConnId, Identity, Role};
use parlour_engine::limits::Limits;
use parlour_engine::standing::{StandingError, StandingRooms};
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

fn standing() -> StandingRooms {
    StandingRooms::default().with("small", "lounge", r#"{"max":1}"#).with_any("lounge")
}

fn desk_with(standing: StandingRooms, limits: Limits) -> Desk {
    Desk::with_limits(parlour_sim::kinds().with_standing(standing).expect("lounges are there"), limits)
}

fn desk() -> Desk {
    desk_with(standing(), Limits::default())
}

fn join(room: &str) -> Value {
    json!({"type": "join_room", "ref": "j", "payload": {"room_id": room}})
}

fn answer(desk: &mut Desk, conn: ConnId, message: &Value) -> Value {
    let heard = desk.asks(conn, message);
    let mut acks = heard.into_iter().filter(|said| said["type"] == "ack" || said["type"] == "error");
    acks.next().expect("every request is answered")["payload"].take()
}

#[test]
fn who_joins_a_name_that_stands_open_is_in_a_room_that_everybody_else_finds_there() {
    let mut desk = desk();
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    let first = answer(&mut desk, ada, &join("den"));
    assert_eq!((&first["status"], &first["seat"]), (&json!("ok"), &json!(0)), "{first}");
    let second = answer(&mut desk, bob, &join("den"));
    assert_eq!((&second["seat"], &second["seed_hash"]), (&json!(1), &first["seed_hash"]));
}

#[test]
fn two_who_join_before_the_room_was_looked_for_are_in_one_room() {
    let mut desk = desk();
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    desk.says(ada, &join("den").to_string());
    desk.says(bob, &join("den").to_string());
    desk.turns();
    let mut seats = |conn| desk.hears(conn).iter().find(|said| said["type"] == "ack").map(|ack| ack["payload"]["seat"].clone());
    assert_eq!((seats(ada), seats(bob)), (Some(json!(0)), Some(json!(1))));
}

#[test]
fn nobody_hears_of_the_room_before_it_is_on_disk() {
    let mut desk = desk();
    let ada = desk.connects("ada");
    desk.disk_waits = true;
    assert_eq!(desk.asks(ada, &join("den")), [] as [Value; 0]);
    desk.disk_waits = false;
    desk.turns();
    assert_eq!(desk.hears(ada)[0]["payload"]["status"], "ok");
    desk.restarts(parlour_sim::kinds());
    let ada = desk.connects("ada");
    assert_eq!(answer(&mut desk, ada, &join("den"))["seat"], 0, "it is kept like any room, whatever stands open now");
}

#[test]
fn a_listed_name_is_what_the_list_says() {
    let mut desk = desk();
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    assert_eq!(answer(&mut desk, ada, &join("small"))["status"], "ok");
    assert_eq!(answer(&mut desk, bob, &join("small"))["code"], "game_full");
}

#[test]
fn only_a_name_that_stands_open_is_opened() {
    let mut desk = desk_with(StandingRooms::default().with("small", "lounge", "{}"), Limits::default());
    let ada = desk.connects("ada");
    assert_eq!(answer(&mut desk, ada, &join("den"))["code"], "room_not_found");
    assert_eq!(answer(&mut desk, ada, &join("small"))["status"], "ok");
}

#[test]
fn nobody_opens_a_room_by_watching_it_or_by_asking_that_it_be_there_or_by_anything_but_joining() {
    let mut desk = desk();
    let ada = desk.connects("ada");
    let spectator = desk.opens(None, Some(Identity::lasting("sam", Role::Spectator)));
    desk.hears(spectator);
    let watch = json!({"type": "join_room", "ref": "j", "payload": {"room_id": "den", "as": "spectator"}});
    let found = json!({"type": "join_room", "ref": "j", "payload": {"room_id": "den", "open": false}});
    let leave = json!({"type": "leave_room", "ref": "l", "payload": {"room_id": "den"}});
    let say = json!({"type": "action", "ref": "s", "room": "den", "payload": {"type": "say", "text": "x"}});
    let history = json!({"type": "history", "ref": "h", "room": "den"});
    for (conn, message) in [(ada, &watch), (ada, &found), (spectator, &join("den")), (ada, &leave), (ada, &say), (ada, &history)]
    {
        assert_eq!(answer(&mut desk, conn, message)["code"], "room_not_found", "{message}");
    }
}

#[test]
fn a_room_that_ended_stays_as_it_is() {
    let mut desk = desk();
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    answer(&mut desk, ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "den"}}));
    answer(&mut desk, ada, &join("den"));
    answer(&mut desk, ada, &json!({"type": "resign", "ref": "r", "room": "den"}));
    assert_eq!(answer(&mut desk, bob, &join("den"))["code"], "room_closed");
}

#[test]
fn a_listed_room_is_there_for_who_watches_it() {
    let mut desk = desk();
    let ada = desk.connects("ada");
    let watch = |room: &str| json!({"type": "join_room", "ref": "j", "payload": {"room_id": room, "as": "spectator"}});
    assert_eq!(answer(&mut desk, ada, &watch("small"))["status"], "ok");
    let end = json!({"type": "resign", "ref": "r", "room": "small"});
    let bob = desk.connects("bob");
    answer(&mut desk, bob, &join("small"));
    answer(&mut desk, bob, &end);
    answer(&mut desk, ada, &watch("small"));
    assert_eq!(answer(&mut desk, bob, &end)["code"], "room_closed", "it is not begun anew for who watches");
}

#[test]
fn a_listed_room_is_nobodys_to_open_and_begins_anew_after_its_end() {
    let mut desk = desk();
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    let open = json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "small"}});
    assert_eq!(answer(&mut desk, ada, &open)["code"], "room_exists", "before anybody has joined it");
    let first = answer(&mut desk, ada, &join("small"));
    answer(&mut desk, ada, &json!({"type": "resign", "ref": "r", "room": "small"}));
    assert_eq!(answer(&mut desk, ada, &open)["code"], "room_exists", "after its end");
    let second = answer(&mut desk, bob, &join("small"));
    assert_eq!((&second["status"], &second["seat"]), (&json!("ok"), &json!(0)), "{second}");
    assert_ne!(second["seed_hash"], first["seed_hash"]);
}

#[test]
fn the_first_who_joins_is_not_its_opener_and_nobody_may_be_called_like_who_is() {
    let mut desk = desk();
    let ada = desk.connects("ada");
    answer(&mut desk, ada, &join("den"));
    let open = json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "den"}});
    assert_eq!(answer(&mut desk, ada, &open)["code"], "room_exists");
    for name in ["parlour", "guest", "named:ada", "bot:greedy", "a\nb", "\u{1b}[2J"] {
        let house = desk.opens(Some(name), None);
        assert_eq!(desk.hears(house)[0]["payload"]["code"], "authentication_failed", "{name:?}");
    }
}

#[test]
fn each_user_opens_so_many_at_a_time_and_others_are_not_held_up_by_that() {
    let mut desk = desk_with(standing(), Limits { opening_tokens: 2, opening_tokens_per_s: 1, ..Limits::default() });
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    assert_eq!(answer(&mut desk, ada, &join("a"))["status"], "ok");
    assert_eq!(answer(&mut desk, ada, &join("b"))["status"], "ok");
    let refused = answer(&mut desk, ada, &join("c"));
    assert_eq!((&refused["code"], &refused["kind"]), (&json!("opening_too_fast"), &json!("limited")));
    assert!(refused["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{refused}");
    assert_eq!(answer(&mut desk, ada, &join("b"))["status"], "ok", "a room that is there costs nothing");
    assert_eq!(answer(&mut desk, bob, &join("c"))["status"], "ok");
}

#[test]
fn what_no_kind_here_can_be_opened_as_cannot_stand_open() {
    let kinds = parlour_sim::kinds();
    let unknown = kinds.clone().with_standing(StandingRooms::default().with_any("frob")).err();
    assert_eq!(unknown, Some(StandingError::UnknownKind("frob".to_owned())));
    let odd = kinds.with_standing(StandingRooms::default().with("a", "lounge", r#"{"frob":1}"#)).err();
    assert!(matches!(odd, Some(StandingError::Config(standing)) if standing.kind == "lounge"));
}
