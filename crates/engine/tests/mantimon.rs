//! Whole games of cards through the dialect mantimon, with the shard behind it: every message has the fields that it must have,
//! in the order in which they must come, and a link that is cut costs nobody an event.

use parlour_cards::Cards;
use parlour_engine::dialect::mantimon::Mantimon;
use parlour_engine::dialect::{Dialect, Heard, Mode, Out};
use parlour_engine::forward::Place;
use parlour_engine::framing::websocket::{self, Opcode};
use parlour_engine::io::{ConnId, Identity, Input, Now, Output, Role};
use parlour_engine::limits::Limits;
use parlour_engine::lookup::{Found, Lookup};
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Second, Settings, Shard};
use parlour_engine::store::RoomRow;
use parlour_engine::wire::Speaks;
use parlour_room::Dice;
use serde_json::{Value, json};
use std::collections::VecDeque;

const GAME: &str = "cards-1";

/// What a message of each type must have, beside its `type`, `message_id` and `timestamp`.
const FIELDS: &[(&str, &[&str])] = &[
    ("action_applied", &["action_type", "changes", "event_id", "game_id", "player_id"]),
    (
        "action_result",
        &["action_type", "changes", "details", "error_code", "error_message", "game_id", "request_message_id", "success"],
    ),
    ("error", &["code", "details", "message", "request_message_id"]),
    ("game_over", &["end_reason", "event_id", "final_state", "game_id", "winner_id"]),
    ("game_state", &["event_id", "game_id", "state"]),
    ("heartbeat_ack", &[]),
    ("opponent_status", &["game_id", "opponent_id", "status"]),
    ("turn_start", &["event_id", "game_id", "player_id", "turn_number"]),
    ("turn_timeout", &["deadline", "game_id", "is_warning", "player_id", "remaining_seconds"]),
];

/// One connection of a user, with its dialect.
struct Client {
    user: &'static str,
    conn: ConnId,
    dialect: Mantimon,
    /// What the shard wrote in this turn.
    unread: Vec<u8>,
    /// Every native text that it ever wrote.
    native: Vec<String>,
    /// Every message that the dialect made of it.
    heard: Vec<Value>,
    acks: Vec<(u64, Value)>,
}

impl Client {
    fn types(&self, from: usize) -> Vec<&str> {
        self.heard[from..].iter().map(|said| said["type"].as_str().expect("a type")).collect()
    }

    fn last(&self, kind: &str) -> &Value {
        self.heard.iter().rfind(|said| said["type"] == kind).unwrap_or_else(|| panic!("{} never heard {kind}", self.user))
    }

    /// The numbers of the public events that it was told.
    fn events(&self) -> Vec<u64> {
        let applied = self.heard.iter().filter(|said| said["type"] == "action_applied");
        let parts = applied.map(|said| said["event_id"].as_str().expect("an id").split('.').collect::<Vec<_>>());
        parts.filter(|parts| parts.len() == 2).map(|parts| parts[1].parse().expect("a number")).collect()
    }

    /// The id of the last event or state.
    fn last_event_id(&self) -> Value {
        self.heard.iter().rev().find_map(|said| said.get("event_id")).expect("something was heard").clone()
    }
}

struct World {
    shard: Shard,
    now: Now,
    mode: Mode,
    /// What makes this world's luck.
    number: u8,
    clients: Vec<Client>,
    rooms: Vec<RoomRow>,
    conns: u64,
    messages: u64,
    durable: VecDeque<u64>,
}

impl World {
    fn new(mode: Mode, number: u8) -> Self {
        let kinds = Kinds::new().with::<Cards>().expect("cards can be spoken");
        let limits = Limits { ping_ms: u64::MAX, silence_ms: u64::MAX, ..Limits::default() };
        let (server, place) = ("parlour/test".to_owned(), Place::ALONE);
        let shard = Shard::new(Settings {
            kinds,
            limits,
            place,
            server,
            second: Second::default(),
            mode: Mode::default(),
            tracks: false,
            planted: None,
        });
        let now = Now { mono_ms: 1_000, wall_ms: 1_795_255_200_000 };
        Self { shard, now, mode, number, clients: vec![], rooms: vec![], conns: 0, messages: 0, durable: VecDeque::new() }
    }

    /// Two players, both in a game that one of them opened.
    fn with_game(mode: Mode, number: u8) -> (Self, usize, usize) {
        let mut world = Self::new(mode, number);
        let (ada, bob) = (world.connect("ada"), world.connect("bob"));
        let open = json!({"type": "open_room", "payload": {"kind": "cards", "room_id": GAME, "config": {"turn_limit": 12}}});
        world.natively(ada, &open);
        world.join(ada, None);
        assert_eq!(world.clients[ada].types(0), ["game_state"]);
        world.join(bob, None);
        let told = world.clients[ada].types(1);
        assert_eq!((told.first(), told.last()), (Some(&world.first_told()), Some(&"game_state")), "{told:?}");
        assert_eq!(world.clients[ada].last("opponent_status")["status"], "connected");
        (world, ada, bob)
    }

    fn first_told(&self) -> &'static str {
        if self.mode == Mode::Strict { "action_applied" } else { "opponent_status" }
    }

    fn connect(&mut self, user: &'static str) -> usize {
        self.conns += 1;
        let conn = ConnId(self.conns);
        let mut luck = [self.number; 32];
        luck[..8].copy_from_slice(&self.conns.to_le_bytes());
        let dialect = Mantimon::new(self.mode, 1, luck);
        let (unread, native, heard, acks) = Default::default();
        self.clients.push(Client { user, conn, dialect, unread, native, heard, acks });
        let guest = Some(Identity::lasting(user, Role::Player));
        self.handle(Input::Opened {
            conn,
            speaks: Speaks::Native,
            target: String::new(),
            address: None,
            entropy: luck,
            token: None,
            guest,
            guest_token: None,
        });
        self.settle();
        self.clients.len() - 1
    }

    fn cut(&mut self, client: usize) {
        self.handle(Input::Closed(self.clients[client].conn));
        self.settle();
    }

    fn pass(&mut self, ms: u64) {
        self.now = Now { mono_ms: self.now.mono_ms + ms, wall_ms: self.now.wall_ms + ms };
        self.handle(Input::Time);
        self.settle();
    }

    fn join(&mut self, client: usize, after: Option<Value>) {
        let from = self.clients[client].heard.len();
        self.say(client, json!({"type": "join_game", "game_id": GAME, "last_event_id": after}));
        assert_eq!(self.clients[client].types(from).iter().filter(|kind| **kind == "game_state").count(), 1);
    }

    /// Says something as a client of the dialect does, and answers the ack that it gets.
    fn say(&mut self, client: usize, mut message: Value) -> Value {
        self.messages += 1;
        if message.get("message_id").is_none() {
            message["message_id"] = format!("m-{}", self.messages).into();
        }
        let (mut out, text, ack) = (Vec::new(), message.to_string(), self.messages);
        self.clients[client].dialect.hear(Heard { event: None, text: &text, ack: Some(ack) }, self.now, &mut out);
        self.carry_out(client, out);
        self.settle();
        let acks: Vec<&Value> =
            self.clients[client].acks.iter().filter(|(number, _)| *number == ack).map(|(_, body)| body).collect();
        assert_eq!(acks.len(), 1, "{message} is acknowledged once");
        acks[0].clone()
    }

    /// Says something natively on the same connection, past the dialect.
    fn natively(&mut self, client: usize, request: &Value) {
        self.send(client, &request.to_string());
        self.settle();
    }

    fn legal(&mut self, client: usize) -> Vec<Value> {
        let reference = format!("legal-{}", self.clients[client].native.len());
        self.natively(client, &json!({"type": "legal", "ref": reference, "room": GAME}));
        let answer = self.clients[client].native.iter().rfind(|text| text.contains(&reference)).expect("an answer");
        let answer: Value = serde_json::from_str(answer).expect("JSON");
        answer["payload"]["actions"].as_array().expect("actions").clone()
    }

    fn send(&mut self, client: usize, text: &str) {
        let mut frame = Vec::new();
        websocket::write_header(&mut frame, Opcode::Text, text.len());
        frame[1] |= 0x80;
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        self.handle(Input::Bytes { conn: self.clients[client].conn, bytes: &mut frame });
    }

    /// One turn: the shard takes something in, and the dialects hear what it has for their connections.
    fn handle(&mut self, input: Input<'_>) {
        self.shard.handle(input, self.now);
        while let Some(output) = self.shard.poll() {
            match output {
                Output::Write { conn, bytes } => {
                    let client = self.clients.iter_mut().find(|client| client.conn == conn).expect("a connection");
                    client.unread.extend(bytes);
                }
                Output::Append(batch) => {
                    self.rooms.extend(batch.opened);
                    self.durable.push_back(batch.commit);
                }
                Output::Load(room) => self.shard.handle(Input::Loaded { room, result: Ok(None) }, self.now),
                Output::ListDue { .. } => self.shard.handle(Input::Due(Ok(Vec::new())), self.now),
                Output::Look { look, lookup: Lookup::Rooms { .. } } => {
                    let found = Found::Rooms(self.rooms.clone());
                    self.shard.handle(Input::Looked { look, result: Ok(found) }, self.now);
                }
                Output::WakeAt(_) | Output::Drained => {}
                other => panic!("nothing here goes wrong, but: {other:?}"),
            }
        }
        for client in 0..self.clients.len() {
            let texts = read(&std::mem::take(&mut self.clients[client].unread));
            if !texts.is_empty() {
                let mut out = Vec::new();
                self.clients[client].dialect.turn(&mut texts.iter().map(String::as_str), self.now, &mut out);
                self.clients[client].native.extend(texts);
                self.carry_out(client, out);
            }
        }
    }

    fn carry_out(&mut self, client: usize, out: Vec<Out>) {
        for out in out {
            match out {
                Out::Ask(text) => self.send(client, &text),
                Out::Say { body, .. } => {
                    let said: Value = serde_json::from_str(&body).expect("JSON");
                    check(&said);
                    self.clients[client].heard.push(said);
                }
                Out::Ack { ack, body } => {
                    self.clients[client].acks.push((ack, serde_json::from_str(&body).expect("JSON")));
                }
                other => unreachable!("mantimon has no {other:?}"),
            }
        }
    }

    /// Until everything is on disk.
    fn settle(&mut self) {
        while let Some(commit) = self.durable.pop_front() {
            self.handle(Input::Durable(commit));
        }
    }

    /// Plays one of the legal actions of whoever may act: who that was, and what they were acknowledged.
    fn play(&mut self, players: [usize; 2], dice: &mut Dice) -> Option<(usize, Value)> {
        let (player, actions) = players.into_iter().map(|player| (player, self.legal(player))).find(|(_, actions)| {
            // Resigning is always legal, and is left to others.
            actions.iter().any(|action| action["type"] != "resign")
        })?;
        let actions: Vec<&Value> = actions.iter().filter(|action| action["type"] != "resign").collect();
        let action = actions[usize::try_from(dice.below(actions.len() as u64)).expect("small")];
        let ack = self.say(player, json!({"type": "action", "game_id": GAME, "action": action}));
        Some((player, ack))
    }
}

/// A message has its fields, and no others.
fn check(said: &Value) {
    let kind = said["type"].as_str().expect("a type");
    let (_, fields) = FIELDS.iter().find(|(name, _)| *name == kind).unwrap_or_else(|| panic!("{said}"));
    let mut expected: Vec<&str> = [&["type", "message_id", "timestamp"], *fields].concat();
    expected.sort_unstable();
    let found: Vec<&str> = said.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(found, expected, "{said}");
}

/// The texts of frames as a server writes them.
fn read(mut bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => (usize::try_from(u64::from_be_bytes(rest[..8].try_into().expect("8"))).expect("a length"), &rest[8..]),
            short => (usize::from(short), rest),
        };
        if first & 0x0f == 1 {
            texts.push(String::from_utf8(rest[..length].to_vec()).expect("text"));
        }
        bytes = &rest[length..];
    }
    texts
}

#[test]
fn whole_games_are_played_in_order_and_end_for_both() {
    for (number, mode) in [(1, Mode::Strict), (2, Mode::Compat), (3, Mode::Strict)] {
        let mut dice = Dice::from_number(number.into());
        let (mut world, ada, bob) = World::with_game(mode, number);
        let mut from = [world.clients[ada].heard.len(), world.clients[bob].heard.len()];
        while let Some((actor, ack)) = world.play([ada, bob], &mut dice) {
            assert_eq!((&ack["type"], &ack["success"]), (&json!("action_result"), &json!(true)), "{ack}");
            assert!(ack["changes"]["events"].as_array().is_some_and(|events| !events.is_empty()), "{ack}");
            let told = world.clients[actor].types(from[usize::from(actor == bob)]);
            assert_eq!(told[0], "action_result", "{told:?}");
            assert_eq!(told.iter().filter(|kind| **kind == "game_state").count(), 1, "{told:?}");
            assert!(matches!(told[..], [.., "game_state"] | [.., "game_state", "game_over"]), "{told:?}");
            from = [world.clients[ada].heard.len(), world.clients[bob].heard.len()];
        }
        for client in [ada, bob] {
            let client = &world.clients[client];
            assert_eq!(client.last("game_over")["winner_id"], world.clients[ada].last("game_over")["winner_id"]);
            assert_eq!(client.last("game_over")["final_state"], client.last("game_state")["state"]);
            let turns: Vec<&Value> = client.heard.iter().filter(|said| said["type"] == "turn_start").collect();
            assert!((1..).zip(&turns).all(|(number, turn)| turn["turn_number"] == json!(number)), "{turns:?}");
            let events = client.events();
            assert!(events.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{events:?}");
            assert_eq!(events.is_empty(), mode == Mode::Compat);
        }
        // What patches made is what a whole view says.
        let patched = world.clients[bob].last("game_state")["state"].clone();
        world.cut(bob);
        let again = world.connect("bob");
        world.join(again, None);
        assert_eq!(world.clients[again].last("game_state")["state"], patched);
    }
}

#[test]
fn who_comes_back_hears_exactly_what_they_missed_and_is_shown_what_all_see() {
    let mut missed = 0;
    for number in 0..8 {
        let mut dice = Dice::from_number(number.into());
        let (mut world, ada, mut bob) = World::with_game(Mode::Strict, number);
        let mut events = world.clients[bob].events();
        for _ in 0..4 {
            for _ in 0..dice.below(6) {
                world.play([ada, bob], &mut dice);
            }
            let last = events.last().copied().unwrap_or(0);
            events.extend(world.clients[bob].events().iter().filter(|n| **n > last));
            let after = world.clients[bob].last_event_id();
            world.cut(bob);
            for _ in 0..dice.below(4) {
                world.play([ada, ada], &mut dice);
            }
            bob = world.connect("bob");
            // He may be shown the game before he asks for it, but is told no event before.
            assert_eq!(world.clients[bob].events(), Vec::<u64>::new());
            world.join(bob, Some(after));
            missed += world.clients[bob].events().len();
            events.extend(world.clients[bob].events());
        }
        assert_eq!(events, (events[0]..).take(events.len()).collect::<Vec<_>>(), "none is missing, none twice");
        assert_eq!(events.last(), world.clients[ada].events().last());
        let open = |client: usize| world.clients[client].last("game_state")["state"]["sides"].clone();
        assert_eq!(open(ada), open(bob), "both see the same of what lies open");
    }
    assert!(missed >= 20, "only {missed} events were missed and told later");
}

#[test]
fn an_action_that_is_said_again_is_answered_as_the_first_time_even_on_another_connection() {
    let (mut world, ada, _) = World::with_game(Mode::Strict, 5);
    let action = world.legal(ada).into_iter().find(|action| action["type"] == "place").expect("a card to place");
    let message = json!({"type": "action", "message_id": "once", "game_id": GAME, "action": action});
    let mut answers = vec![world.say(ada, message.clone())];
    world.now.wall_ms += 1_234;
    answers.push(world.say(ada, message.clone()));
    let again = world.connect("ada");
    world.join(again, None);
    answers.push(world.say(again, message));
    for answer in &mut answers {
        assert_eq!(answer["success"], true);
        answer.as_object_mut().expect("an object").remove("timestamp");
    }
    let texts: Vec<String> = answers.iter().map(Value::to_string).collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    let other = json!({"type": "action", "message_id": "once", "game_id": GAME, "action": {"type": "ready"}});
    assert_eq!(world.say(ada, other)["error_code"], "invalid_message");
}

#[test]
fn what_the_rules_refuse_and_who_is_not_in_the_game_have_codes_of_the_dialect() {
    let (mut world, ada, bob) = World::with_game(Mode::Strict, 6);
    let mut code = |client, action: Value| {
        let ack = world.say(client, json!({"type": "action", "game_id": GAME, "action": action}));
        (ack["error_code"].as_str().expect("a failure").to_owned(), ack["details"]["code"].clone())
    };
    assert_eq!(code(ada, json!({"type": "attack", "attack": 0})), ("action_not_allowed".to_owned(), json!("setup_first")));
    assert_eq!(code(bob, json!({"type": "frob"})), ("invalid_action".to_owned(), Value::Null));
    assert_eq!(code(bob, json!({"type": "ready", "more": 1})), ("invalid_action".to_owned(), Value::Null));
    let eve = world.connect("eve");
    let ack = world.say(eve, json!({"type": "action", "game_id": GAME, "action": {"type": "ready"}}));
    assert_eq!(ack["error_code"], "not_in_game");
    let ack = world.say(eve, json!({"type": "join_game", "game_id": GAME}));
    assert_eq!((&ack["success"], &ack["error_code"]), (&json!(false), &json!("game_full")));
    let ack = world.say(eve, json!({"type": "spectate", "game_id": GAME}));
    assert_eq!((&ack["success"], &ack["role"]), (&json!(true), &json!("spectator")));
    assert_eq!(world.clients[eve].last("game_state")["state"]["you"], Value::Null);
    let ack = world.say(eve, json!({"type": "join_game", "game_id": "none"}));
    assert_eq!(ack["success"], false);
}

#[test]
fn a_cut_link_is_told_as_reconnecting_and_a_return_as_connected_each_once() {
    let (mut world, ada, bob) = World::with_game(Mode::Compat, 7);
    let from = world.clients[ada].heard.len();
    world.cut(bob);
    world.pass(3_001);
    let bob = world.connect("bob");
    world.join(bob, None);
    world.pass(2_000);
    let statuses = world.clients[ada].heard[from..].iter().filter(|said| said["type"] == "opponent_status");
    let statuses: Vec<&Value> = statuses.map(|said| &said["status"]).collect();
    assert_eq!(statuses, ["reconnecting", "connected"]);
    world.cut(bob);
    world.pass(3_001);
    world.pass(3_600_000);
    assert_eq!(world.clients[ada].last("opponent_status")["status"], "disconnected");
    assert_eq!(world.clients[ada].last("game_over")["winner_id"], "ada");
}

#[test]
fn time_that_runs_out_is_told_by_halves_and_quarters_and_a_game_that_nobody_won_has_no_winner() {
    let (mut world, ada, _) = World::with_game(Mode::Compat, 8);
    let start = world.clients[ada].heard.len();
    for _ in 0..400 {
        world.pass(500);
    }
    let ada = &world.clients[ada];
    let seconds = ada.last("game_state")["state"]["config"]["seconds_per_turn"].as_u64().expect("a number");
    let told: Vec<(u64, bool)> = ada.heard[start..]
        .iter()
        .filter(|said| said["type"] == "turn_timeout" && said["player_id"] == "bob")
        .map(|said| (said["remaining_seconds"].as_u64().expect("a number"), said["is_warning"] == true))
        .collect();
    assert_eq!(told, [(seconds.div_ceil(2), true), (seconds.div_ceil(4), true), (0, false)]);
    // What is left is told in whole seconds, and so the deadline is right to one.
    assert_eq!(seconds, 90);
    let mut deadlines = ada.heard[start..].iter().filter_map(|said| said.get("deadline")?.as_str());
    assert!(deadlines.all(|deadline| deadline.starts_with("2026-11-21T10:01:30")));
    let over = ada.last("game_over");
    assert_eq!((&over["winner_id"], &over["end_reason"]), (&Value::Null, &json!("timeout")));
}

#[test]
fn who_resigns_loses_for_both() {
    let (mut world, ada, bob) = World::with_game(Mode::Strict, 9);
    let ack = world.say(bob, json!({"type": "resign", "game_id": GAME}));
    assert_eq!((&ack["success"], &ack["action_type"]), (&json!(true), &json!("resign")), "{ack}");
    for client in [ada, bob] {
        let over = world.clients[client].last("game_over");
        assert_eq!((&over["winner_id"], &over["end_reason"]), (&json!("ada"), &json!("resignation")));
    }
    let ack = world.say(ada, json!({"type": "action", "game_id": GAME, "action": {"type": "end_turn"}}));
    assert_eq!(ack["error_code"], "game_ended");
}
