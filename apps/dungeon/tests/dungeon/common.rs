//! A dungeon driven by hand: what every test here plays with.

use parlour_dungeon::{Dungeon, Event, View};
use parlour_room::{
    Acted, Dice, Hash64, Joined, Joining, Opening, Played, Record, Rejected, Room, Seat, Seed, Stamp, Table, Viewer, Who,
};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) table: Table<Dungeon>,
    pub(crate) now_ms: u64,
    pub(crate) records: Vec<Record>,
    /// What the last record told.
    pub(crate) last: Option<Played>,
}

pub(crate) fn user(seat: u32) -> String {
    format!("u{seat}")
}

impl World {
    pub(crate) fn open(config: &Value, seed: u64) -> Result<Self, Rejected> {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let (config, seed) = (config.to_string(), Seed::new(bytes));
        let opening = Opening { name: "test", by: "u0", id: None, body: Hash64(0), seed, config: &config, after: 0 };
        let (table, played) = Table::open(Stamp { at_ms: 0, ts_ms: 0 }, opening)?;
        Ok(Self { table, now_ms: 0, records: vec![played.record], last: None })
    }

    /// A dungeon to which so many have come.
    pub(crate) fn with(config: &Value, seed: u64, players: u32) -> Self {
        let mut world = Self::open(config, seed).expect("a good configuration");
        (0..players).for_each(|seat| world.join(seat));
        world
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { at_ms: self.now_ms, ts_ms: self.now_ms }
    }

    fn keep(&mut self, played: Played) {
        assert_eq!(played.fault.as_ref().map(ToString::to_string), None, "after record {}", self.records.len());
        self.records.push(played.record.clone());
        self.last = Some(played);
    }

    pub(crate) fn join(&mut self, seat: u32) {
        let user = user(seat);
        let who = Who { user: &user, name: &user, bot: false };
        let stamp = self.stamp();
        match self.table.join(stamp, Joining { who, bot: None, seat: Some(Seat(seat)), nonce: None }) {
            Ok(Joined::Played(_, played)) => self.keep(played),
            other => panic!("{user} cannot come: {other:?}"),
        }
    }

    pub(crate) fn leave(&mut self, seat: u32) {
        let played = self.table.leave(self.stamp(), &user(seat), "left").expect("they are here");
        self.keep(played);
    }

    pub(crate) fn present(&mut self, seat: u32, here: bool) {
        if let Some(played) = self.table.present(self.stamp(), &user(seat), here).expect("they hold a seat") {
            self.keep(played);
        }
    }

    /// The next tick; whether the clock runs at all. What is due later than that is no tick.
    pub(crate) fn tick(&mut self) -> bool {
        let Some(due_ms) = self.table.due_ms().filter(|due_ms| *due_ms <= self.now_ms + 100) else { return false };
        self.rings(due_ms);
        true
    }

    /// Time goes on; what is due happens on time.
    pub(crate) fn passes(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        while let Some(due_ms) = self.table.due_ms().filter(|due_ms| *due_ms <= end_ms) {
            self.rings(due_ms);
        }
        self.now_ms = end_ms;
    }

    fn rings(&mut self, due_ms: u64) {
        self.now_ms = self.now_ms.max(due_ms);
        let played = self.table.fire(self.stamp()).expect("a clock can ring").expect("it is due");
        self.keep(played);
    }

    pub(crate) fn ticks(&mut self, count: u32) {
        for _ in 0..count {
            assert!(self.tick(), "the clock runs");
        }
    }

    pub(crate) fn act(&mut self, seat: u32, action: &Value) -> Result<(), Rejected> {
        match self.table.act(self.stamp(), &user(seat), None, &action.to_string())? {
            Acted::Played(_, played) => self.keep(played),
            Acted::Before(_) => panic!("an action without an id was a repeat"),
        }
        Ok(())
    }

    pub(crate) fn must(&mut self, seat: u32, action: Value) {
        self.act(seat, &action).unwrap_or_else(|why| panic!("{action} of {seat}: {why:?}"));
    }

    /// The code with which an action is refused.
    pub(crate) fn refused(&mut self, seat: u32, action: &Value) -> String {
        match self.act(seat, action) {
            Err(Rejected::Illegal(refusal)) => refusal.code,
            other => panic!("{action} should be illegal: {other:?}"),
        }
    }

    pub(crate) fn view(&self, seat: u32) -> View {
        self.table.state().view(Viewer::Seat(Seat(seat)))
    }

    /// What a seat heard of the last record.
    pub(crate) fn heard(&self, seat: u32) -> Vec<Event> {
        self.heard_by(Viewer::Seat(Seat(seat)))
    }

    pub(crate) fn heard_by(&self, viewer: Viewer) -> Vec<Event> {
        let told = self.last.iter().flat_map(|played| &played.told);
        let bodies = told.filter_map(|told| told.heard_by(viewer, 0));
        bodies.map(|body| serde_json::from_str(body.get()).expect("an event is read back")).collect()
    }

    /// Changes the state by hand.
    pub(crate) fn edit(self, change: impl FnOnce(&mut Value)) -> Self {
        let mut state = serde_json::to_value(self.table.state()).expect("it can be written");
        change(&mut state);
        let state: Dungeon = serde_json::from_value(state).expect("it can still be read");
        state.sound().expect("a sound state");
        Self { table: self.table.with_state(state), ..self }
    }

    pub(crate) fn state(&self) -> Value {
        serde_json::to_value(self.table.state()).expect("it can be written")
    }

    /// A legal action, mostly a walk, so that players get about.
    pub(crate) fn some_action(&self, seat: u32, dice: &mut Dice) -> Option<Value> {
        let legal = self.table.state().legal(Seat(seat));
        let all: Vec<Value> = legal.iter().map(|action| serde_json::to_value(action).expect("an action")).collect();
        let (walks, others): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|action| action["type"] == "move");
        let others = others.into_iter().filter(|action| action["type"] != "rest" && action["type"] != "drop").collect::<Vec<_>>();
        let wanted = if dice.below(3) == 0 && !others.is_empty() || walks.is_empty() { &others } else { &walks };
        let action = dice.pick(wanted).cloned()?;
        Some(action).filter(|action| action["direction"] != "stop" || dice.below(4) == 0)
    }
}

pub(crate) fn walk(direction: &str) -> Value {
    json!({"type": "move", "direction": direction})
}

/// An empty hall of this many columns and rows in the north-west of the level, stairs down in its far corner.
pub(crate) fn hall(state: &mut Value, columns: u8, rows: u8) {
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    let is_floor = |x: u8, y: u8| (1..=columns).contains(&x) && (1..=rows).contains(&y);
    let digit = |at: u8, y: u8| {
        let value = (0..6).filter(|bit| is_floor(6 * at + bit, y)).fold(0_usize, |value, bit| value | 1 << bit);
        char::from(digits[value])
    };
    let floor: String = (0..40).flat_map(|y| (0..10).map(move |at| (at, y))).map(|(at, y)| digit(at, y)).collect();
    let level = &mut state["levels"][0];
    level["floor"] = json!(floor);
    level["up"] = json!({"x": 1, "y": 1});
    level["down"] = json!({"x": columns, "y": rows});
    (level["monsters"], level["items"]) = (json!({}), json!({}));
}

/// Puts a body of this seat somewhere.
pub(crate) fn put(state: &mut Value, seat: u32, x: u8, y: u8) {
    state["bodies"][seat.to_string()]["spot"] = json!({"x": x, "y": y});
}

pub(crate) fn monster(state: &mut Value, id: u32, name: &str, x: u8, y: u8, hp: u32) {
    state["levels"][0]["monsters"][id.to_string()] =
        json!({"name": name, "spot": {"x": x, "y": y}, "hp": hp, "quarry": null, "patience": 0, "ready": 0});
}

pub(crate) fn thing(state: &mut Value, id: u32, name: &str, x: u8, y: u8) {
    state["levels"][0]["items"][id.to_string()] =
        json!({"spot": {"x": x, "y": y}, "item": {"id": id, "name": name, "amount": 1}});
}

pub(crate) fn carry(state: &mut Value, seat: u32, id: u32, name: &str) {
    let pack = state["bodies"][seat.to_string()]["pack"].as_array_mut().expect("a pack");
    pack.push(json!({"id": id, "name": name, "amount": 1}));
}
