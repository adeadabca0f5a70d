//! The game of cards with a leak in it: a room around a real table of cards, which tells one bit too much in a way to be chosen.
//!
//! The bit is whether a hand holds an odd number of basics.

use crate::game::Game;
use parlour_cards::{Action, Cards, Config, Event, Refusal, View};
use parlour_room::proof::Disguise;
use parlour_room::stream::Body;
use parlour_room::{
    Acted, Dice, Hash64, Joined, Joining, Never, Opening, Played, Room, Seat, Seats, Seed, Stamp, Table, Turn, Viewer, Who, World,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// Which way the bit gets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leak {
    /// It does not.
    Nothing,
    /// Each player is told of the hand they held, alone: no leak either.
    Whisper,
    /// A count in the view.
    Count,
    /// The order of a list in the view.
    Order,
    /// A public event more.
    Number,
    /// Another refusal.
    Refusal,
    /// A legal action less.
    Legal,
    /// Not a bit, but the id of a card.
    Id,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeakyConfig {
    leak: Leak,
    cards: Config,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct Leaky {
    leak: Leak,
    /// Never changed: what is played is played on a copy.
    table: Arc<Table<Cards>>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    leak: Leak,
    table: Box<RawValue>,
}

impl From<Leaky> for Kept {
    fn from(leaky: Leaky) -> Self {
        Self { leak: leaky.leak, table: RawValue::from_string(leaky.table.snapshot()).expect("a snapshot is JSON") }
    }
}

impl TryFrom<Kept> for Leaky {
    type Error = parlour_room::table::Damage;
    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        Ok(Self { leak: kept.leak, table: Arc::new(Table::restore(kept.table.get())?) })
    }
}

/// The clock of the table inside has run out.
#[derive(Clone, Serialize, Deserialize)]
pub struct Rung {}

pub struct Rings;

impl World for Rings {
    type Pulse = Never;
    type Job = Never;
    type Signal = Rung;
}

impl Game for Leaky {
    fn disguised(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        let table = self.copy();
        let state = table.state().disguise(viewer, dice);
        Self { leak: self.leak, table: Arc::new(table.with_state(state)) }
    }

    fn hidden(&self, viewer: Viewer) -> Vec<String> {
        self.table.state().hidden_from(viewer)
    }
}

impl Room for Leaky {
    const KIND: &'static str = Cards::KIND;
    const RULES: u32 = Cards::RULES;
    const FREEZES: bool = Cards::FREEZES;

    type Config = LeakyConfig;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refusal;
    type World = Rings;

    fn seats(config: &LeakyConfig) -> Seats {
        Cards::seats(&config.cards)
    }

    fn open(config: LeakyConfig, dice: &mut Dice) -> Result<Self, Refusal> {
        let cards = serde_json::to_string(&config.cards).expect("JSON");
        let seed = Seed::derived(&[7; 32], dice.bits());
        let opening = Opening { name: "inside", by: "", id: None, body: Hash64(0), seed, config: &cards, after: 0 };
        let (table, _) = Table::open(Stamp { at_ms: 0, ts_ms: 0 }, opening).expect("a good configuration");
        Ok(Self { leak: config.leak, table: Arc::new(table) })
    }

    fn check(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        match self.table.state().check(by, action) {
            Err(Refusal::NotYourTurn) if self.leak == Leak::Refusal && self.bit(foe(by)) => Err(Refusal::NoChoicePending),
            checked => checked,
        }
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        let action = serde_json::to_string(&action).expect("JSON");
        let bits = [Seat(0), Seat(1)].map(|seat| (seat, self.bit(seat)));
        self.play(turn, |table, stamp| match table.act(stamp, &user(by), None, &action) {
            Ok(Acted::Played(_, played)) => Some(played),
            other => panic!("it was checked: {other:?}"),
        });
        for (seat, _) in bits.into_iter().filter(|(_, bit)| *bit) {
            match self.leak {
                Leak::Whisper => turn.tell_only(seat, Event::Boosted { seat, amount: 0 }),
                Leak::Number => turn.tell(Event::Boosted { seat, amount: 0 }),
                _ => {}
            }
        }
    }

    fn view(&self, viewer: Viewer) -> View {
        let mut view = self.table.state().view(viewer);
        let others = view.sides.iter_mut().filter(|side| !viewer.is(side.seat));
        for side in others {
            match self.leak {
                Leak::Count => side.energy_deck += u32::from(self.bit(side.seat)),
                Leak::Order if self.bit(side.seat) => side.discard.reverse(),
                Leak::Id => {
                    let hand = self.hand(side.seat);
                    let first = hand.first().map(|card| format!("A{}", card.id));
                    side.active.iter_mut().zip(first).for_each(|(active, id)| active.name = id);
                }
                _ => {}
            }
        }
        view
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let user = user(seat);
        let who = Who { user: &user, name: &user, bot: false };
        self.play(turn, |table, stamp| {
            match table.join(stamp, Joining { who, bot: None, seat: Some(seat), nonce: None }).expect("the seat is free") {
                Joined::Played(_, played) => Some(played),
                Joined::Already(_) => None,
            }
        });
    }

    fn left(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.play(turn, |table, stamp| table.leave(stamp, &user(seat), "left").ok());
    }

    fn signal(&mut self, _: Rung, turn: &mut Turn<Self>) {
        self.play(turn, |table, stamp| table.fire(stamp).expect("the rules play it"));
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        let mut legal = self.table.state().legal(by);
        if self.leak == Leak::Legal && legal.len() > 1 && self.bit(foe(by)) {
            legal.pop();
        }
        legal
    }

    fn sound(&self) -> Result<(), String> {
        self.table.state().sound()
    }
}

impl Leaky {
    fn copy(&self) -> Table<Cards> {
        Table::restore(&self.table.snapshot()).expect("its own snapshot")
    }

    fn hand(&self, seat: Seat) -> Vec<parlour_cards::Card> {
        self.table.state().view(Viewer::Seat(seat)).you.map(|you| you.hand).unwrap_or_default()
    }

    fn bit(&self, seat: Seat) -> bool {
        self.hand(seat).iter().filter(|card| card.card.is_basic()).count() % 2 == 1
    }

    /// Plays something at the table inside, and does outside what that wants done.
    fn play(&mut self, turn: &mut Turn<Self>, what: impl FnOnce(&mut Table<Cards>, Stamp) -> Option<Played>) {
        let now_ms = turn.now_ms();
        let mut table = self.copy();
        let Some(played) = what(&mut table, Stamp { at_ms: now_ms, ts_ms: 0 }) else { return };
        for told in &played.told {
            match &told.apart {
                Some(apart) => turn.tell_apart(&apart.holders, event(&apart.own), event(&told.body)),
                None => turn.tell(event(&told.body)),
            }
        }
        match (table.about().ended, table.due_ms()) {
            (Some(ended), _) => turn.close(&ended.outcome),
            (None, Some(due_ms)) => turn.clock("inside", Duration::from_millis(due_ms.saturating_sub(now_ms)), Rung {}),
            (None, None) => {}
        }
        self.table = Arc::new(table);
    }
}

fn event(body: &Body) -> Event {
    serde_json::from_str(body.get()).expect("an event")
}

fn user(seat: Seat) -> String {
    seat.to_string()
}

fn foe(seat: Seat) -> Seat {
    Seat(1 - seat.0)
}
