//! A quest at a table, driven by hand: what every test here plays with.

use parlour_quest::{Action, Event, Quest, Signal, View};
use parlour_room::table::Ended;
use parlour_room::{Acted, Hash64, Joined, Joining, Opening, Played, Rejected, Room, Seat, Seed, Stamp, Table, Viewer, Who};
use serde_json::{Value, json};

pub(crate) struct Game {
    pub(crate) table: Table<Quest>,
    pub(crate) now_ms: u64,
    pub(crate) heard: Vec<Event>,
}

pub(crate) const NOBODY: Viewer = Viewer::Spectator;

pub(crate) fn open(config: &Value, seed: u64) -> Result<Game, String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = config.to_string();
    let opening =
        Opening { name: "test", by: "u0", id: None, body: Hash64(0), seed: Seed::new(bytes), config: &config, after: 0 };
    match Table::open(Stamp { at_ms: 0, ts_ms: 0 }, opening) {
        Ok((table, _)) => Ok(Game { table, now_ms: 0, heard: Vec::new() }),
        Err(Rejected::Illegal(refusal)) => Err(refusal.code),
        Err(other) => Err(format!("{other:?}")),
    }
}

/// A game with so many members on the seats from 0.
pub(crate) fn begun(config: Value, members: u32) -> Game {
    let mut game = open(&config, 1).expect("a good configuration");
    (0..members).for_each(|seat| game.join(seat));
    game
}

pub(crate) fn solo() -> Game {
    begun(json!({ "narrated": false }), 1)
}

impl Game {
    pub(crate) fn join(&mut self, seat: u32) {
        let user = format!("u{seat}");
        let who = Who { user: &user, name: &user, bot: false };
        match self.table.join(self.stamp(), Joining { who, bot: None, seat: Some(Seat(seat)), nonce: None }) {
            Ok(Joined::Played(_, played)) => self.hear(&played),
            other => panic!("seat {seat} is not given: {:?}", other.err()),
        }
    }

    pub(crate) fn present(&mut self, seat: u32, here: bool) {
        let played = self.table.present(self.stamp(), &format!("u{seat}"), here).expect("the rules play it");
        if let Some(played) = played {
            assert_eq!(played.fault, None);
            self.hear(&played);
        }
    }

    pub(crate) fn leave(&mut self, seat: u32) {
        let played = self.table.leave(self.stamp(), &format!("u{seat}"), "left").expect("a member");
        assert_eq!(played.fault, None);
        self.hear(&played);
    }

    pub(crate) fn view(&self) -> View {
        self.table.state().view(NOBODY)
    }

    pub(crate) fn section(&self) -> u32 {
        self.view().section.number
    }

    /// Plays an action; says what was heard of it, or the refusal's code.
    pub(crate) fn act(&mut self, seat: u32, action: &Value) -> Result<Vec<Event>, String> {
        let before = self.heard.len();
        match self.table.act(self.stamp(), &format!("u{seat}"), None, &action.to_string()) {
            Ok(Acted::Played(_, played)) => self.hear(&played),
            Ok(Acted::Before(_)) => panic!("no message ids here"),
            Err(Rejected::Illegal(refusal)) => return Err(refusal.code),
            Err(Rejected::Invalid) => return Err("invalid".to_owned()),
            Err(Rejected::Ended) => return Err("ended".to_owned()),
            Err(other) => panic!("{other:?} after {action} by {seat}"),
        }
        Ok(self.heard[before..].to_vec())
    }

    pub(crate) fn must(&mut self, seat: u32, action: &Value) -> Vec<Event> {
        self.act(seat, action).unwrap_or_else(|code| panic!("{action} by {seat}: {code}"))
    }

    pub(crate) fn choose(&mut self, seat: u32, choice: &str) -> Result<Vec<Event>, String> {
        let section = self.section();
        self.act(seat, &json!({ "type": "choose", "section": section, "choice": choice }))
    }

    /// Takes these choices one after the other, alone.
    pub(crate) fn walk(&mut self, choices: &[&str]) {
        for choice in choices {
            self.choose(0, choice).unwrap_or_else(|code| panic!("{choice} in {}: {code}", self.section()));
        }
    }

    pub(crate) fn legal(&self, seat: u32) -> Vec<Action> {
        self.table.state().legal(Seat(seat))
    }

    /// Lets time pass, and every clock ring that is due.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(due) = self.table.due_ms().filter(|&due| due <= end) {
            self.now_ms = self.now_ms.max(due);
            let played = self.table.fire(self.stamp()).expect("the rules play it").expect("a clock is due");
            assert_eq!(played.fault, None);
            self.hear(&played);
        }
        self.now_ms = end;
    }

    /// The open job's answer comes; without one, nothing happens.
    pub(crate) fn answer(&mut self, signal: &Signal) {
        let Some((key, since)) = self.job() else { return };
        let signal = serde_json::to_string(signal).expect("JSON");
        if let Some(played) = self.table.answer(self.stamp(), &key, since, &signal).expect("the rules play it") {
            assert_eq!(played.fault, None);
            self.hear(&played);
        }
    }

    pub(crate) fn job(&self) -> Option<(String, u64)> {
        self.table.about().jobs.iter().next().map(|(key, job)| (key.clone(), job.since))
    }

    /// What the narrator is asked.
    pub(crate) fn telling(&self) -> Option<Value> {
        self.table.about().jobs.values().next().map(|job| serde_json::from_str(job.job.get()).expect("JSON"))
    }

    pub(crate) fn ended(&self) -> Option<&Ended> {
        self.table.about().ended
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { at_ms: self.now_ms, ts_ms: self.now_ms }
    }

    fn hear(&mut self, played: &Played) {
        let bodies = played.told.iter().filter_map(|told| told.heard_by(NOBODY, 0));
        self.heard.extend(bodies.map(|body| serde_json::from_str::<Event>(body.get()).expect("an event")));
    }
}
