//! One whole game through the shard: people who play, come back, guess, pry and are late; some of them are bots.

use crate::disk::Disk;
use crate::game::{ids_in, some_action};
use crate::people::Person;
use crate::world::{Eyes, ROOM, World};
use parlour_engine::command::Open;
use parlour_engine::io::{Call, Now};
use parlour_engine::schema::Kinds;
use parlour_room::{Dice, Seat};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

pub const MORNING: Now = Now { mono_ms: 5_000, wall_ms: 1_800_000_000_000 };

/// How the players of one game play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Anything legal.
    Any,
    /// Attacks when they can.
    Eager,
    /// Mostly ends the turn.
    Idle,
}

pub struct Match<E> {
    pub world: World<E>,
    pub dice: Dice,
    style: Style,
    /// Whether somebody is called away, gives up, or loses the connection for long.
    away: bool,
    tired: bool,
    lost: bool,
    with_bot: bool,
    config: String,
    seat: Person,
    acted: u64,
    /// The last action sent: by whom, and its fields.
    last: Option<(Person, String)>,
}

impl<E: Eyes> Match<E> {
    /// Opens a game and lets everybody in. `config` makes the room's configuration of one for cards.
    pub fn begin(number: u64, kinds: Kinds, eyes: E, with_bots: bool, config: &dyn Fn(Value) -> Value) -> Self {
        let mut dice = Dice::from_number(number);
        let style = *dice.pick(&[Style::Any, Style::Any, Style::Eager, Style::Eager, Style::Idle]).expect("five");
        let deck = |dice: &mut Dice| *dice.pick(&["ember", "tide", "grove", "storm"]).expect("four");
        let idle = style == Style::Idle;
        let config = config(json!({
            "decks": [deck(&mut dice), deck(&mut dice)],
            "seconds_per_turn": 20,
            "grace_seconds": 15,
            "rematches": *dice.pick(&[0, 0, 0, 1]).expect("four"),
            "points_to_win": if idle { 10 } else { *dice.pick(&[4, 4, 4, 10]).expect("four") },
            "turn_limit": if idle { 200 } else { *dice.pick(&[30, 60, 100, 4]).expect("four") },
        }));
        let (away, tired, lost) = (dice.below(10) == 0, dice.below(10) == 0, dice.below(10) == 0);
        let with_bot = with_bots && dice.below(5) == 0;
        let world = World::new(kinds, Disk::default(), MORNING, dice.bits(), eyes);
        let (seat, last) = (Person::Ada, None);
        let config = config.to_string();
        let mut game = Self { world, dice, style, away, tired, lost, with_bot, config, seat, acted: 0, last };
        game.open();
        game
    }

    /// Opens the room, or opens it again, and lets everybody in.
    pub fn open(&mut self) {
        let (world, config) = (&mut self.world, self.config.clone());
        if self.with_bot {
            let bots = vec![(Seat(1), "random".to_owned())];
            let open = Open { kind: "cards".into(), room: Some(ROOM.into()), id: None, config: Cow::Owned(config), bots };
            world.call(Person::Ada, Call::Open(open));
        } else {
            world.connect(Person::Ada);
            let fields = format!(r#","payload":{{"kind":"cards","room_id":"{ROOM}","config":{config}}}"#);
            let answer = world.ask(Person::Ada, "open_room", &fields);
            assert!(answer.contains("\"status\":\"ok\""), "{answer}");
        }
        for person in Person::ALL {
            self.world.hang_up(person);
        }
        self.everybody_comes();
    }

    /// Whoever is not connected connects and joins, at some position they know.
    pub fn everybody_comes(&mut self) {
        for person in Person::ALL {
            if self.world.line(person).conn.is_none() && !(self.with_bot && person == Person::Bob) {
                come(&mut self.world, &mut self.dice, person);
            }
        }
    }

    pub fn is_over(&self) -> bool {
        self.world.disk.outcome(ROOM).is_some()
    }

    /// One thing that somebody does.
    pub fn step(&mut self) {
        self.acted += 1;
        assert!(self.acted < 20_000, "this game does not end");
        let world = &mut self.world;
        match self.dice.below(64) {
            0..4 => {
                let person = *self.dice.pick(&Person::ALL).expect("five");
                if !(self.with_bot && person == Person::Bob) {
                    come(world, &mut self.dice, person);
                }
            }
            4..12 => {
                let person = *self.dice.pick(&Person::ALL).expect("five");
                let (action, number) = (some_action(&mut self.dice, &known(world, person)), self.dice.bits());
                act(world, person, number, &action);
            }
            12 => outsider(world, &mut self.dice),
            13 => world.pass(self.dice.below(2000)),
            14 if self.away => (0..4).for_each(|_| world.pass(6_000)),
            15 if self.tired => drop(act(world, Person::Ada, self.acted, r#"{"type":"resign"}"#)),
            16 => {
                world.put_away();
                self.everybody_comes();
            }
            17 if self.dice.below(2) == 0 => {
                world.kill();
                world.pass(500);
                self.everybody_comes();
            }
            20 if self.lost && !self.with_bot => {
                world.hang_up(Person::Bob);
                (0..3).for_each(|_| world.pass(4_000));
            }
            18 => {
                if let Some((person, fields)) = &self.last {
                    world.ask(*person, "action", fields);
                }
            }
            19 => {
                let say = |person, kind: &str, rest: &str| (person, format!(r#"{{"type":"{kind}","room":"{ROOM}"{rest}}}"#));
                let end = r#","payload":{"type":"end_turn"}"#;
                let (bob, sam) = (say(Person::Bob, "action", end), say(Person::Sam, "action", end));
                world.say_at_once(&[say(Person::AdaToo, "legal", r#","ref":"now""#), bob, sam, say(Person::Ada, "action", end)]);
            }
            _ => self.act(),
        }
    }

    /// A legal action of whoever is to act.
    fn act(&mut self) {
        let world = &mut self.world;
        let mut legal = legal(world, self.seat);
        if legal.is_empty() && !self.with_bot {
            self.seat = if self.seat == Person::Ada { Person::Bob } else { Person::Ada };
            legal = self::legal(world, self.seat);
        }
        let is = |kind: &str| legal.iter().filter(|action| action.starts_with(&format!("{{\"type\":\"{kind}\""))).collect();
        let wanted: Vec<&String> = match self.style {
            Style::Eager if self.dice.below(2) == 0 => is("attack"),
            Style::Idle if self.dice.below(4) > 0 => is("end_turn"),
            _ => Vec::new(),
        };
        let action = self.dice.pick(&wanted).copied().or_else(|| self.dice.pick(&legal));
        if let Some(action) = action {
            self.last = Some((self.seat, act(world, self.seat, self.acted, action)));
        } else {
            world.step();
        }
    }
}

/// Somebody connects and comes into the room; Eve only tries.
pub fn come<E: Eyes>(world: &mut World<E>, dice: &mut Dice, person: Person) {
    world.connect(person);
    let after = some_position(world, dice, person);
    let payload = match person {
        Person::Ada => format!(r#""nonce":"ada's luck","seat":0{after}"#),
        Person::Bob => format!(r#""nonce":"","seat":1{after}"#),
        Person::AdaToo | Person::Eve => format!(r#""as":"player"{after}"#),
        Person::Sam => format!(r#""as":"spectator"{after}"#),
    };
    if person != Person::Eve {
        let answer = world.ask(person, "join_room", &format!(r#","payload":{{"room_id":"{ROOM}",{payload}}}"#));
        let has_left = answer.contains("room_closed");
        assert!(has_left || answer.contains("\"status\":\"ok\""), "{person:?}: {answer}");
    }
}

/// A position to come back to: one that was named, the beginning, one with only its public half, one that may lie ahead, or none.
fn some_position<E: Eyes>(world: &World<E>, dice: &mut Dice, person: Person) -> String {
    let Some(at) = dice.pick(&world.line(person).positions).cloned() else { return String::new() };
    let life = at.split('.').next().unwrap_or_default();
    let public = at.rsplit_once('.').map_or("", |(public, _)| public);
    let at = match dice.below(8) {
        0 => format!("{life}.0.0"),
        1 => format!("{life}.0"),
        2 => public.to_owned(),
        3 => format!("{public}.{}", dice.below(90)),
        4 => format!("{life}.{}.0", dice.below(400)),
        5 => return String::new(),
        _ => at,
    };
    format!(r#","after":"{at}""#)
}

/// Ids that somebody saw lately.
pub fn known<E: Eyes>(world: &World<E>, person: Person) -> Vec<String> {
    let line = world.line(person);
    let mut ids: Vec<String> = line.texts(line.len().saturating_sub(3)).flat_map(ids_in).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Sends an action; answers with its fields, by which it can be repeated.
pub fn act<E: Eyes>(world: &mut World<E>, person: Person, number: u64, action: &str) -> String {
    // Some want to hear with the answer what their action told them, also when they ask again.
    let events = if number.is_multiple_of(2) { ",\"events\":true" } else { "" };
    let fields = format!(r#","id":"a{number}","room":"{ROOM}"{events},"payload":{action}"#);
    world.ask(person, "action", &fields);
    fields
}

/// What somebody may do, as they are told.
pub fn legal<E: Eyes>(world: &mut World<E>, person: Person) -> Vec<String> {
    #[derive(Deserialize)]
    struct Ack<'a> {
        #[serde(borrow)]
        payload: Legal<'a>,
    }
    #[derive(Deserialize)]
    struct Legal<'a> {
        #[serde(borrow, default)]
        actions: Vec<&'a RawValue>,
    }
    let answer = world.ask(person, "legal", &format!(r#","room":"{ROOM}""#));
    if answer.is_empty() {
        return Vec::new();
    }
    let ack: Ack<'_> = serde_json::from_str(&answer).expect("an answer is JSON");
    ack.payload.actions.into_iter().map(|action| action.get().to_owned()).collect()
}

/// Eve looks from outside and tries to get in.
pub fn outsider<E: Eyes>(world: &mut World<E>, dice: &mut Dice) {
    match dice.below(5) {
        0 => drop(world.call(Person::Eve, Call::Show(ROOM.to_owned()))),
        1 => drop(world.call(Person::Eve, Call::List(vec![ROOM.to_owned()]))),
        2 => drop(world.ask(Person::Eve, "legal", &format!(r#","room":"{ROOM}""#))),
        3 => drop(world.ask(Person::Eve, "join_room", &format!(r#","payload":{{"room_id":"{ROOM}"}}"#))),
        _ => drop(act(world, Person::Eve, dice.bits(), r#"{"type":"end_turn"}"#)),
    }
}
