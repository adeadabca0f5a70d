//! Clients of Socket.IO, in any order of what they and the world may do: every request over HTTP is answered once, and whoever is
//! gone leaves nothing behind.

use parlour_engine::code::Code;
use parlour_engine::forward::{Place, ShardId};
use parlour_engine::io::{Call, CallId, ConnId, Identity, Input, Now, Output, Polled, Reply, Role};
use parlour_engine::limits::Limits;
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Second, Settings, Shard};
use parlour_engine::wire::{Mode, Speaks};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const JOIN: &str = r#"40/game,{"token":"good"}"#;
const BEAT: &str = r#"42/game,7["game:heartbeat",{"type":"heartbeat","message_id":"m"}]"#;
/// What clients say, and what nobody should.
const SAID: [&str; 14] = [
    JOIN,
    BEAT,
    r#"40/game,{"token":"bad"}"#,
    r#"40/other,"#,
    "40",
    "41/game,",
    "3",
    "2probe",
    "5",
    "1",
    "42/game,[\"game:join\",{\"type\":\"join_game\",\"message_id\":\"j\",\"game_id\":\"nowhere\"}]",
    "451-/game,[\"x\",{\"_placeholder\":true,\"num\":0}]",
    "bAQI=",
    "junk",
];

#[derive(Clone, Debug)]
enum Step {
    OpensPolling,
    OpensWebSocket,
    Polls(u8),
    Posts(u8, Vec<u8>),
    BeginsPost(u8),
    GivesUp(u8),
    Probes(u8),
    Says(u8, u8),
    SaysBytes(u8),
    Cuts(u8),
    Verifies(bool),
    Waits(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let words = || prop::collection::vec(0..SAID.len() as u8, 0..4);
    let step = prop_oneof![
        1 => Just(Step::OpensPolling),
        1 => Just(Step::OpensWebSocket),
        3 => any::<u8>().prop_map(Step::Polls),
        4 => (any::<u8>(), words()).prop_map(|(who, words)| Step::Posts(who, words)),
        1 => any::<u8>().prop_map(Step::BeginsPost),
        1 => any::<u8>().prop_map(Step::GivesUp),
        2 => any::<u8>().prop_map(Step::Probes),
        6 => (any::<u8>(), 0..SAID.len() as u8).prop_map(|(who, what)| Step::Says(who, what)),
        1 => any::<u8>().prop_map(Step::SaysBytes),
        1 => any::<u8>().prop_map(Step::Cuts),
        4 => any::<bool>().prop_map(Step::Verifies),
        2 => (0..30_000u64).prop_map(Step::Waits),
    ];
    prop::collection::vec(step, 1..60)
}

struct World {
    shard: Shard,
    now: Now,
    made: u64,
    sids: Vec<String>,
    sockets: Vec<ConnId>,
    /// Requests and their sessions that wait for an answer.
    waiting: BTreeMap<CallId, String>,
    answered: BTreeSet<CallId>,
    verifying: Vec<(ConnId, String)>,
    /// Sessions that are counted though they have no socket.
    counted: BTreeSet<ConnId>,
    connections: u64,
    written: Vec<u8>,
    paused: BTreeSet<ConnId>,
    closed: BTreeSet<ConnId>,
}

impl World {
    fn new() -> Self {
        let place = Place { shard: ShardId(0), shards: 1 };
        let (kinds, limits, server) = (Kinds::default(), Limits::default(), "test".to_owned());
        let (second, mode) = (Second::default(), Mode::default());
        Self {
            shard: Shard::new(Settings { kinds, limits, place, server, second, mode, tracks: false, planted: None }),
            now: Now { mono_ms: 1_000, wall_ms: 1_000_000 },
            made: 0,
            sids: Vec::new(),
            sockets: Vec::new(),
            waiting: BTreeMap::new(),
            answered: BTreeSet::new(),
            verifying: Vec::new(),
            counted: BTreeSet::new(),
            connections: 0,
            written: Vec::new(),
            paused: BTreeSet::new(),
            closed: BTreeSet::new(),
        }
    }

    fn name(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn handle(&mut self, input: Input<'_>) {
        self.shard.handle(input, self.now);
        let mut closed = Vec::new();
        while let Some(output) = self.shard.poll() {
            match output {
                Output::Reply { reply: Reply::Counts(counts), .. } => self.connections = counts.connections,
                Output::Reply { to, reply: Reply::Polled(answer) } => {
                    assert!(self.answered.insert(to), "{to:?} is answered twice");
                    self.waiting.remove(&to);
                    let body = String::from_utf8(answer.body).expect("payloads are text");
                    if let Some(sid) = body.strip_prefix(r#"0{"sid":""#).and_then(|rest| rest.split('"').next()) {
                        self.sids.push(sid.to_owned());
                    }
                }
                Output::Write { conn, bytes } => {
                    assert!(self.sockets.contains(&conn), "{conn:?} has no socket");
                    self.written.extend_from_slice(&bytes);
                    if let Some(at) = bytes.windows(8).position(|part| part == br#"0{"sid":"#) {
                        let sid: Vec<u8> = bytes[at + 9..].iter().copied().take_while(|byte| *byte != b'"').collect();
                        self.sids.push(String::from_utf8(sid).expect("text"));
                    }
                }
                Output::Pause(conn) => {
                    self.paused.insert(conn);
                }
                Output::Resume(conn) => {
                    self.paused.remove(&conn);
                }
                Output::Close(conn) => closed.push(conn),
                Output::Verify { conn, token } => self.verifying.push((conn, token)),
                Output::Released(conn) => assert!(self.counted.remove(&conn), "{conn:?} is not counted"),
                _ => {}
            }
        }
        for conn in closed {
            assert!(self.sockets.contains(&conn), "{conn:?} has no socket to close");
            self.closed.insert(conn);
            self.cut(conn);
        }
    }

    fn cut(&mut self, socket: ConnId) {
        self.sockets.retain(|other| *other != socket);
        self.handle(Input::Closed(socket));
    }

    fn says(&mut self, socket: ConnId, opcode: u8, payload: &[u8]) {
        // Masked by zeros, which is how it was.
        let mut bytes = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).expect("short"), 0, 0, 0, 0];
        bytes.extend_from_slice(payload);
        self.handle(Input::Bytes { conn: socket, bytes: &mut bytes });
    }

    fn asks(&mut self, sid: &str, polled: Polled) -> CallId {
        let from = CallId(self.name());
        self.waiting.insert(from, sid.to_owned());
        self.handle(Input::Polled { from, polled });
        from
    }

    fn verifies(&mut self, is_known: bool) {
        if self.verifying.is_empty() {
            return;
        }
        let (conn, token) = self.verifying.remove(0);
        let result = if is_known && token == "good" {
            Ok(Identity::lasting("ada", Role::Player))
        } else {
            Err(Code::AuthenticationFailed)
        };
        self.handle(Input::Verified { conn, result });
    }

    fn waits(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms;
        self.handle(Input::Time);
    }

    fn does(&mut self, step: Step) {
        let pick = |who: u8, from: usize| (from > 0).then(|| usize::from(who) % from);
        let sid = |world: &Self, who| pick(who, world.sids.len()).map(|at| world.sids[at].clone());
        let socket = |world: &Self, who| pick(who, world.sockets.len()).map(|at| world.sockets[at]);
        match step {
            Step::OpensPolling => {
                let conn = ConnId(self.name());
                self.counted.insert(conn);
                self.asks("", Polled::Opens { conn, address: None, entropy: [conn.0 as u8; 32], token: None });
            }
            Step::OpensWebSocket => {
                let conn = ConnId(self.name());
                self.sockets.push(conn);
                let (speaks, entropy) = (Speaks::SocketIo, [conn.0 as u8; 32]);
                self.handle(Input::Opened {
                    conn,
                    speaks,
                    target: String::new(),
                    address: None,
                    entropy,
                    token: None,
                    guest: None,
                    guest_token: None,
                });
            }
            Step::Polls(who) => {
                if let Some(sid) = sid(self, who) {
                    self.asks(&sid, Polled::Asks { sid: sid.clone() });
                }
            }
            Step::Posts(who, words) => {
                let Some(sid) = sid(self, who) else { return };
                let from = self.asks(&sid, Polled::Begins { sid: sid.clone(), content_type: None });
                let words: Vec<&str> = words.into_iter().map(|word| SAID[usize::from(word)]).collect();
                let body = (!words.is_empty()).then(|| words.join("\x1e").into_bytes());
                self.handle(Input::Polled { from, polled: Polled::Says { sid, body } });
            }
            Step::BeginsPost(who) => {
                if let Some(sid) = sid(self, who) {
                    self.asks(&sid, Polled::Begins { sid: sid.clone(), content_type: Some("text/plain".to_owned()) });
                }
            }
            Step::GivesUp(who) => {
                let Some(at) = pick(who, self.waiting.len()) else { return };
                let (from, sid) = self.waiting.iter().nth(at).map(|(from, sid)| (*from, sid.clone())).expect("picked");
                self.waiting.remove(&from);
                self.handle(Input::Polled { from, polled: Polled::Gone { sid } });
            }
            Step::Probes(who) => {
                let Some(sid) = sid(self, who) else { return };
                let conn = ConnId(self.name());
                self.sockets.push(conn);
                self.handle(Input::Probes { conn, sid });
            }
            Step::Says(who, what) => {
                if let Some(socket) = socket(self, who) {
                    self.says(socket, 1, SAID[usize::from(what)].as_bytes());
                }
            }
            Step::SaysBytes(who) => {
                if let Some(socket) = socket(self, who) {
                    self.says(socket, 2, b"bytes");
                }
            }
            Step::Cuts(who) => {
                if let Some(socket) = socket(self, who) {
                    self.cut(socket);
                }
            }
            Step::Verifies(is_known) => self.verifies(is_known),
            Step::Waits(ms) => self.waits(ms),
        }
    }

    /// Nobody says anything more: what is left when every time has run out.
    fn ends(mut self) {
        while !self.verifying.is_empty() {
            self.verifies(true);
        }
        for _ in 0..200 {
            self.waits(1_000);
        }
        for socket in self.sockets.clone() {
            self.cut(socket);
        }
        assert!(self.waiting.is_empty(), "never answered: {:?}", self.waiting);
        assert!(self.counted.is_empty(), "still counted: {:?}", self.counted);
        let (by, entropy) = (Identity::lasting("root", Role::Admin), [1; 32]);
        self.connections = u64::MAX;
        self.handle(Input::Call { from: CallId(0), by, entropy, call: Call::Counts });
        assert_eq!(self.connections, 0, "sessions are left");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_request_is_answered_once_and_nothing_is_left_behind(steps in steps()) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.does(step));
        world.ends();
    }
}

#[test]
fn a_session_is_taken_over_by_a_socket_with_all_that_waits_for_it() {
    let mut world = World::new();
    world.does(Step::OpensPolling);
    let sid = world.sids[0].clone();
    world.does(Step::Posts(0, vec![0]));
    assert_eq!(world.verifying.len(), 1);
    world.verifies(true);
    world.does(Step::Probes(0));
    let socket = world.sockets[0];
    world.says(socket, 1, b"2probe");
    world.says(socket, 1, b"5");
    assert!(world.counted.is_empty(), "it has a socket");
    world.says(socket, 1, BEAT.as_bytes());
    world.asks(&sid, Polled::Asks { sid: sid.clone() });
    assert!(world.waiting.is_empty(), "a session on a socket is not polled");
    world.cut(socket);
    world.ends();
}

#[test]
fn a_socket_serves_one_session_after_another_and_nothing_that_waited_is_lost() {
    let mut world = World::new();
    world.does(Step::OpensWebSocket);
    let socket = world.sockets[0];
    world.says(socket, 1, JOIN.as_bytes());
    for life in 0..4 {
        // While the token is looked at, what comes waits: here that its client leaves, and comes again with something to say.
        world.says(socket, 1, b"41/game,");
        world.says(socket, 1, JOIN.as_bytes());
        world.says(socket, 1, BEAT.replace("7[", &format!("1{life}[")).as_bytes());
        world.written.clear();
        world.verifies(true);
        world.verifies(true);
        let written = String::from_utf8_lossy(&world.written).into_owned();
        let ack = format!("43/game,1{life}[");
        assert_eq!(written.matches(r#"40/game,{"sid""#).count(), 2, "life {life}: {written}");
        assert_eq!(written.matches(&ack).count(), 1, "life {life}: {written}");
        world.says(socket, 1, b"41/game,");
        world.says(socket, 1, JOIN.as_bytes());
    }
    assert!(world.closed.is_empty());
    world.ends();
}

#[test]
fn who_says_nothing_that_counts_all_the_time_is_told_to_go() {
    for said in [r"40/x,", "3", "42/game,[0", r#"40/game,{"token":"bad"}"#] {
        let mut world = World::new();
        world.does(Step::OpensWebSocket);
        let socket = world.sockets[0];
        for _ in 0..20_000 {
            if world.closed.contains(&socket) {
                break;
            }
            world.says(socket, 1, said.as_bytes());
            world.verifies(true);
        }
        assert!(world.closed.contains(&socket), "{said} is heard for ever");
        world.ends();
    }
}

#[test]
fn what_is_tried_out_on_a_session_that_is_owed_too_much_is_held_too() {
    let mut world = World::new();
    world.does(Step::OpensPolling);
    let sid = world.sids[0].clone();
    // Each is answered, and nobody polls.
    for _ in 0..20 {
        let from = world.asks(&sid, Polled::Begins { sid: sid.clone(), content_type: None });
        let body = vec![format!("40/{},", "x".repeat(100)); 500].join("\x1e").into_bytes();
        world.handle(Input::Polled { from, polled: Polled::Says { sid: sid.clone(), body: Some(body) } });
        world.waits(1_000);
    }
    world.does(Step::Probes(0));
    if let Some(socket) = world.sockets.first().copied() {
        assert!(world.paused.contains(&socket), "it is read on and on");
        for _ in 0..100 {
            if world.sockets.contains(&socket) {
                world.says(socket, 2, &[0; 100]);
            }
        }
    }
    world.ends();
}
