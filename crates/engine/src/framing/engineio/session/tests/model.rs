//! Any order of what may happen: a client that keeps to the protocol gets every message once and in order, both ways; and
//! whatever a client does, each of its requests is answered once.

use super::{TERMS, at};
use crate::framing::engineio::{Message, Output, Packet, SEPARATOR, Session, Terms};
use crate::framing::websocket;
use crate::io::CallId;
use crate::limits::POLL_PACKETS;
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
enum Step {
    Send {
        binary: bool,
    },
    /// More than one answer may have.
    Burst,
    Flush,
    Take,
    Time(u64),
    /// The oldest answer under way arrives.
    Arrive,
    Poll,
    Post(u8),
    /// The body of the post that has begun.
    Body,
    Probe,
    Upgrade,
    Speak {
        binary: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<bool>().prop_map(|binary| Step::Send { binary }),
        1 => Just(Step::Burst),
        3 => Just(Step::Flush),
        4 => Just(Step::Take),
        1 => (0_u64..300).prop_map(Step::Time),
        5 => Just(Step::Arrive),
        4 => Just(Step::Poll),
        3 => (0_u8..4).prop_map(Step::Post),
        3 => Just(Step::Body),
        1 => Just(Step::Probe),
        2 => Just(Step::Upgrade),
        3 => any::<bool>().prop_map(|binary| Step::Speak { binary }),
    ];
    prop::collection::vec(step, 0..120)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    None,
    Tried,
    Answered,
    Taken,
}

/// A client that keeps to the protocol, and the way between.
struct World {
    session: Session,
    now: u64,
    calls: u64,
    under_way: VecDeque<(CallId, Vec<u8>)>,
    poll: Option<CallId>,
    post: Option<CallId>,
    body: Option<Vec<u8>>,
    link: Link,
    /// A ping it has to answer.
    owes_pong: bool,
    frames: Vec<u8>,
    sent: u32,
    heard: Vec<u32>,
    spoken: u32,
    taken: Vec<u32>,
}

impl World {
    fn new() -> Self {
        let terms = Terms { ping_interval_ms: 500, ping_timeout_ms: 1_000_000, payload_bytes: 10_000, unsent_bytes: 100_000 };
        Self {
            session: Session::polling("abc".to_owned(), terms, at(0)).0,
            now: 0,
            calls: 0,
            under_way: VecDeque::new(),
            poll: None,
            post: None,
            body: None,
            link: Link::None,
            owes_pong: false,
            frames: Vec::new(),
            sent: 0,
            heard: Vec::new(),
            spoken: 0,
            taken: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        let now = at(self.now);
        match step {
            Step::Send { binary: false } => {
                self.session.send_text(self.sent.to_string().as_bytes(), &mut self.frames);
                self.sent += 1;
            }
            Step::Send { binary: true } => {
                self.session.send_binary(&self.sent.to_be_bytes(), &mut self.frames);
                self.sent += 1;
            }
            Step::Burst => {
                for _ in 0..POLL_PACKETS + 4 {
                    self.step(Step::Send { binary: false });
                }
            }
            Step::Flush => self.session.flush(),
            Step::Take => {
                if let Some(message) = self.session.take(now) {
                    self.take(&message);
                }
            }
            Step::Time(ms) => {
                self.now += ms;
                self.session.time(at(self.now), &mut self.frames);
            }
            Step::Arrive => self.arrive(),
            Step::Poll if self.poll.is_none() && matches!(self.link, Link::None | Link::Tried) => {
                self.poll = Some(self.call());
                self.session.poll(CallId(self.calls), now);
            }
            Step::Post(count) if self.post.is_none() && self.link != Link::Taken => {
                let mut body = Vec::new();
                if std::mem::take(&mut self.owes_pong) {
                    Packet::Pong("".into()).write_polled(&mut body);
                }
                for _ in 0..count {
                    self.packet(count % 2 == 0).write_polled(&mut body);
                }
                if !body.is_empty() {
                    self.post = Some(self.call());
                    self.body = Some(body);
                    self.session.post_begins(CallId(self.calls), None);
                }
            }
            Step::Body => {
                if let (Some(call), Some(body)) = (self.post, self.body.take()) {
                    self.session.post(call, body);
                }
            }
            Step::Probe if self.link == Link::None => {
                assert!(self.session.probe_opens(now));
                self.session.probe_hears(websocket::Message::Text("2probe"), now, &mut self.frames);
                self.link = Link::Tried;
            }
            Step::Upgrade if self.link == Link::Answered && self.poll.is_none() && self.post.is_none() => {
                self.session.probe_hears(websocket::Message::Text("5"), now, &mut self.frames);
                self.link = Link::Taken;
            }
            Step::Speak { binary } if self.link == Link::Taken => {
                if std::mem::take(&mut self.owes_pong) {
                    assert_eq!(self.session.hear(websocket::Message::Text("3"), now), None);
                }
                let packet = self.packet(binary);
                let text = match &packet {
                    Packet::Text(text) => format!("4{text}"),
                    _ => String::new(),
                };
                let message = match &packet {
                    Packet::Binary(bytes) => websocket::Message::Binary(bytes),
                    _ => websocket::Message::Text(&text),
                };
                let message = self.session.hear(message, now).expect("a message");
                self.take(&message);
            }
            _ => {}
        }
        self.carry_out();
    }

    fn call(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    fn packet(&mut self, binary: bool) -> Packet<'static> {
        let number = self.spoken;
        self.spoken += 1;
        if binary { Packet::Binary(number.to_be_bytes().to_vec().into()) } else { Packet::Text(number.to_string().into()) }
    }

    fn take(&mut self, message: &Message<'_>) {
        let number = match message {
            Message::Text(text) => text.parse().expect("a number"),
            Message::Binary(bytes) => u32::from_be_bytes(bytes[..].try_into().expect("a number")),
        };
        self.taken.push(number);
    }

    fn carry_out(&mut self) {
        assert_eq!(self.session.end(), None);
        while let Some(output) = self.session.next_output() {
            match output {
                Output::Answer(call, answer) => {
                    assert_eq!(answer.status, 200);
                    self.under_way.push_back((call, answer.body));
                }
                Output::WriteProbe(frame) => {
                    assert_eq!(&frame[2..], b"3probe");
                    self.link = Link::Answered;
                }
                Output::Upgraded => assert!(self.link != Link::None),
                Output::CloseProbe => assert!(std::mem::replace(&mut self.link, Link::None) != Link::Taken),
            }
        }
        self.read_frames();
    }

    fn arrive(&mut self) {
        let Some((call, body)) = self.under_way.pop_front() else { return };
        if self.post == Some(call) {
            self.post = None;
            return assert_eq!(body, b"ok");
        }
        assert_eq!(self.poll.take(), Some(call), "an answer that nobody waits for");
        let payload = String::from_utf8(body).expect("text");
        assert!(payload.split(SEPARATOR).count() <= POLL_PACKETS);
        let mut rest = Some(payload.as_str());
        while let Some(payload) = rest {
            let (packet, after) = Packet::read_first(payload);
            self.hear(packet.expect("a packet"));
            rest = after;
        }
    }

    fn read_frames(&mut self) {
        let frames = std::mem::take(&mut self.frames);
        let mut rest = frames.as_slice();
        while let [first, len, after @ ..] = rest {
            let (data, after) = after.split_at(usize::from(*len));
            match first {
                0x81 => self.hear(Packet::read(std::str::from_utf8(data).expect("text")).expect("a packet")),
                _ => self.hear(Packet::Binary(data.into())),
            }
            rest = after;
        }
    }

    fn hear(&mut self, packet: Packet<'_>) {
        match packet {
            Packet::Text(text) => self.heard.push(text.parse().expect("a number")),
            Packet::Binary(bytes) => self.heard.push(u32::from_be_bytes(bytes[..].try_into().expect("a number"))),
            Packet::Ping(_) => self.owes_pong = true,
            Packet::Noop => {}
            odd => panic!("{odd:?}"),
        }
    }

    /// Lets everything under way arrive.
    fn finish(&mut self) {
        let mut rounds = 10 + self.sent + self.spoken;
        while self.heard.len() < self.sent as usize || self.taken.len() < self.spoken as usize {
            assert!(rounds > 0, "something is stuck");
            rounds -= 1;
            for step in [Step::Body, Step::Take, Step::Take, Step::Take, Step::Take, Step::Arrive, Step::Arrive] {
                self.step(step);
            }
            self.step(Step::Upgrade);
            self.step(Step::Poll);
            self.step(Step::Flush);
        }
    }
}

/// What a client does that keeps to nothing.
#[derive(Clone, Debug)]
enum Mischief {
    Poll,
    Begin { bytes: bool },
    Body(u64, Vec<u8>),
    TooBig(u64),
    Gone(u64),
    Take,
    Send(Vec<u8>),
    Flush,
    Open,
    ProbeText(String),
    ProbeBytes(Vec<u8>),
    ProbeGone,
    Text(String),
    Bytes(Vec<u8>),
    Close,
    Time(u64),
}

fn mischief() -> impl Strategy<Value = Mischief> {
    let text = || prop_oneof!["[0-7b]", "[0-7b].{0,3}", Just("2probe".to_owned()), "\\PC{0,4}"];
    let body = prop_oneof![
        prop::collection::vec(text(), 0..4).prop_map(|all| all.join("\x1e").into_bytes()),
        prop::collection::vec(any::<u8>(), 0..1100),
    ];
    prop_oneof![
        4 => Just(Mischief::Poll),
        4 => prop::bool::weighted(0.1).prop_map(|bytes| Mischief::Begin { bytes }),
        4 => (0_u64..1000, body).prop_map(|(call, body)| Mischief::Body(call, body)),
        1 => (0_u64..1000).prop_map(Mischief::TooBig),
        1 => (0_u64..1000).prop_map(Mischief::Gone),
        3 => Just(Mischief::Take),
        3 => prop::collection::vec(b'a'..=b'z', 0..150).prop_map(Mischief::Send),
        2 => Just(Mischief::Flush),
        2 => Just(Mischief::Open),
        4 => text().prop_map(Mischief::ProbeText),
        1 => any::<Vec<u8>>().prop_map(Mischief::ProbeBytes),
        1 => Just(Mischief::ProbeGone),
        3 => text().prop_map(Mischief::Text),
        1 => any::<Vec<u8>>().prop_map(Mischief::Bytes),
        1 => Just(Mischief::Close),
        2 => (0_u64..20_000).prop_map(Mischief::Time),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_message_arrives_once_and_in_order_whatever_the_order_of_polls_posts_and_the_upgrade(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.finish();
        prop_assert_eq!(&world.heard, &(0..world.sent).collect::<Vec<_>>());
        prop_assert_eq!(&world.taken, &(0..world.spoken).collect::<Vec<_>>());
    }

    #[test]
    fn whatever_a_client_does_each_of_its_requests_is_answered_once(all in prop::collection::vec(mischief(), 0..60)) {
        let (mut session, mut out, mut now) = (Session::polling("abc".to_owned(), TERMS, at(0)).0, Vec::new(), 0);
        let (mut asked, mut answered, mut calls) = (Vec::<CallId>::new(), Vec::new(), 1000);
        // A call is never used twice: each request gets the next number, and later words are about one that there was, or is not.
        let pick = |asked: &[CallId], choice: u64| asked.get((choice % 8) as usize).copied().unwrap_or(CallId(choice));
        for thing in all {
            match thing {
                Mischief::Poll => {
                    calls += 1;
                    asked.push(CallId(calls));
                    session.poll(CallId(calls), at(now));
                }
                Mischief::Begin { bytes } => {
                    calls += 1;
                    asked.push(CallId(calls));
                    session.post_begins(CallId(calls), bytes.then_some("application/octet-stream"));
                }
                Mischief::Body(choice, body) => session.post(pick(&asked, choice), body),
                Mischief::TooBig(choice) => session.post_too_big(pick(&asked, choice)),
                Mischief::Gone(choice) => {
                    let call = pick(&asked, choice);
                    session.gone(call);
                    // Nobody is there to be answered.
                    asked.retain(|asked| *asked != call);
                    answered.retain(|answered| *answered != call);
                }
                Mischief::Take => drop(session.take(at(now))),
                Mischief::Send(text) => session.send_text(&text, &mut out),
                Mischief::Flush => session.flush(),
                Mischief::Open => drop(session.probe_opens(at(now))),
                Mischief::ProbeText(text) => session.probe_hears(websocket::Message::Text(&text), at(now), &mut out),
                Mischief::ProbeBytes(bytes) => session.probe_hears(websocket::Message::Binary(&bytes), at(now), &mut out),
                Mischief::ProbeGone => session.probe_gone(),
                Mischief::Text(text) => drop(session.hear(websocket::Message::Text(&text), at(now))),
                Mischief::Bytes(bytes) => drop(session.hear(websocket::Message::Binary(&bytes), at(now))),
                Mischief::Close => session.close(at(now)),
                Mischief::Time(ms) => {
                    now += ms;
                    session.time(at(now), &mut out);
                }
            }
            while let Some(output) = session.next_output() {
                if let Output::Answer(call, _) = output && asked.contains(&call) {
                    answered.push(call);
                }
            }
            prop_assert!(session.unsent() <= TERMS.unsent_bytes);
        }
        let ping_and_all = TERMS.ping_interval_ms + TERMS.ping_timeout_ms;
        for wait in [ping_and_all, ping_and_all] {
            now += wait;
            session.time(at(now), &mut out);
            session.time(at(now), &mut out);
        }
        prop_assert!(session.end().is_some());
        while let Some(output) = session.next_output() {
            if let Output::Answer(call, _) = output && asked.contains(&call) {
                answered.push(call);
            }
        }
        answered.sort();
        prop_assert_eq!(answered, asked);
    }
}
