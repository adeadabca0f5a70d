//! A table whose records are kept, as a server would, and what must be equal of two tables.

use parlour_room::hash::Hash64;
use parlour_room::inbox::Answer;
use parlour_room::{
    Acted, Dice, Joined, Joining, Opening, Played, Record, Rejected, Room, Seat, Seed, Stamp, Table, Viewer, Who,
};
use std::sync::Once;

/// Wall time at which every test room is opened.
pub(crate) const T0: u64 = 1_800_000_000_000;

/// A table with its journal and the time of day.
pub(crate) struct Live<R: Room> {
    pub(crate) table: Table<R>,
    pub(crate) journal: Vec<Record>,
    pub(crate) played: Vec<Played>,
    pub(crate) now: Stamp,
}

pub(crate) fn stamp(at_ms: u64) -> Stamp {
    Stamp { at_ms, ts_ms: T0 + at_ms }
}

/// A request to open a room: whoever cares changes a field.
pub(crate) fn opening(config: &str) -> Opening<'_> {
    let seed = Seed::new(std::array::from_fn(|i| u8::try_from(i * 7 % 251).unwrap()));
    Opening { name: "room-1", by: "ada", id: Some("open-1"), body: Hash64(9), seed, config, after: 0 }
}

pub(crate) fn joining(user: &str) -> Joining<'_> {
    Joining { who: Who { user, name: user, bot: false }, bot: None, seat: None, nonce: None }
}

impl<R: Room> Live<R> {
    pub(crate) fn open(config: &str) -> Self {
        silence_planted_panics();
        let (table, played) = Table::open(stamp(0), opening(config)).unwrap();
        Self { table, journal: vec![played.record.clone()], played: vec![played], now: stamp(0) }
    }

    /// With the first seats taken by `u0`, `u1`, ...
    pub(crate) fn with(config: &str, players: usize) -> Self {
        let mut live = Self::open(config);
        for n in 0..players {
            live.join(joining(&user(n))).unwrap();
        }
        live
    }

    pub(crate) fn keep(&mut self, played: Played) -> &Played {
        self.journal.push(played.record.clone());
        self.played.push(played);
        self.played.last().unwrap()
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now = Stamp { at_ms: self.now.at_ms + ms, ts_ms: self.now.ts_ms + ms };
    }

    pub(crate) fn join(&mut self, joining: Joining<'_>) -> Result<Seat, Rejected> {
        match self.table.join(self.now, joining)? {
            Joined::Played(seat, played) => {
                self.keep(played);
                Ok(seat)
            }
            Joined::Already(seat) => Ok(seat),
        }
    }

    pub(crate) fn leave(&mut self, user: &str) {
        let played = self.table.leave(self.now, user, "left").unwrap();
        self.keep(played);
    }

    /// The answer, and whether it was played just now.
    pub(crate) fn try_act(&mut self, user: &str, id: Option<&str>, action: &str) -> Result<(Answer, bool), Rejected> {
        match self.table.act(self.now, user, id, action)? {
            Acted::Played(answer, played) => {
                self.keep(played);
                Ok((answer, true))
            }
            Acted::Before(answer) => Ok((answer, false)),
        }
    }

    /// A resignation by way of the table: the answer, and whether it was played just now.
    pub(crate) fn resign(&mut self, user: &str, id: Option<&str>) -> Result<(Answer, bool), Rejected> {
        match self.table.resign(self.now, user, id)? {
            Acted::Played(answer, played) => {
                self.keep(played);
                Ok((answer, true))
            }
            Acted::Before(answer) => Ok((answer, false)),
        }
    }

    /// Plays an action that must be legal.
    pub(crate) fn act(&mut self, user: &str, action: &R::Action) -> &Played {
        let text = serde_json::to_string(action).unwrap();
        assert!(self.try_act(user, None, &text).unwrap().1);
        self.played.last().unwrap()
    }

    pub(crate) fn fire(&mut self) -> Option<&Played> {
        let played = self.table.fire(self.now).unwrap()?;
        Some(self.keep(played))
    }

    /// From the records alone.
    pub(crate) fn replayed(&self) -> Table<R> {
        replay(&self.journal)
    }
}

pub(crate) fn user(n: usize) -> String {
    format!("u{n}")
}

/// Plays these records, which must fit.
pub(crate) fn replay<R: Room>(journal: &[Record]) -> Table<R> {
    let (mut table, _) = Table::replay_opening(&journal[0]).unwrap();
    for record in &journal[1..] {
        table.replay(record).unwrap();
    }
    table
}

/// All that anybody can get out of a table.
pub(crate) fn everything<R: Room>(table: &Table<R>) -> String {
    use std::fmt::Write;
    let mut all = table.snapshot();
    for viewer in (0..5).map(|seat| Viewer::Seat(Seat(seat))).chain([Viewer::Spectator]) {
        let legal = viewer.seat().map(|seat| table.legal_json(seat));
        write!(all, "\n{viewer:?} {} {:?} {legal:?}", table.position(viewer), table.view_json(viewer)).unwrap();
    }
    write!(all, "\n{:?} {:?} {}", table.about(), table.due_ms(), table.seed_hash()).unwrap();
    all
}

/// All that one record brought about, byte for byte.
pub(crate) fn brought_about(played: &Played) -> String {
    let told = serde_json::to_string(&played.told).unwrap();
    format!("{:?} {told} {:?} {:?} {}", played.record, played.jobs, played.removed, played.ended)
}

/// Numbers a test can choose with that do not change between runs.
pub(crate) fn choices(seed: u64) -> Dice {
    Dice::from_number(seed)
}

/// Panics that a test planted are not printed; all others are.
pub(crate) fn silence_planted_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload_as_str().is_some_and(|text| text.starts_with("planted")) {
                print(info);
            }
        }));
    });
}
