//! What a session says to each thing a client may do. What holds for any order of them is in `tests/model.rs`.

mod model;

use super::*;
use crate::framing::engineio::Refusal;
use crate::limits::{LAST_POLL_MS, LAST_WORD_MS, PROBE_MS, RELEASE_MS};
use websocket::Message::{Binary as Bytes, Text};

const TERMS: Terms = Terms { ping_interval_ms: 25_000, ping_timeout_ms: 20_000, payload_bytes: 1000, unsent_bytes: 200 };

fn at(mono_ms: u64) -> Now {
    Now { mono_ms, wall_ms: 0 }
}

fn polling() -> Session {
    Session::polling("abc".to_owned(), TERMS, at(0)).0
}

fn on_websocket() -> Session {
    Session::websocket("abc".to_owned(), TERMS, at(0), &mut Vec::new())
}

/// What was answered to whom, as `call: status body`, and what else is to be done.
fn done(session: &mut Session) -> Vec<String> {
    let show = |output| match output {
        Output::Answer(CallId(call), answer) => {
            format!("{call}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)).trim_end().to_owned()
        }
        Output::WriteProbe(frame) => format!("probe: {}", String::from_utf8_lossy(&frame[2..])),
        Output::CloseProbe => "close probe".to_owned(),
        Output::Upgraded => "upgraded".to_owned(),
    };
    std::iter::from_fn(|| session.next_output().map(show)).collect()
}

fn told(session: &mut Session, now: Now) -> Vec<String> {
    let show = |message| match message {
        Message::Text(text) => text.into_owned(),
        Message::Binary(bytes) => format!("{bytes:?}"),
    };
    std::iter::from_fn(|| session.take(now).map(show)).collect()
}

/// Sends a whole post as call 9.
fn post(session: &mut Session, body: &str) -> Vec<String> {
    session.post_begins(CallId(9), Some("text/plain;charset=UTF-8"));
    session.post(CallId(9), body.as_bytes().to_vec());
    told(session, at(1))
}

fn gone(session: &mut Session) -> bool {
    done(session);
    session.poll(CallId(99), at(1));
    done(session) == [r#"99: 400 {"code":1,"message":"Session ID unknown"}"#]
}

#[test]
fn a_session_begins_with_what_its_client_has_to_know() {
    let (_, answer) = Session::polling("abc".to_owned(), TERMS, at(0));
    let greeting = r#"0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#;
    assert_eq!(answer, Answer::payload(greeting.as_bytes().to_vec()));
    let mut out = Vec::new();
    Session::websocket("abc".to_owned(), TERMS, at(0), &mut out);
    assert_eq!(&out[2..], greeting.replace(r#""websocket""#, "").as_bytes());
}

#[test]
fn a_poll_waits_until_there_is_something_and_then_gets_all_of_it() {
    let (mut session, mut out) = (polling(), Vec::new());
    session.poll(CallId(1), at(1));
    session.flush();
    assert_eq!(done(&mut session), [""; 0]);
    session.send_text(b"a", &mut out);
    session.send_binary(&[1, 2, 3, 4], &mut out);
    session.send_text("€".as_bytes(), &mut out);
    assert_eq!(session.unsent(), 17);
    session.flush();
    assert_eq!(done(&mut session), ["1: 200 4a\x1ebAQIDBA==\x1e4€"]);
    session.send_text(b"b", &mut out);
    session.poll(CallId(2), at(2));
    assert_eq!(done(&mut session), ["2: 200 4b"]);
    assert!(out.is_empty());
}

#[test]
fn a_second_poll_at_a_time_ends_the_session() {
    let mut session = polling();
    session.poll(CallId(1), at(1));
    session.poll(CallId(2), at(1));
    assert_eq!(done(&mut session), ["1: 200 1", "2: 400"]);
    assert_eq!(session.end(), Some(End::Overlap));
    assert!(gone(&mut session));
}

#[test]
fn a_second_post_at_a_time_ends_the_session() {
    let mut session = polling();
    session.post_begins(CallId(1), None);
    session.post_begins(CallId(2), None);
    assert_eq!(done(&mut session), ["1: 400", "2: 400"]);
    session.post(CallId(1), b"4a".to_vec());
    assert_eq!((told(&mut session, at(1)), session.end()), (vec![], Some(End::Overlap)));
}

#[test]
fn a_post_is_answered_when_the_last_of_it_was_taken() {
    let mut session = polling();
    session.post_begins(CallId(9), None);
    assert_eq!(session.take(at(1)), None);
    session.post(CallId(9), "4a\x1ebAQI=\x1e6\x1e4b".as_bytes().to_vec());
    assert_eq!(session.take(at(1)), Some(Message::Text("a".into())));
    assert_eq!(session.take(at(1)), Some(Message::Binary(vec![1, 2].into())));
    assert_eq!(session.take(at(1)), Some(Message::Text("b".into())));
    assert_eq!(done(&mut session), [""; 0]);
    assert_eq!(session.take(at(1)), None);
    assert_eq!(done(&mut session), ["9: 200 ok"]);
}

#[test]
fn junk_ends_the_session_after_what_came_before_it() {
    for junk in ["abc", "", "7", "bA!", "2", "2probe"] {
        let mut session = polling();
        session.poll(CallId(1), at(1));
        assert_eq!(post(&mut session, &format!("4a\x1e{junk}\x1e4b")), ["a"], "{junk}");
        assert_eq!(done(&mut session), ["9: 200 ok", "1: 200 1"], "{junk}");
        assert!(session.end() == Some(End::Junk) && gone(&mut session), "{junk}");
    }
    let mut session = polling();
    session.post_begins(CallId(9), None);
    session.post(CallId(9), vec![b'4', 0xff]);
    assert_eq!((told(&mut session, at(1)), session.end()), (vec![], Some(End::Junk)));
    assert_eq!(done(&mut session), ["9: 200 ok"]);
}

#[test]
fn what_a_client_has_no_use_for_is_ignored() {
    let mut session = polling();
    assert_eq!(post(&mut session, "0\x1e5\x1e6\x1e3"), [""; 0]);
    assert_eq!((done(&mut session), session.end()), (vec!["9: 200 ok".to_owned()], None));
}

#[test]
fn a_body_that_is_too_long_is_not_looked_at_and_harms_nobody() {
    let mut session = polling();
    assert_eq!(post(&mut session, &"4".repeat(1001)), [""; 0]);
    assert_eq!(done(&mut session), ["9: 413"]);
    session.post_begins(CallId(8), None);
    session.post_too_big(CallId(8));
    assert_eq!(done(&mut session), ["8: 413"]);
    assert_eq!(post(&mut session, &"4".repeat(1000)).len(), 1);
    assert_eq!(done(&mut session), ["9: 200 ok"]);
}

#[test]
fn bytes_as_a_body_are_refused() {
    let mut session = polling();
    session.post_begins(CallId(1), Some("application/octet-stream"));
    assert_eq!((done(&mut session), session.end()), (vec!["1: 400".to_owned()], Some(End::Junk)));
}

#[test]
fn a_client_that_says_goodbye_has_its_poll_ended() {
    let mut session = polling();
    session.poll(CallId(1), at(1));
    assert_eq!(post(&mut session, "4a\x1e1\x1e4b"), ["a"]);
    assert_eq!(done(&mut session), ["9: 200 ok", "1: 200 6"]);
    assert!(session.end() == Some(End::ByClient) && gone(&mut session));
    let mut session = on_websocket();
    assert_eq!(session.hear(Text("1"), at(1)), None);
    assert_eq!((session.hear(Text("4late"), at(1)), session.end()), (None, Some(End::ByClient)));
}

#[test]
fn a_request_that_was_given_up_ends_the_session() {
    let mut session = polling();
    session.gone(CallId(3));
    assert_eq!(session.end(), None);
    session.poll(CallId(1), at(1));
    session.post_begins(CallId(2), None);
    session.gone(CallId(1));
    assert_eq!((done(&mut session), session.end()), (vec!["2: 400".to_owned()], Some(End::Gone)));
}

#[test]
fn a_session_we_end_hears_of_it_after_the_last_of_what_waits() {
    let (mut session, mut out) = (polling(), Vec::new());
    session.send_text(b"a", &mut out);
    session.close(at(5));
    session.send_text(b"late", &mut out);
    assert_eq!(session.end(), None);
    assert_eq!(post(&mut session, "4nobody listens"), [""; 0]);
    session.poll(CallId(1), at(9));
    assert_eq!(done(&mut session), ["9: 200 ok", "1: 200 4a"]);
    assert_eq!((session.end(), session.deadline()), (None, Some(9 + LAST_WORD_MS)));
    session.poll(CallId(2), at(10));
    assert_eq!(done(&mut session), ["2: 200 1"]);
    assert_eq!((session.end(), session.deadline()), (Some(End::ByServer), None));

    let mut session = polling();
    session.poll(CallId(1), at(5));
    session.close(at(5));
    assert_eq!((done(&mut session), session.end()), (vec!["1: 200 1".to_owned()], Some(End::ByServer)));

    let mut session = polling();
    session.send_text(b"nobody comes for it", &mut out);
    session.close(at(5));
    session.time(at(4 + LAST_POLL_MS), &mut out);
    assert_eq!(session.end(), None);
    session.time(at(5 + LAST_POLL_MS), &mut out);
    assert!(gone(&mut session));
    let mut session = on_websocket();
    session.close(at(5));
    assert_eq!((session.end(), out), (Some(End::ByServer), vec![]));
}

#[test]
fn a_post_with_which_the_layer_above_ends_the_session_is_answered_like_any() {
    let mut session = polling();
    session.poll(CallId(1), at(1));
    session.post_begins(CallId(9), None);
    session.post(CallId(9), b"4a\x1e4b".to_vec());
    assert_eq!(session.take(at(1)), Some(Message::Text("a".into())));
    session.close(at(1));
    assert_eq!(done(&mut session), ["9: 200 ok", "1: 200 1"]);
    assert_eq!((session.take(at(1)), session.end()), (None, Some(End::ByServer)));
}

#[test]
fn a_post_with_which_it_ends_the_session_is_answered_though_nobody_polls() {
    let mut session = polling();
    session.post_begins(CallId(3), None);
    session.post(CallId(3), b"4junk\x1e4more".to_vec());
    assert_eq!(session.take(at(1)), Some(Message::Text("junk".into())));
    session.close(at(1));
    assert_eq!(done(&mut session), ["3: 200 ok"]);
    assert_eq!(session.take(at(1)), None, "what comes after it is not heard");
    session.post_begins(CallId(4), None);
    session.post(CallId(4), b"4even more".to_vec());
    assert_eq!((done(&mut session), session.take(at(1))), (vec!["4: 200 ok".to_owned()], None));
    session.poll(CallId(5), at(2));
    assert_eq!(done(&mut session), ["5: 200 1"]);
    assert!(gone(&mut session));
}

#[test]
fn who_does_not_come_for_more_than_may_wait_is_given_up() {
    let (mut session, mut out) = (polling(), Vec::new());
    session.send_text(&[b'x'; 199], &mut out);
    assert_eq!(session.end(), None);
    session.send_text(b"", &mut out);
    assert_eq!(session.end(), Some(End::Behind));
    assert_eq!(session.unsent(), 0);
}

#[test]
fn pings_come_at_the_interval_and_only_a_pong_in_time_keeps_the_session() {
    let mut out = Vec::new();
    let mut session = on_websocket();
    session.time(at(24_999), &mut out);
    assert_eq!((out.len(), session.deadline()), (0, Some(25_000)));
    session.time(at(25_000), &mut out);
    assert_eq!((out.as_slice(), session.deadline()), (&b"\x81\x012"[..], Some(45_000)));
    assert_eq!(session.hear(Text("4a"), at(26_000)), Some(Message::Text("a".into())));
    assert_eq!(session.hear(Text("3"), at(30_000)), None);
    assert_eq!(session.deadline(), Some(55_000));
    session.time(at(55_000), &mut out);
    session.time(at(75_000), &mut out);
    assert_eq!((session.end(), session.deadline()), (Some(End::Silent), None));

    let mut session = polling();
    session.poll(CallId(1), at(1));
    session.time(at(25_000), &mut out);
    session.poll(CallId(2), at(25_001));
    session.time(at(45_000), &mut out);
    assert_eq!(done(&mut session), ["1: 200 2", "2: 200 1"]);
    assert!(gone(&mut session));
}

#[test]
fn on_a_websocket_messages_are_what_they_are() {
    let (mut session, mut out) = (on_websocket(), Vec::new());
    assert_eq!(session.hear(Text("4hi"), at(1)), Some(Message::Text("hi".into())));
    assert_eq!(session.hear(Bytes(&[1, 2]), at(1)), Some(Message::Binary(vec![1, 2].into())));
    assert_eq!(session.hear(Text("bAQI="), at(1)), Some(Message::Binary(vec![1, 2].into())));
    assert_eq!(session.hear(Text("6"), at(1)), None);
    session.send_text(b"yo", &mut out);
    session.send_binary(&[3], &mut out);
    assert_eq!((out.as_slice(), session.end()), (&b"\x81\x034yo\x82\x01\x03"[..], None));
    for junk in ["", "7", "2", "2probe"] {
        let mut session = on_websocket();
        assert_eq!((session.hear(Text(junk), at(1)), session.end()), (None, Some(End::Junk)), "{junk}");
    }
}

#[test]
fn a_websocket_takes_over_with_what_waited_for_a_poll() {
    let (mut session, mut out) = (polling(), Vec::new());
    session.poll(CallId(1), at(1));
    assert!(session.probe_opens(at(1)));
    session.probe_hears(Text("2probe"), at(2), &mut out);
    assert_eq!(done(&mut session), ["probe: 3probe", "1: 200 6"]);
    session.send_text(b"a", &mut out);
    session.send_binary(&[1, 2], &mut out);
    session.flush();
    session.probe_hears(Text("5"), at(3), &mut out);
    assert_eq!(done(&mut session), ["upgraded"]);
    assert_eq!((out.as_slice(), session.is_polling()), (&b"\x81\x024a\x82\x02\x01\x02"[..], false));
    assert_eq!(session.hear(Text("4b"), at(3)), Some(Message::Text("b".into())));
    session.poll(CallId(2), at(4));
    session.post_begins(CallId(3), None);
    let refused = format!(" 400 {}", String::from_utf8_lossy(&Answer::refused(Refusal::BadRequest).body));
    assert_eq!(done(&mut session), [format!("2:{refused}"), format!("3:{refused}")]);
    assert!(!session.probe_opens(at(4)));
    assert_eq!(session.end(), None);
}

#[test]
fn a_poll_during_the_probe_is_ended_after_a_while() {
    let (mut session, mut out) = (polling(), Vec::new());
    assert!(session.probe_opens(at(1)));
    session.probe_hears(Text("2probe"), at(2), &mut out);
    session.poll(CallId(1), at(10));
    assert_eq!((done(&mut session), session.deadline()), (vec!["probe: 3probe".to_owned()], Some(10 + RELEASE_MS)));
    session.time(at(10 + RELEASE_MS), &mut out);
    assert_eq!(done(&mut session), ["1: 200 6"]);
}

#[test]
fn a_probe_that_says_something_else_or_nothing_is_dropped_and_the_session_polls_on() {
    let mut out = Vec::new();
    for junk in [Text("40"), Text(""), Text("2"), Text("3probe"), Bytes(&[1])] {
        let mut session = polling();
        assert!(session.probe_opens(at(1)) && !session.probe_opens(at(1)));
        session.probe_hears(junk, at(2), &mut out);
        assert_eq!(done(&mut session), ["close probe"], "{junk:?}");
        assert!(session.probe_opens(at(2)));
        session.time(at(2 + PROBE_MS), &mut out);
        assert_eq!(done(&mut session), ["close probe"]);
        assert_eq!(session.end(), None);
    }
    let mut session = polling();
    assert!(session.probe_opens(at(1)));
    session.probe_gone();
    session.probe_hears(Text("5"), at(2), &mut out);
    assert!(session.is_polling() && session.probe_opens(at(3)));
    session.close(at(4));
    assert_eq!(done(&mut session), ["close probe"]);
    assert!(!session.probe_opens(at(5)));
}

#[test]
fn nothing_takes_over_while_a_post_is_under_way() {
    let (mut session, mut out) = (polling(), Vec::new());
    session.post_begins(CallId(1), None);
    assert!(session.probe_opens(at(1)));
    session.probe_hears(Text("5"), at(2), &mut out);
    assert_eq!(done(&mut session), ["1: 400", "close probe"]);
    assert_eq!(session.end(), Some(End::Overlap));
}
