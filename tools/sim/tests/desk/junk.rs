//! Whatever a client sends, it gets one typed answer, and where the connection stays the next ping works.

use parlour_engine::io::ConnId;
use parlour_sim::desk::Desk;
use parlour_sim::luck::Luck;
use parlour_sim::wire::{self, Frame};
use serde_json::{Value, json};

/// Sends text in one frame, and answers what came back.
fn send(desk: &mut Desk, conn: ConnId, text: &str) -> Vec<Value> {
    desk.says(conn, text);
    desk.turns();
    desk.hears(conn)
}

fn ping_works(desk: &mut Desk, conn: ConnId) {
    let heard = desk.asks(conn, &json!({"type": "ping", "ref": "still here"}));
    let types: Vec<&str> = heard.iter().map(|said| said["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(types, ["pong", "ack"], "{heard:?}");
    assert_eq!((&heard[1]["payload"]["ref"], &heard[1]["payload"]["status"]), (&json!("still here"), &json!("ok")));
}

#[test]
fn every_kind_of_junk_is_answered_once_and_the_next_ping_works() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let deep_payload = format!(r#"{{"type":"say","ref":"r","room":"l","payload":{{"text":{}}}}}"#, deep(100));
    let long = "x".repeat(500);
    let cases: Vec<(String, &str, bool)> = [
        // Not JSON, or no object.
        ("", "invalid_message", false),
        ("hello", "invalid_message", false),
        ("{", "invalid_message", false),
        (r#"{"type":"ping","ref":"r""#, "invalid_message", false),
        ("[]", "invalid_message", false),
        (r#"["ping"]"#, "invalid_message", false),
        ("null", "invalid_message", false),
        ("17", "invalid_message", false),
        (r#""ping""#, "invalid_message", false),
        // A key twice.
        (r#"{"type":"ping","type":"ping","ref":"r"}"#, "invalid_message", true),
        (r#"{"type":"ping","ref":"q","ref":"r"}"#, "invalid_message", true),
        // Unknown types, and types of the server's own.
        (r#"{"type":"frobnicate","ref":"r"}"#, "unknown_type", true),
        (r#"{"type":"","ref":"r"}"#, "unknown_type", true),
        (r#"{"type":"ack","ref":"r","payload":{}}"#, "unknown_type", true),
        (r#"{"type":"batch","ref":"r","payload":{"actions":[]}}"#, "invalid_message", true),
        // Wrong field types.
        (r#"{"ref":"r"}"#, "invalid_message", true),
        (r#"{"type":7,"ref":"r"}"#, "invalid_message", true),
        (r#"{"type":null,"ref":"r"}"#, "invalid_message", true),
        (r#"{"type":"legal","ref":"r","room":7}"#, "invalid_message", true),
        (r#"{"type":"legal","ref":"r","room":"no such name"}"#, "invalid_name", true),
        (r#"{"type":"join_room","ref":"r","payload":{"room_id":"l","seat":-1}}"#, "invalid_message", true),
        (r#"{"type":"join_room","ref":"r","payload":{"room_id":"l","as":"king"}}"#, "invalid_message", true),
        (r#"{"type":"join_room","ref":"r","payload":{"room_id":"l","after":"nonsense"}}"#, "invalid_message", true),
        (r#"{"type":"action","ref":"r","room":"l","id":7,"payload":{}}"#, "invalid_message", true),
        (r#"{"type":"action","ref":"r","room":"l","id":"","payload":{}}"#, "invalid_message", true),
        (r#"{"type":"action","ref":"r","room":"l"}"#, "invalid_message", true),
        (r#"{"type":"action","ref":"r","room":"l","payload":{"type":"say","text":7}}"#, "invalid_action", true),
        (r#"{"type":"say","ref":"r","payload":{"room_id":7,"text":"a"}}"#, "invalid_message", true),
        (r#"{"type":"open_room","ref":"r","payload":{"kind":"lounge","config":7}}"#, "invalid_config", true),
        (r#"{"type":"open_room","ref":"r","payload":{"kind":"nope"}}"#, "unknown_kind", true),
        // Payloads that are no objects.
        (r#"{"type":"ping","ref":"r","payload":null}"#, "invalid_message", true),
        (r#"{"type":"ping","ref":"r","payload":7}"#, "invalid_message", true),
        (r#"{"type":"ping","ref":"r","payload":"a"}"#, "invalid_message", true),
        (r#"{"type":"ping","ref":"r","payload":[]}"#, "invalid_message", true),
        // A ref that is none.
        (r#"{"type":"ping","ref":7}"#, "invalid_message", false),
        (r#"{"type":"ping","ref":null}"#, "invalid_message", false),
        // Versions.
        (r#"{"v":2,"type":"ping","ref":"r"}"#, "unsupported_version", true),
        (r#"{"v":-1,"type":"ping","ref":"r"}"#, "unsupported_version", true),
        (r#"{"v":"1","type":"ping","ref":"r"}"#, "invalid_message", true),
        (r#"{"v":1.5,"type":"ping","ref":"r"}"#, "invalid_message", true),
        (r#"{"v":null,"type":"ping","ref":"r"}"#, "invalid_message", true),
    ]
    .into_iter()
    .map(|(text, code, referred)| (text.to_owned(), code, referred))
    .chain([
        (deep(100), "invalid_message", false),
        (deep_payload, "invalid_action", true),
        (format!(r#"{{"type":"ping","ref":"{long}"}}"#), "invalid_message", false),
        (format!(r#"{{"type":"legal","ref":"r","room":"{long}"}}"#), "invalid_name", true),
        (format!(r#"{{"type":"action","ref":"r","room":"l","id":"{long}","payload":{{}}}}"#), "invalid_message", true),
    ])
    .collect();

    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    desk.asks(ada, &json!({"type": "open_room", "payload": {"kind": "lounge", "room_id": "l"}}));
    let joined = desk.asks(ada, &json!({"type": "join_room", "payload": {"room_id": "l"}}));
    assert_eq!(joined[0]["type"], "view", "{joined:?}");
    for (text, code, referred) in cases {
        let heard = send(&mut desk, ada, &text);
        assert_eq!(heard.len(), 1, "{text}: {heard:?}");
        assert_eq!(heard[0]["payload"]["code"], code, "{text}: {heard:?}");
        let (kind, reference) = if referred { ("ack", json!("r")) } else { ("error", Value::Null) };
        assert_eq!((&heard[0]["type"], &heard[0]["payload"]["ref"]), (&json!(kind), &reference), "{text}");
        assert!(heard[0]["payload"]["message"].as_str().is_some_and(|text| text.len() > 10));
        ping_works(&mut desk, ada);
    }
}

#[test]
fn binary_frames_are_answered_and_the_next_ping_works() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    let mut bytes = Vec::new();
    wire::frame(&mut bytes, 2, true, [1, 2, 3, 4], b"\x00\xff");
    desk.sends(ada, &bytes);
    desk.turns();
    let heard = desk.hears(ada);
    assert_eq!((heard.len(), &heard[0]["payload"]["code"]), (1, &json!("binary_unsupported")));
    ping_works(&mut desk, ada);
}

#[test]
fn five_hundred_frames_in_one_segment_are_answered_in_order() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "l"}}));
    desk.asks(ada, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": "l"}}));
    let mut bytes = Vec::new();
    for n in 0..500_u32 {
        let id = n.to_string();
        let action = json!({"type": "whisper", "ref": id, "id": id, "payload": {"room_id": "l", "to": 0, "text": "a"}});
        let legal = json!({"type": "legal", "ref": id, "room": "l"});
        let text = if n % 5 == 4 { legal } else { action }.to_string();
        wire::frame(&mut bytes, 1, true, n.to_le_bytes(), text.as_bytes());
    }
    desk.sends(ada, &bytes);
    desk.turns();
    let heard = desk.hears(ada);
    let refs: Vec<&str> = heard.iter().filter_map(|said| said["payload"]["ref"].as_str()).collect();
    let all: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    assert_eq!(refs, all);
    // No more of them are played unanswered than the inbox would know again; each whisper is told twice.
    let played = heard.iter().filter(|said| said["payload"]["dup"] == false).count();
    let limited = heard.iter().filter(|said| said["payload"]["kind"] == "limited").count();
    assert_eq!((played, limited), (256, 144));
    let numbers: Vec<u64> = heard.iter().filter_map(|said| said["m"].as_u64()).collect();
    assert!(numbers == (1..=512).collect::<Vec<u64>>(), "each whisper is told to the one it is for and to the one who whispers");
    ping_works(&mut desk, ada);
}

#[test]
fn a_frame_that_comes_byte_by_byte_is_one_message() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    let mut bytes = Vec::new();
    wire::frame(&mut bytes, 1, true, [9, 8, 7, 6], br#"{"type":"ping","ref":"r"}"#);
    for (at, byte) in bytes.iter().enumerate() {
        assert!(desk.hears(ada).is_empty(), "an answer after {at} bytes");
        desk.sends(ada, &[*byte]);
        desk.turns();
    }
    assert_eq!(desk.hears(ada).len(), 2);
    ping_works(&mut desk, ada);
}

#[test]
fn random_bytes_in_frames_are_answered_and_random_bytes_without_frames_close() {
    let mut luck = Luck::new(5);
    for _ in 0..200 {
        let mut desk = Desk::new(parlour_sim::kinds());
        let ada = desk.connects("ada");
        let junk: String = (0..luck.index(60)).map(|_| char::from(u8::try_from(luck.range(32, 126)).unwrap())).collect();
        let heard = send(&mut desk, ada, &junk);
        assert_eq!((heard.len(), &heard[0]["type"]), (1, &json!("error")), "{junk}");
        ping_works(&mut desk, ada);
        // An unmasked frame breaks the protocol.
        desk.sends(ada, &[0x81, 0x01, b'a']);
        desk.turns();
        assert_eq!(desk.frames(ada), [Frame::Close(Some(1002))]);
        assert!(desk.is_closed(ada));
    }
}

#[test]
fn a_frame_too_big_closes_with_1009_and_what_came_before_is_answered() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    let mut bytes = Vec::new();
    wire::frame(&mut bytes, 1, true, [9, 8, 7, 6], br#"{"type":"ping","ref":"r"}"#);
    wire::frame(&mut bytes, 1, true, [9, 8, 7, 6], &vec![b'a'; 2 * 1024 * 1024]);
    desk.sends(ada, &bytes);
    desk.turns();
    let frames = desk.frames(ada);
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[2], Frame::Close(Some(1009)));
    assert!(desk.is_closed(ada));
    desk.says(ada, r#"{"type":"ping","ref":"r"}"#);
    desk.turns();
    assert!(desk.frames(ada).is_empty(), "nobody listens any more");
}

#[test]
fn text_that_is_not_utf_8_closes_with_1007() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    let mut bytes = Vec::new();
    wire::frame(&mut bytes, 1, true, [9, 8, 7, 6], b"{\"type\":\"\xff\"}");
    desk.sends(ada, &bytes);
    desk.turns();
    assert_eq!(desk.frames(ada), [Frame::Close(Some(1007))]);
}

#[test]
fn who_asks_for_more_than_they_read_is_read_no_more_until_they_have_and_nothing_is_lost() {
    let mut desk = Desk::new(parlour_sim::kinds());
    let ada = desk.connects("ada");
    desk.asks(ada, &json!({"type": "open_room", "ref": "o", "payload": {"kind": "cards", "room_id": "c"}}));
    let mut bytes = Vec::new();
    for n in 0..900_u32 {
        let join = json!({"type": "join_room", "ref": n.to_string(), "payload": {"room_id": "c", "as": "spectator"}});
        wire::frame(&mut bytes, 1, true, n.to_le_bytes(), join.to_string().as_bytes());
    }
    desk.sends(ada, &bytes);
    desk.turns();
    let heard = desk.hears(ada);
    let refs: Vec<&str> = heard.iter().filter_map(|said| said["payload"]["ref"].as_str()).collect();
    assert_eq!(refs, (0..900).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(desk.pauses > 1, "nine hundred views are more than one may be owed: {}", desk.pauses);
    ping_works(&mut desk, ada);
}
