//! What one viewer may know of a game: all that lies open, and their own hand.

use crate::card::{Card, Face, Id};
use crate::config::Rules;
use crate::outcome::Outcome;
use crate::print::{Ailment, Class, Element};
use crate::state::{Cards, Choice, Field, Monster, Phase, SEATS, Shield, Side, count};
use parlour_room::{Seat, Viewer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A game, as one viewer sees it. What is printed on a card is not repeated: look its key up in the
/// [`catalogue`](crate::catalogue).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// The rules of this game.
    pub config: Rules,
    /// Where it stands.
    pub phase: Phase,
    /// Counts both players' turns from 1; 0 before the first.
    pub turn: u32,
    /// Whose turn it is, from the deal on.
    pub current: Option<Seat>,
    /// Who must act now.
    pub to_act: Vec<Seat>,
    /// A choice that must be made first.
    pub choice: Option<Choice>,
    /// When their time is up.
    pub clock: Option<Clock>,
    /// What only this viewer may see; nothing for those who only watch.
    pub you: Option<You>,
    /// What lies open, by seat.
    pub sides: [OpenSide; 2],
    /// The field both stand on.
    pub field: Option<Field>,
    /// How the game ended.
    pub outcome: Option<Outcome>,
    /// Counts the games at this table from 1; 0 before the first.
    pub game: u32,
    /// How many each has won, by seat.
    pub wins: [u32; 2],
    /// Who has agreed to another game.
    pub agreed: Vec<Seat>,
}

/// Until when somebody has time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// When it is over, in milliseconds of room time.
    pub deadline_ms: u64,
}

/// What one player sees and nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct You {
    /// The viewer's seat.
    pub seat: Seat,
    /// In the order of drawing.
    pub hand: Vec<Card>,
    /// What the viewer has placed in the setup: the first becomes active.
    pub face_down: Vec<Card>,
    /// What the viewer looks at, to keep one.
    pub looked: Vec<Card>,
}

/// What lies open of one player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenSide {
    /// Whose it is.
    pub seat: Seat,
    /// By when they must come back, if their connection is lost.
    pub away: Option<Clock>,
    /// Points taken.
    pub points: u32,
    /// Whether they have set up.
    pub ready: bool,
    /// The fighting monster.
    pub active: Option<OpenMonster>,
    /// The waiting ones.
    pub bench: Vec<OpenMonster>,
    /// How many cards they hold.
    pub hand: u32,
    /// How many cards their deck has.
    pub deck: u32,
    /// How many cards they look at.
    pub looked: u32,
    /// How many monsters they have placed in the setup.
    pub face_down: u32,
    /// Their discard pile, the newest last.
    pub discard: Vec<Card>,
    /// The energy they may attach.
    pub energy_zone: Option<Element>,
    /// How many energies are to come.
    pub energy_deck: u32,
    /// Energies spent, the newest last.
    pub spent: Vec<Element>,
    /// Whether they have attached energy this turn.
    pub attached: bool,
    /// Whether they have retreated this turn.
    pub retreated: bool,
    /// Whether they have played an ally this turn.
    pub ally_played: bool,
    /// What is added to their attacks this turn.
    pub boost: u32,
}

/// A monster in play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenMonster {
    /// Its id: that of the basic at its bottom.
    pub id: Id,
    /// What it is now.
    pub card: Face,
    /// Its name.
    pub name: String,
    /// How mighty it is.
    pub class: Class,
    /// How much damage knocks it out.
    pub hp: u32,
    /// How much it has taken.
    pub damage: u32,
    /// What is attached, the newest last.
    pub energy: Vec<Element>,
    /// What is wrong with it.
    pub ailments: Vec<Ailment>,
    /// What protects it.
    pub shield: Option<Shield>,
    /// The cards it is made of, from the basic up.
    pub stack: Vec<Card>,
    /// The turn in which it came or evolved.
    pub since: u32,
    /// Whether it has used its ability this turn.
    pub ability_used: bool,
}

impl Cards {
    pub(crate) fn seen_by(&self, viewer: Viewer) -> View {
        let to_act = self.to_act();
        let dealt = self.phase != Phase::Waiting;
        View {
            config: self.rules.clone(),
            phase: self.phase,
            turn: self.turn,
            current: dealt.then_some(self.current),
            choice: self.choices.first().copied(),
            clock: (!to_act.is_empty()).then_some(Clock { deadline_ms: self.watch.deadline_ms }),
            to_act,
            you: viewer.seat().filter(|seat| SEATS.contains(seat)).map(|seat| self.side(seat).private(seat)),
            sides: SEATS.map(|seat| self.open_side(seat)),
            field: self.field.clone(),
            outcome: self.outcome,
            game: self.game,
            wins: self.wins,
            agreed: self.agreeing(),
        }
    }

    fn open_side(&self, seat: Seat) -> OpenSide {
        let away = self.grace(seat).deadline_ms.map(|deadline_ms| Clock { deadline_ms });
        OpenSide { away, ..self.side(seat).open(seat, self.turn) }
    }
}

impl Side {
    fn private(&self, seat: Seat) -> You {
        You {
            seat,
            hand: self.hand.reveal().clone(),
            face_down: self.face_down.reveal().clone(),
            looked: self.looked.reveal().clone(),
        }
    }

    fn open(&self, seat: Seat, turn: u32) -> OpenSide {
        OpenSide {
            seat,
            away: None,
            points: self.points,
            ready: self.ready,
            active: self.active.as_ref().map(|monster| monster.open(turn)),
            bench: self.bench.iter().map(|monster| monster.open(turn)).collect(),
            hand: count(self.hand.reveal()),
            deck: count(self.deck.reveal()),
            looked: count(self.looked.reveal()),
            face_down: count(self.face_down.reveal()),
            discard: self.discard.clone(),
            energy_zone: self.zone,
            energy_deck: count(self.energy_deck.reveal()),
            spent: self.spent.clone(),
            attached: self.attached,
            retreated: self.retreated,
            ally_played: self.ally_played,
            boost: self.boost,
        }
    }
}

impl Monster {
    fn open(&self, turn: u32) -> OpenMonster {
        let species = self.species();
        OpenMonster {
            id: self.id().clone(),
            card: self.face(),
            name: self.face().print().name.to_owned(),
            class: species.class,
            hp: species.hp,
            damage: self.damage,
            energy: self.energy.clone(),
            ailments: self.ailments.iter().copied().collect(),
            shield: self.shield.clone().filter(|shield| turn <= shield.until_turn),
            stack: self.stack.clone(),
            since: self.since,
            ability_used: self.used == Some(turn),
        }
    }
}
