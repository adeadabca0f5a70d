//! A client that does not read: nobody else notices, what is kept for it is bounded, and when it reads again one view stands for
//! all that it was not sent.

use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_room::Hash64;
use parlour_sim::desk::Desk;
use parlour_sim::wire::Frame;
use serde_json::json;
use std::io::Write;

const OTHERS: usize = 1000;
const OUTPUT_BYTES: usize = 16 * 1024;

fn desk() -> Desk {
    let limits = Limits { output_bytes: OUTPUT_BYTES, behind_ms: 5_000, ..Limits::default() };
    let mut desk = Desk::with_limits(parlour_sim::kinds(), limits);
    let ada = desk.connects("ada");
    for (room, kind) in [("l", "lounge"), ("m", "lounge")] {
        desk.asks(ada, &json!({"type": "open_room", "payload": {"kind": kind, "room_id": room}}));
    }
    desk
}

fn watches(desk: &mut Desk, user: &str, rooms: &[&str]) -> ConnId {
    let conn = desk.connects(user);
    for room in rooms {
        let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "w", "payload": {"room_id": room, "as": "spectator"}}));
        assert_eq!(heard[0]["payload"]["status"], "ok", "{heard:?}");
    }
    conn
}

fn plays(desk: &mut Desk, user: &str, rooms: &[&str]) -> ConnId {
    let conn = desk.connects(user);
    for room in rooms {
        let heard = desk.asks(conn, &json!({"type": "join_room", "ref": "j", "payload": {"room_id": room}}));
        assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
    }
    conn
}

/// Two events, in a turn of their own.
fn bursts(desk: &mut Desk, conn: ConnId, room: &str) {
    desk.says(conn, &json!({"type": "burst", "ref": "b", "payload": {"room_id": room, "count": 2}}).to_string());
    desk.turns();
}

#[test]
fn one_stalled_reader_among_a_thousand_delays_nobody_by_one_turn_and_keeps_little_waiting() {
    let mut most = 0;
    let runs = [false, true].map(|stalls| {
        let mut desk = desk();
        let bob = plays(&mut desk, "bob", &["l"]);
        let slow = watches(&mut desk, "slow", &["l"]);
        let others: Vec<ConnId> = (0..OTHERS).map(|n| watches(&mut desk, &format!("w{n}"), &["l"])).collect();
        desk.passes(2_000);
        others.iter().chain([&bob, &slow]).for_each(|conn| drop(desk.frames(*conn)));
        if stalls {
            desk.stalls(slow);
        }
        let mut turns = Vec::new();
        for _ in 0..300 {
            bursts(&mut desk, bob, "l");
            // What each of them got in this very turn.
            let mut heard = Vec::new();
            for conn in others.iter().chain([&bob]) {
                write!(heard, "{:?}", desk.frames(*conn)).expect("a buffer takes everything");
            }
            assert!(heard.len() > 100 * OTHERS, "everybody heard something");
            turns.push(Hash64::of(&heard));
            most = most.max(desk.unread(slow) + desk.owed(slow));
        }
        (desk, slow, turns)
    });
    let [(_, _, undisturbed), (mut desk, slow, disturbed)] = runs;
    assert!(undisturbed == disturbed, "the others hear the same in the same turns");
    println!(
        "{OTHERS} others, 300 turns; at most {most} bytes were kept for the one that did not read, of a limit of {OUTPUT_BYTES}"
    );
    assert!(most < OUTPUT_BYTES + 2048, "{most}");
    assert_eq!(desk.pauses, 1);

    desk.reads(slow);
    let heard = desk.hears(slow);
    let numbers: Vec<u64> = heard.iter().filter_map(|said| said["n"].as_u64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no gap before the word");
    let last = heard.last().expect("something was kept");
    assert_eq!((&last["type"], &last["resumed"]), (&json!("view"), &json!({"kind": "view"})));
    assert_eq!(heard.iter().filter(|said| said["type"] == "view").count(), 1, "one view for all that was lost");
    let n =
        last["at"].as_str().expect("it is there").split('.').nth(1).expect("it is there").parse::<u64>().expect("it is there");
    assert!(n > numbers.last().expect("it is there") + 200, "{n} after {numbers:?}");
    let said = json!({"type": "ping", "ref": "p"});
    assert!(desk.asks(slow, &said).iter().any(|said| said["type"] == "pong"), "it is read from again");
}

#[test]
fn who_reads_again_goes_on_from_one_view_of_each_room_without_a_gap() {
    let mut desk = desk();
    let bob = plays(&mut desk, "bob", &["l", "m"]);
    let slow = plays(&mut desk, "slow", &["l", "m"]);
    desk.hears(slow);
    for round in 0..3 {
        desk.stalls(slow);
        for number in 0..200 {
            bursts(&mut desk, bob, if number % 2 == 0 { "l" } else { "m" });
            if number == 150 {
                // In flight before the server knew: answered all the same.
                desk.says(slow, &json!({"type": "legal", "ref": format!("q{round}"), "room": "l"}).to_string());
            }
        }
        desk.reads(slow);
        bursts(&mut desk, bob, "l");
        bursts(&mut desk, bob, "m");
        let heard = desk.hears(slow);
        let anew = |room: &str| heard.iter().position(|said| said["room"] == room && !said["resumed"].is_null());
        for room in ["l", "m"] {
            let at = anew(room).expect("a fresh view");
            let known = heard[at]["at"]
                .as_str()
                .expect("it is there")
                .split('.')
                .nth(1)
                .expect("it is there")
                .parse::<u64>()
                .expect("it is there");
            let after = heard[at..].iter().filter(|said| said["room"] == room).find_map(|said| said["n"].as_u64());
            assert_eq!(after, Some(known + 1), "round {round}, {room}");
        }
        assert!(heard.iter().any(|said| said["payload"]["ref"] == format!("q{round}")), "answers are not lost");
    }
}

#[test]
fn who_does_not_read_for_too_long_is_closed_with_the_reason() {
    let mut desk = desk();
    let bob = plays(&mut desk, "bob", &["l"]);
    let slow = watches(&mut desk, "slow", &["l"]);
    desk.stalls(slow);
    (0..200).for_each(|_| bursts(&mut desk, bob, "l"));
    desk.passes(4_000);
    assert!(!desk.is_closed(slow));
    desk.passes(4_000);
    assert!(desk.is_closed(slow));
    desk.reads(slow);
    assert_eq!(desk.frames(slow).last(), Some(&Frame::Close(Some(1008))));
    assert!(!desk.is_closed(bob));
}
