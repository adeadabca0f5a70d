//! A connection cut at any byte: who comes back with what they have gets exactly what they have not, or one view and the word for
//! it.

use parlour_engine::io::{Call, ConnId};
use parlour_room::stream::RING_PUBLIC;
use parlour_sim::desk::Desk;
use parlour_sim::wire::{Frame, Frames};
use serde_json::{Value, json};

/// How far a client has heard, from the frames it has whole.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    life: String,
    n: u64,
    m: u64,
}

impl Heard {
    fn at(at: &str) -> Self {
        let parts: Vec<&str> = at.split('.').collect();
        let number = |text: &str| text.parse().expect("a number");
        Self { life: parts[0].to_owned(), n: number(parts[1]), m: number(parts[2]) }
    }

    fn hears(&mut self, said: &Value) {
        self.n = said["n"].as_u64().unwrap_or(self.n);
        self.m = said["m"].as_u64().unwrap_or(self.m);
    }

    fn after(&self) -> String {
        format!("{}.{}.{}", self.life, self.n, self.m)
    }
}

fn is_event(text: &str) -> bool {
    text.contains("\"n\":") || text.contains("\"m\":")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn texts(frames: Vec<Frame>) -> Vec<String> {
    frames.into_iter().filter_map(|frame| if let Frame::Text(text) = frame { Some(text) } else { None }).collect()
}

/// The answer to a join, and what comes with it.
fn join(desk: &mut Desk, conn: ConnId, after: Option<String>) -> Vec<String> {
    let mut payload = json!({"room_id": "l"});
    if let Some(after) = after {
        payload["after"] = json!(after);
    }
    desk.frames(conn);
    desk.says(conn, &json!({"type": "join_room", "ref": "j", "payload": payload}).to_string());
    desk.turns();
    texts(desk.frames(conn))
}

fn act(desk: &mut Desk, conn: ConnId, action: Value) {
    let answer = desk.asks(conn, &json!({"type": "action", "ref": "a", "room": "l", "payload": action}));
    assert!(answer.iter().any(|said| said["payload"]["status"] == "ok"), "{answer:?}");
}

fn whisper(desk: &mut Desk, conn: ConnId) {
    act(desk, conn, json!({"type": "whisper", "to": 0, "text": "psst"}));
}

/// Ada and Bob sit in the lounge; where Ada's stream begins.
fn lounge() -> (Desk, ConnId, ConnId, Heard) {
    let mut desk = Desk::new(parlour_sim::kinds());
    let (ada, bob) = (desk.connects("ada"), desk.connects("bob"));
    desk.asks(ada, &json!({"type": "open_room", "payload": {"kind": "lounge", "room_id": "l"}}));
    join(&mut desk, ada, None);
    join(&mut desk, bob, None);
    let again = join(&mut desk, ada, None);
    let heard = Heard::at(parsed(&again[0])["payload"]["at"].as_str().expect("a position"));
    (desk, ada, bob, heard)
}

/// 300 events of which `private` are for Ada alone, all of them on tape.
fn stream(desk: &mut Desk, ada: ConnId, bob: ConnId, private: u32) {
    desk.tapes(ada);
    let every = 300 / private;
    for _ in 0..private {
        act(desk, bob, json!({"type": "burst", "count": every - 1}));
        whisper(desk, bob);
    }
    desk.passes(2_000);
}

/// Cuts the tape at every byte, and comes back wherever a cut leaves the client with something else than the cut before: at the
/// first and the last byte of each frame. What it has decides what it asks.
fn cut_everywhere(desk: &mut Desk, ada: ConnId, from: &Heard) -> (usize, usize, usize) {
    let tape = desk.tape(ada).to_vec();
    let events: Vec<String> =
        texts(Frames::default().feed(&tape).expect("frames")).into_iter().filter(|text| is_event(text)).collect();
    let (mut frames, mut heard, mut count) = (Frames::default(), from.clone(), 0);
    let (mut replayed, mut viewed) = (0, 0);
    let mut ends_here = true;
    for cut in 0..=tape.len() {
        let ends_next = tape.get(cut).is_some_and(|byte| !frames.clone().feed(&[*byte]).expect("a frame").is_empty());
        if ends_here || ends_next || cut == tape.len() {
            let conn = desk.connects("ada");
            let came = join(desk, conn, Some(heard.after()));
            desk.hangs_up(conn);
            // Nobody may ask too often; it is not this that is looked at.
            desk.passes(20);
            let ack = parsed(&came[0]);
            let resumed = &ack["payload"]["resumed"];
            let missed = &events[count..];
            if resumed["kind"] == "replayed" {
                replayed += 1;
                assert_eq!(resumed["events"], missed.len(), "cut at byte {cut}");
                assert_eq!(&came[1..], missed, "cut at byte {cut}");
            } else {
                viewed += 1;
                let public = missed.iter().filter(|text| text.contains("\"n\":")).count();
                assert!(public > RING_PUBLIC, "a view where {public} were missed, cut at byte {cut}");
                assert_eq!((came.len(), resumed), (2, &json!({"kind": "view"})), "cut at byte {cut}");
                assert_eq!(parsed(&came[1])["at"], ack["payload"]["at"], "one whole view");
            }
        }
        ends_here = false;
        let Some(byte) = tape.get(cut) else { break };
        for text in texts(frames.feed(&[*byte]).expect("frames")) {
            ends_here = true;
            if is_event(&text) {
                heard.hears(&parsed(&text));
                count += 1;
            }
        }
    }
    assert_eq!(count, events.len());
    (tape.len() + 1, replayed, viewed)
}

#[test]
fn a_stream_of_300_events_cut_at_every_byte_is_resumed_with_exactly_what_was_missed() {
    for private in [60, 10] {
        let (mut desk, ada, bob, heard) = lounge();
        stream(&mut desk, ada, bob, private);
        let (cuts, replayed, viewed) = cut_everywhere(&mut desk, ada, &heard);
        println!("300 events, {private} of them private: {cuts} cuts; {replayed} times replayed, {viewed} times one view");
        assert!(replayed > 500 && (viewed > 0) == (private == 10));
    }
}

#[test]
fn who_takes_a_seat_gets_nothing_of_its_former_holder() {
    let (mut desk, ada, bob, heard) = lounge();
    (0..5).for_each(|_| whisper(&mut desk, bob));
    desk.asks(ada, &json!({"type": "leave_room", "ref": "l", "room": "l"}));
    let cyn = desk.connects("cyn");
    for after in [None, Some(heard.after()), Some(format!("{}.{}.5", heard.life, heard.n)), Some(format!("{}.0", heard.life))] {
        let came = join(&mut desk, cyn, after);
        assert_eq!(parsed(&came[0])["payload"]["seat"], 0, "the same seat");
        assert!(came.iter().all(|text| !text.contains("\"m\":") && !text.contains("whispered")), "{came:?}");
        desk.asks(cyn, &json!({"type": "leave_room", "ref": "l", "room": "l"}));
    }
}

#[test]
fn what_was_told_before_one_left_and_came_back_is_a_view_and_not_a_gap() {
    let (mut desk, ada, bob, mut heard) = lounge();
    (0..5).for_each(|_| whisper(&mut desk, bob));
    // Of those five she has heard two, leaves on another connection, and takes her seat again.
    heard.m += 2;
    desk.asks(ada, &json!({"type": "leave_room", "ref": "l", "room": "l"}));
    let again = desk.connects("ada");
    join(&mut desk, again, None);
    whisper(&mut desk, bob);
    let came = join(&mut desk, again, Some(heard.after()));
    let ack = parsed(&came[0]);
    assert_eq!((&ack["payload"]["resumed"]["kind"], &ack["payload"]["seat"]), (&json!("view"), &json!(0)));
    // What everybody was told comes all the same, before the view.
    let public =
        came.iter().take_while(|text| parsed(text)["type"] != "view").filter(|text| !parsed(text)["n"].is_null()).count();
    assert_eq!(ack["payload"]["resumed"]["events"].as_u64(), u64::try_from(public).ok().filter(|public| *public > 0), "{came:?}");
    assert!(came.iter().all(|text| !text.contains("whispered")), "{came:?}");
    // With all five she gets what came since, and nothing else.
    heard.m += 3;
    let came = join(&mut desk, again, Some(heard.after()));
    let told: Vec<Value> = came.iter().map(|text| parsed(text)).filter(|said| !said["m"].is_null()).collect();
    assert_eq!(parsed(&came[0])["payload"]["resumed"]["kind"], "replayed");
    assert_eq!((told.len(), told[0]["m"].as_u64()), (1, Some(heard.m + 1)), "{came:?}");
}

#[test]
fn a_room_closed_and_opened_again_under_its_name_is_fresh() {
    let (mut desk, ada, bob, heard) = lounge();
    act(&mut desk, bob, json!({"type": "burst", "count": 3}));
    desk.calls(Call::Close("l".to_owned()));
    desk.asks(ada, &json!({"type": "open_room", "payload": {"kind": "lounge", "room_id": "l"}}));
    let came = join(&mut desk, ada, Some(heard.after()));
    let ack = parsed(&came[0]);
    assert_eq!(ack["payload"]["resumed"], json!({"kind": "fresh"}));
    assert_ne!(ack["payload"]["at"].as_str().and_then(|at| at.split('.').next()), Some(heard.life.as_str()));
    assert!(came.iter().all(|text| !text.contains("\"type\":\"pop\"")), "{came:?}");
}
