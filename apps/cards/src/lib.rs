//! An original game for two: monsters, their energies, and cards nobody else sees.
//!
//! **The rules in short.** Each player has forty cards, at most two of a name. Both place one to four basic monsters face down;
//! then they are turned up, the first as the active monster, the others as the bench. In a turn a player draws a card and finds
//! energy in the zone (not in the very first turn), and may then play basics, evolve monsters, attach the energy, play items, one
//! ally, fields, use abilities, retreat once; an attack ends the turn. Knocking out a monster takes points (one, two for elders,
//! three for titans). Who has four has won.
//!
//! **Where to read.** `print.rs` and `effect.rs` say what can be on a card, `prints/` what is. `state.rs` is all that is kept,
//! `action.rs`, `event.rs`, `view.rs` and `refusal.rs` all that is sent. `check.rs` says what is legal, `play.rs` does it,
//! `battle.rs` and `perform.rs` are attacks and effects, `flow.rs` is how the game goes on by itself, `clock.rs` the time,
//! `grace.rs` what happens when somebody's connection is lost, `rematch.rs` another game at the same table. `hidden.rs` and
//! `sound.rs` are there to be held against all of it; `promise.rs` is what a bot goes by.

mod action;
mod battle;
mod board;
mod card;
mod catalogue;
mod check;
mod clock;
mod config;
mod content;
mod deal;
mod decks;
mod effect;
mod event;
mod flow;
mod grace;
mod hidden;
mod legal;
mod outcome;
mod perform;
mod play;
mod print;
mod prints;
mod promise;
mod refusal;
mod rematch;
mod sound;
mod state;
mod text;
mod view;

pub use action::{Action, Demand};
pub use card::{Card, Face, Id};
pub use catalogue::{AbilityText, AttackText, CardText, SortText, catalogue};
pub use clock::{Bell, Clocks};
pub use config::{Config, DeckChoice, Rules};
pub use decks::{COPIES, DECK_SIZE, named as deck_named, names as deck_names};
pub use event::Event;
pub use outcome::{Outcome, Reason};
pub use print::{Ailment, Class, Element};
pub use refusal::Refusal;
pub use state::{BENCH, Cards, Choice, Field, Phase, Shield};
pub use view::{Clock, OpenMonster, OpenSide, View, You};

use parlour_room::{Dice, Hash64, Room, Seat, Seats, Turn, Viewer};
use state::{SEATS, Side};

impl Room for Cards {
    const KIND: &'static str = "cards";
    const RULES: u32 = 2;
    /// A turn's time does not run while nobody can play.
    const FREEZES: bool = true;
    /// Who loses the connection has some time to come back.
    const PRESENCE: bool = true;

    type Config = Config;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refusal;
    type World = Clocks;

    fn content() -> Hash64 {
        content::hash()
    }

    fn seats(_config: &Config) -> Seats {
        Seats::Fixed(2)
    }

    fn open(config: Config, _dice: &mut Dice) -> Result<Self, Refusal> {
        let (rules, recipes) = config.checked()?;
        Ok(Self {
            rules,
            seated: [false; 2],
            phase: Phase::Waiting,
            turn: 0,
            current: Seat(0),
            sides: recipes.map(Side::new),
            field: None,
            choices: Vec::new(),
            watch: clock::Watch::new(),
            outcome: None,
            graces: Default::default(),
            game: 0,
            first: Seat(0),
            wins: [0; 2],
            agreed: [false; 2],
        })
    }

    fn check(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        self.check_action(by, action)
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        self.play(by, action, turn);
    }

    fn view(&self, viewer: Viewer) -> View {
        self.seen_by(viewer)
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.sit(seat, true);
        self.came(seat, turn);
        if self.phase == Phase::Waiting && self.seated == [true; 2] {
            self.deal(turn);
        }
    }

    /// Leaving a game is resigning; before the cards are dealt it only frees the seat, and afterwards there is no other game.
    fn left(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.sit(seat, false);
        if self.phase != Phase::Waiting {
            self.resigned(seat, turn);
        }
    }

    /// The same as the action. Who resigns before anybody came ends the room: there was no game, so nobody has won.
    fn resigned(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        match self.phase {
            Phase::Waiting => turn.close(Reason::Resignation.word()),
            Phase::Over => {}
            Phase::Rematch => self.decline(seat, turn),
            _ => self.resign(seat, turn),
        }
    }

    fn present(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        if here {
            self.came(seat, turn);
        } else {
            self.went(seat, turn);
        }
    }

    fn signal(&mut self, bell: Bell, turn: &mut Turn<Self>) {
        self.ring(bell, turn);
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        self.legal_actions(by)
    }

    fn promise(view: &View, action: &Action) -> i64 {
        promise::promise(view, action)
    }

    fn sound(&self) -> Result<(), String> {
        self.is_sound()
    }
}

impl Cards {
    fn sit(&mut self, seat: Seat, taken: bool) {
        if let Some(place) = SEATS.iter().position(|&other| other == seat) {
            self.seated[place] = taken;
        }
    }
}
