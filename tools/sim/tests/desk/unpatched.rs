//! Who joins without patches: shown the room when they come, and whenever they come again; told of events alone in between.

use parlour_engine::io::ConnId;
use parlour_sim::desk::Desk;
use serde_json::{Value, json};

fn joins(desk: &mut Desk, user: &str, more: &Value) -> (ConnId, Vec<Value>) {
    let conn = desk.connects(user);
    let heard = comes(desk, conn, more);
    (conn, heard)
}

fn comes(desk: &mut Desk, conn: ConnId, more: &Value) -> Vec<Value> {
    let mut payload = json!({"room_id": "d"});
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": payload}));
    assert_eq!(heard[0]["payload"]["status"], "ok", "{heard:?}");
    heard
}

fn of(heard: &[Value], kinds: &[&str]) -> usize {
    heard.iter().filter(|said| kinds.contains(&said["type"].as_str().unwrap())).count()
}

fn events(heard: &[Value]) -> Vec<Value> {
    let events = heard.iter().filter(|said| !said["n"].is_null() || !said["m"].is_null());
    events.map(|said| said["payload"].clone()).collect()
}

#[test]
fn who_wants_no_patches_hears_the_events_and_sees_the_room_when_they_come() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let keeper = desk.connects("keeper");
    desk.asks(keeper, &json!({"type": "open_room", "payload": {"kind": "duel", "room_id": "d"}}));
    let (ada, heard) = joins(&mut desk, "ada", &json!({"patches": false}));
    assert_eq!(of(&heard, &["view"]), 1);
    let (bob, _) = joins(&mut desk, "bob", &json!({}));
    let (eve, _) = joins(&mut desk, "eve", &json!({"as": "spectator"}));
    let (dan, _) = joins(&mut desk, "dan", &json!({"as": "spectator", "patches": false}));
    for conn in [ada, bob, eve, dan] {
        desk.hears(conn);
    }

    // One class of viewers, and in it one who is shown what changes: the other is not.
    let legal = [ada, bob].map(|conn| desk.asks(conn, &json!({"type": "legal", "ref": "l", "room": "d"}))[0]["payload"].clone());
    let at = legal.iter().position(|legal| !legal["actions"].as_array().unwrap().is_empty()).expect("it is somebody's turn");
    let player = [ada, bob][at];
    let acted = desk.asks(player, &json!({"type": "action", "ref": "a", "room": "d", "payload": legal[at]["actions"][0]}));
    assert!(acted.iter().any(|said| said["payload"]["status"] == "ok"), "{acted:?}");
    let (eve_heard, dan_heard) = (desk.hears(eve), desk.hears(dan));
    assert!(of(&eve_heard, &["view", "patch"]) == 1 && of(&dan_heard, &["view", "patch"]) == 0);
    assert!(!events(&eve_heard).is_empty() && events(&eve_heard) == events(&dan_heard));
    let ada_heard = if player == ada { acted } else { desk.hears(ada) };
    assert!(of(&ada_heard, &["view", "patch"]) == 0 && !events(&ada_heard).is_empty());

    // Who comes again sees it as it is now, and others hear nothing of that.
    let views = [eve, dan].map(|conn| {
        let heard = comes(&mut desk, conn, &json!({"as": "spectator", "patches": conn == eve}));
        heard.iter().find(|said| said["type"] == "view").expect("a view")["payload"].clone()
    });
    assert_eq!(views[0], views[1]);
    assert_eq!(of(&desk.hears(ada), &["view", "patch"]), 0);
}
