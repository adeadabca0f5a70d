//! What rooms of `chat` cost with very many members, and typing, which ends by itself.

use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_engine::standing::StandingRooms;
use parlour_sim::desk::Desk;
use parlour_sim::wire::Frame;
use serde_json::{Value, json};

const PRESENCE_MS: u64 = 1_000;

/// How many members there are: `PARLOUR_CROWD`, or 1,000. The desk's model keeps every state that was ever durable, so what it
/// takes grows with the square: ten thousand need more memory than most machines have.
fn members() -> usize {
    let members = std::env::var("PARLOUR_CROWD").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    println!("{members} members; PARLOUR_CROWD sets how many");
    members
}

fn desk() -> Desk {
    let kinds = parlour_sim::kinds().with::<parlour_chat::Chat>().expect("it can be spoken");
    let kinds = kinds.with_standing(StandingRooms::default().with_any("chat")).expect("it is there");
    let limits = Limits { presence_ms: PRESENCE_MS, ping_ms: 3_600_000, silence_ms: 7_200_000, ..Limits::default() };
    Desk::with_limits(kinds, limits)
}

fn joins(desk: &mut Desk, conn: ConnId, after: Option<&str>) -> Vec<Value> {
    let mut payload = json!({"room_id": "all"});
    if let Some(after) = after {
        payload["after"] = after.into();
    }
    let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": payload}));
    assert_eq!(heard[0]["payload"]["status"], "ok", "{heard:?}");
    heard
}

fn typing(is_typing: bool) -> Value {
    json!({"type": "typing", "ref": "t", "payload": {"room_id": "all", "is_typing": is_typing}})
}

/// How many frames these heard since they were asked last, and how many bytes of text.
fn told(desk: &mut Desk, conns: &[ConnId]) -> (usize, usize) {
    let frames: Vec<Frame> = conns.iter().flat_map(|conn| desk.frames(*conn)).collect();
    let bytes = frames.iter().map(|frame| if let Frame::Text(text) = frame { text.len() } else { 0 }).sum();
    (frames.len(), bytes)
}

#[test]
fn in_a_crowd_a_join_a_message_and_a_storm_cost_what_they_must() {
    let members = members();
    // So many come back at one time.
    let storm = members / 10;
    let mut desk = desk();
    let mut conns = Vec::with_capacity(members);
    for n in 0..members - 1 {
        let conn = desk.connects(&format!("u{n:04}"));
        joins(&mut desk, conn, None);
        conns.push(conn);
    }
    desk.passes(2 * PRESENCE_MS);
    told(&mut desk, &conns);

    // One more: they are told the room, the others how many there are, once a while.
    let last = desk.connects("last");
    let heard = joins(&mut desk, last, None);
    assert!(heard.len() == 2 && Value::from(heard.clone()).to_string().len() < 1_000, "{heard:?}");
    assert_eq!(told(&mut desk, &conns), (0, 0), "nobody is told of each who comes");
    conns.push(last);
    desk.passes(PRESENCE_MS);
    let (frames, bytes) = told(&mut desk, &conns);
    assert!(frames == members && bytes < 150 * members, "{frames} {bytes}");

    // A message: one frame each.
    let said = json!({"type": "chat", "ref": "c", "payload": {"room_id": "all", "content": "hello"}});
    desk.says(conns[0], &said.to_string());
    desk.turns();
    let heard = desk.hears(conns[0]);
    assert_eq!(heard.iter().map(|said| said["type"].as_str().unwrap()).collect::<Vec<_>>(), ["chat", "ack"]);
    let (frames, bytes) = told(&mut desk, &conns[1..]);
    assert!(frames == members - 1 && bytes < 250 * members, "{frames} {bytes}");

    // Typing in a crowd, and how far one has read, are no one's but one's own.
    desk.asks(conns[0], &typing(true));
    desk.asks(conns[1], &json!({"type": "read", "ref": "r", "payload": {"room_id": "all", "up_to": heard[0]["n"]}}));
    assert_eq!(told(&mut desk, &conns[2..]), (0, 0));

    // Many lose their connections and come back: each is told what they missed, the others how many there are.
    let at = heard[1]["payload"]["at"].as_str().unwrap().to_owned();
    let gone: Vec<ConnId> = conns.drain(members - storm..).collect();
    gone.iter().for_each(|conn| desk.hangs_up(*conn));
    desk.asks(conns[0], &said);
    told(&mut desk, &conns);
    let (mut frames, mut bytes) = (0, 0);
    for n in members - storm..members {
        let user = if n == members - 1 { "last".to_owned() } else { format!("u{n:04}") };
        let conn = desk.connects(&user);
        let heard = joins(&mut desk, conn, Some(&at));
        assert_eq!(heard[0]["payload"]["resumed"]["kind"], "replayed");
        frames += heard.len();
        bytes += heard.iter().map(|said| said.to_string().len()).sum::<usize>();
        conns.push(conn);
    }
    assert!(frames == 2 * storm && bytes < 1_000 * storm, "an answer and one message each: {frames} {bytes}");
    assert_eq!(told(&mut desk, &conns), (0, 0));
    desk.passes(PRESENCE_MS);
    let (frames, _) = told(&mut desk, &conns);
    assert_eq!(frames, members, "one number for everybody");
    assert_eq!(desk.notes, [] as [String; 0]);
}

#[test]
fn typing_is_shown_once_until_it_stops_or_time_has_passed_and_never_to_who_sent_it() {
    let mut desk = desk();
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    joins(&mut desk, ada, None);
    joins(&mut desk, bob, None);
    desk.passes(PRESENCE_MS);
    told(&mut desk, &[ada, bob]);
    let shown = |desk: &mut Desk| {
        let of_ada: Vec<Value> = desk.hears(ada).into_iter().filter(|said| said["type"] == "typing").collect();
        assert!(desk.hears(bob).iter().all(|said| said["type"] != "typing"), "not echoed");
        of_ada.iter().map(|said| said["payload"]["is_typing"] == true).collect::<Vec<_>>()
    };
    let records = desk.disk.load("all").map(|history| history.records.len());
    desk.asks(bob, &typing(true));
    desk.asks(bob, &typing(true));
    desk.passes(500);
    desk.asks(bob, &typing(true));
    assert_eq!(shown(&mut desk), [true], "the same just now");
    desk.passes(4_900);
    assert_eq!(shown(&mut desk), [] as [bool; 0], "five seconds after the last, not the first");
    desk.passes(100);
    assert_eq!(shown(&mut desk), [false]);
    desk.passes(60_000);
    assert_eq!(shown(&mut desk), [] as [bool; 0]);
    desk.asks(bob, &typing(true));
    desk.asks(bob, &typing(false));
    assert_eq!(shown(&mut desk), [true, false]);
    desk.passes(60_000);
    assert_eq!(shown(&mut desk), [] as [bool; 0], "who stopped does not stop again");
    let cyn = desk.connects("cyn");
    desk.asks(bob, &typing(true));
    let heard = joins(&mut desk, cyn, None);
    assert!(heard.iter().any(|said| said["type"] == "typing" && said["payload"]["from"] == "bob"), "who comes in is shown it");
    desk.passes(5_000);
    let over = desk.hears(cyn).into_iter().find(|said| said["type"] == "typing");
    assert_eq!(over.map(|said| said["payload"]["is_typing"].clone()), Some(json!(false)));
    desk.hears(ada);
    desk.asks(bob, &typing(true));
    desk.hangs_up(bob);
    desk.hears(ada);
    desk.passes(60_000);
    assert!(desk.hears(ada).iter().all(|said| said["type"] != "typing"), "who has gone is told of as gone");
    assert_eq!(desk.disk.load("all").map(|history| history.records.len()), records.map(|count| count + 1), "only Cyn's coming");
}
