//! A game at a table, driven by hand: what every test here plays with.
#![allow(unreachable_pub, reason = "this is a test crate of its own")]

pub mod scene;

use parlour_cards::{Action, Cards, Event, Refusal, View};
use parlour_room::table::Ended;
use parlour_room::{Acted, Dice, Hash64, Joining, Opening, Played, Rejected, Room, Seat, Seed, Stamp, Table, Viewer, Who};
use serde_json::{Value, json};

pub const SEATS: [Seat; 2] = [Seat(0), Seat(1)];
pub const VIEWERS: [Viewer; 3] = [Viewer::Seat(Seat(0)), Viewer::Seat(Seat(1)), Viewer::Spectator];
pub const USERS: [&str; 2] = ["ada", "bob"];

pub struct Game {
    pub table: Table<Cards>,
    pub now_ms: u64,
    /// Everything every viewer has heard, in the order of `VIEWERS`.
    pub heard: [Vec<Event>; 3],
    /// The same as bytes.
    pub bytes: [Vec<String>; 3],
}

/// Why a game was not opened.
pub fn open(config: Value, seed: u64) -> Result<Game, Rejected> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = config.to_string();
    let opening =
        Opening { name: "test", by: "ada", id: None, body: Hash64(0), seed: Seed::new(bytes), config: &config, after: 0 };
    let (table, _) = Table::open(Stamp { at_ms: 0, ts_ms: 0 }, opening)?;
    Ok(Game { table, now_ms: 0, heard: Default::default(), bytes: Default::default() })
}

/// A game to whose table both players have come.
pub fn dealt(config: Value, seed: u64) -> Game {
    let mut game = open(config, seed).expect("a good configuration");
    SEATS.into_iter().for_each(|seat| game.join(seat));
    game
}

/// A game in its first turn: both players placed one basic.
pub fn begun(config: Value, seed: u64) -> Game {
    let mut game = dealt(config, seed);
    for seat in SEATS {
        let place = game.legal(seat).remove(0);
        game.must(seat, place);
        game.must(seat, Action::Ready {});
    }
    game
}

impl Game {
    pub fn join(&mut self, seat: Seat) {
        let user = USERS[seat.0 as usize];
        let who = Who { user, name: user, bot: false };
        let joining = Joining { who, bot: None, seat: Some(seat), nonce: Some(user) };
        match self.table.join(self.stamp(), joining).expect("the seat is free") {
            parlour_room::Joined::Played(_, played) => self.hear(&played),
            parlour_room::Joined::Already(_) => panic!("sat here already"),
        }
    }

    /// Loses the connection, or is back.
    pub fn present(&mut self, seat: Seat, here: bool) {
        let played = self.table.present(self.stamp(), USERS[seat.0 as usize], here).expect("the rules play it");
        if let Some(played) = played {
            assert_ne!(played.record.cause, parlour_room::Cause::Failed);
            self.hear(&played);
        }
    }

    pub fn leave(&mut self, seat: Seat) {
        let played = self.table.leave(self.stamp(), USERS[seat.0 as usize], "left").expect("a member");
        self.hear(&played);
    }

    pub fn view(&self, viewer: Viewer) -> View {
        self.table.state().view(viewer)
    }

    pub fn legal(&self, seat: Seat) -> Vec<Action> {
        if self.table.about().ended.is_some() { Vec::new() } else { self.table.state().legal(seat) }
    }

    pub fn check(&self, seat: Seat, action: &Action) -> Result<(), Refusal> {
        self.table.state().check(seat, action)
    }

    /// Plays an action; says what the spectators heard of it, or the refusal's code.
    pub fn act(&mut self, seat: Seat, action: &Action) -> Result<Vec<Event>, String> {
        self.act_json(seat, &serde_json::to_string(action).expect("JSON"))
    }

    pub fn act_json(&mut self, seat: Seat, action: &str) -> Result<Vec<Event>, String> {
        let before = self.heard[2].len();
        match self.table.act(self.stamp(), USERS[seat.0 as usize], None, action) {
            Ok(Acted::Played(_, played)) => self.hear(&played),
            Ok(Acted::Before(_)) => panic!("no message ids here"),
            Err(Rejected::Illegal(refusal)) => return Err(refusal.code),
            Err(Rejected::Ended) => return Err("ended".to_owned()),
            Err(Rejected::Invalid) => return Err("invalid".to_owned()),
            Err(other) => panic!("{other:?} after {action} by {seat}"),
        }
        Ok(self.heard[2][before..].to_vec())
    }

    /// Plays a legal action.
    pub fn must(&mut self, seat: Seat, action: Action) -> Vec<Event> {
        self.act(seat, &action).unwrap_or_else(|code| panic!("{action:?} by {seat}: {code}"))
    }

    /// Lets time pass, and every clock ring that is due.
    pub fn pass_ms(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(due) = self.table.due_ms().filter(|&due| due <= end) {
            self.now_ms = self.now_ms.max(due);
            let played = self.table.fire(self.stamp()).expect("the rules play it").expect("a clock is due");
            assert_ne!(played.record.cause, parlour_room::Cause::Failed);
            self.hear(&played);
        }
        self.now_ms = end;
    }

    pub fn stamp(&self) -> Stamp {
        Stamp { at_ms: self.now_ms, ts_ms: self.now_ms }
    }

    pub fn ended(&self) -> Option<&Ended> {
        self.table.about().ended
    }

    /// Takes random legal actions until the room is closed; says how many.
    pub fn play_out(&mut self, dice: &mut Dice) -> u32 {
        let mut actions = 0;
        while self.ended().is_none() {
            self.step(dice);
            actions += 1;
            assert!(actions < 20_000, "this game does not end");
        }
        actions
    }

    /// Takes one random legal action.
    pub fn step(&mut self, dice: &mut Dice) {
        let seats = self.view(Viewer::Spectator).to_act;
        let seat = *dice.pick(&seats).expect("somebody can act until the game is over");
        let action = dice.pick(&self.legal(seat)).cloned().unwrap_or_else(|| panic!("{seat} is to act and cannot"));
        self.must(seat, action);
    }

    pub fn hear(&mut self, played: &Played) {
        for told in &played.told {
            for (number, viewer) in VIEWERS.into_iter().enumerate() {
                if let Some(body) = told.heard_by(viewer, 0) {
                    self.heard[number].push(serde_json::from_str(body.get()).expect("an event"));
                    self.bytes[number].push(body.get().to_owned());
                }
            }
        }
    }
}

/// The four ready-made decks.
pub const DECKS: [&str; 4] = ["ember", "tide", "grove", "storm"];

/// A configuration of some kind, different for every number.
pub fn some_config(dice: &mut Dice) -> Value {
    let decks = [dice.pick(&DECKS), dice.pick(&DECKS)];
    json!({
        "decks": decks,
        "points_to_win": dice.pick(&[4, 4, 4, 2, 10]),
        "turn_limit": dice.pick(&[30, 30, 60, 200]),
        "rematches": dice.pick(&[0, 0, 0, 1, 3]),
    })
}
