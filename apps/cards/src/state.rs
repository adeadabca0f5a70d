//! The whole state of a game: what is kept, and how to find one's way in it.

use crate::action::Demand;
use crate::card::{Card, Face, Id};
use crate::clock::Watch;
use crate::config::Rules;
use crate::grace::Grace;
use crate::outcome::Outcome;
use crate::print::{Ailment, Element, Species};
use parlour_room::{Seat, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many monsters a bench seats.
pub const BENCH: usize = 3;
/// How many energies a player has: attached, spent, in the zone or still in the energy deck.
pub(crate) const ENERGIES: usize = 24;

/// One game: its value is the whole state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cards {
    pub(crate) rules: Rules,
    pub(crate) seated: [bool; 2],
    pub(crate) phase: Phase,
    /// Counts both players' turns from 1; 0 until the first.
    pub(crate) turn: u32,
    /// Whose turn it is, or, in the setup, whose the first will be.
    pub(crate) current: Seat,
    pub(crate) sides: [Side; 2],
    pub(crate) field: Option<Field>,
    /// The choices that must be made, in this order, before the game goes on.
    pub(crate) choices: Vec<Choice>,
    pub(crate) watch: Watch,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) graces: [Grace; 2],
    /// Counts the games played here from 1; 0 before the first.
    pub(crate) game: u32,
    /// Who began the game, or will.
    pub(crate) first: Seat,
    /// How many games each has won.
    pub(crate) wins: [u32; 2],
    /// Who wants another game.
    pub(crate) agreed: [bool; 2],
}

/// Where the game stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// For both seats to be taken.
    Waiting,
    /// Both players place monsters face down.
    Setup,
    /// The turn's card is drawn.
    Draw,
    /// The turn's player acts.
    Main,
    /// An attack was declared.
    Attack,
    /// Between the turns.
    End,
    /// The game is over; both players may agree to another.
    Rematch,
    /// Nothing more.
    Over,
}

/// All that belongs to one player.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Side {
    /// The forty cards of the deck, sorted: what there is, wherever it is now.
    pub(crate) recipe: Secret<Vec<Face>>,
    /// In the order of drawing.
    pub(crate) hand: Secret<Vec<Card>>,
    /// The top card is the last.
    pub(crate) deck: Secret<Vec<Card>>,
    /// Cards taken from the deck to choose one of them.
    pub(crate) looked: Secret<Vec<Card>>,
    /// Setup: the active monster first, then the bench.
    pub(crate) face_down: Secret<Vec<Card>>,
    pub(crate) ready: bool,
    pub(crate) active: Option<Monster>,
    pub(crate) bench: Vec<Monster>,
    pub(crate) discard: Vec<Card>,
    /// The next energy is the last.
    pub(crate) energy_deck: Secret<Vec<Element>>,
    pub(crate) zone: Option<Element>,
    /// The energy spent last is the last.
    pub(crate) spent: Vec<Element>,
    pub(crate) points: u32,
    pub(crate) attached: bool,
    pub(crate) retreated: bool,
    pub(crate) ally_played: bool,
    /// What is added to this turn's attacks.
    pub(crate) boost: u32,
}

/// A monster in play.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Monster {
    /// From the basic up to what it is now.
    pub(crate) stack: Vec<Card>,
    pub(crate) damage: u32,
    /// The energy attached last is the last.
    pub(crate) energy: Vec<Element>,
    pub(crate) ailments: BTreeSet<Ailment>,
    pub(crate) shield: Option<Shield>,
    /// The turn in which it came into play or evolved.
    pub(crate) since: u32,
    /// The turn in which it used its ability.
    pub(crate) used: Option<u32>,
}

/// Less damage from attacks for some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shield {
    /// So much less.
    pub amount: u32,
    /// Until the end of this turn.
    pub until_turn: u32,
}

/// The field both players stand on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// Who laid it.
    pub seat: Seat,
    /// The card.
    pub card: Card,
}

/// A choice that must be made before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// By whom.
    pub seat: Seat,
    /// With which action.
    pub action: Demand,
    /// How many times.
    pub count: u32,
}

impl Cards {
    pub(crate) fn side(&self, seat: Seat) -> &Side {
        &self.sides[usize::from(seat.0 != 0)]
    }

    pub(crate) fn side_mut(&mut self, seat: Seat) -> &mut Side {
        &mut self.sides[usize::from(seat.0 != 0)]
    }

    /// Both seats, whose turn it is first.
    pub(crate) fn seats(&self) -> [Seat; 2] {
        [self.current, foe(self.current)]
    }

    /// A monster in play, by the id of the basic at its bottom, and whose it is.
    pub(crate) fn monster(&self, id: &Id) -> Option<(Seat, &Monster)> {
        SEATS.into_iter().find_map(|seat| Some((seat, self.side(seat).monsters().find(|monster| monster.id() == id)?)))
    }

    pub(crate) fn monster_mut(&mut self, id: &Id) -> Option<(Seat, &mut Monster)> {
        let (seat, _) = self.monster(id)?;
        Some((seat, self.side_mut(seat).monsters_mut().find(|monster| monster.id() == id)?))
    }

    /// Whether a game is being played: the cards are dealt, and it is not over.
    pub(crate) fn is_on(&self) -> bool {
        !matches!(self.phase, Phase::Waiting | Phase::Rematch | Phase::Over)
    }

    /// On whom the game waits: nobody, one player, or in the setup up to two.
    pub(crate) fn to_act(&self) -> Vec<Seat> {
        match (self.phase, self.choices.first()) {
            (Phase::Waiting | Phase::Over, _) => Vec::new(),
            (Phase::Rematch, _) => SEATS.into_iter().filter(|seat| !self.agreeing().contains(seat)).collect(),
            (Phase::Setup, _) => SEATS.into_iter().filter(|&seat| !self.side(seat).ready).collect(),
            (_, Some(choice)) => vec![choice.seat],
            (_, None) => vec![self.current],
        }
    }
}

impl Side {
    pub(crate) fn new(mut recipe: Vec<Face>) -> Self {
        recipe.sort_unstable();
        Self {
            recipe: Secret::new(recipe),
            hand: Secret::default(),
            deck: Secret::default(),
            looked: Secret::default(),
            face_down: Secret::default(),
            ready: false,
            active: None,
            bench: Vec::new(),
            discard: Vec::new(),
            energy_deck: Secret::default(),
            zone: None,
            spent: Vec::new(),
            points: 0,
            attached: false,
            retreated: false,
            ally_played: false,
            boost: 0,
        }
    }

    /// What could be done once in the turn that is over can be done again.
    pub(crate) fn forget_turn(&mut self) {
        self.attached = false;
        self.retreated = false;
        self.ally_played = false;
        self.boost = 0;
    }

    /// The active monster, then the bench.
    pub(crate) fn monsters(&self) -> impl Iterator<Item = &Monster> {
        self.active.iter().chain(&self.bench)
    }

    pub(crate) fn monsters_mut(&mut self) -> impl Iterator<Item = &mut Monster> {
        self.active.iter_mut().chain(&mut self.bench)
    }

    /// The place on the bench where this monster sits.
    pub(crate) fn benched(&self, id: &Id) -> Option<usize> {
        self.bench.iter().position(|monster| monster.id() == id)
    }

    pub(crate) fn take_from_hand(&mut self, id: &Id) -> Card {
        let hand = self.hand.reveal_mut();
        let place = hand.iter().position(|card| card.id == *id).expect("checked: the card is in the hand");
        hand.remove(place)
    }
}

impl Monster {
    pub(crate) fn new(card: Card, turn: u32) -> Self {
        Self {
            stack: vec![card],
            damage: 0,
            energy: Vec::new(),
            ailments: BTreeSet::new(),
            shield: None,
            since: turn,
            used: None,
        }
    }

    /// Its id: that of the basic at its bottom.
    pub(crate) fn id(&self) -> &Id {
        &self.stack.first().expect("a monster is at least one card").id
    }

    /// What it is now.
    pub(crate) fn face(&self) -> Face {
        self.stack.last().expect("a monster is at least one card").card
    }

    pub(crate) fn species(&self) -> &'static Species {
        self.face().species().expect("only monsters are put into play")
    }

    pub(crate) fn is_helpless(&self) -> bool {
        self.ailments.contains(&Ailment::Asleep) || self.ailments.contains(&Ailment::Paralysed)
    }

    pub(crate) fn is_knocked_out(&self) -> bool {
        self.damage >= self.species().hp
    }
}

/// Both seats.
pub(crate) const SEATS: [Seat; 2] = [Seat(0), Seat(1)];

/// The other seat.
pub(crate) fn foe(seat: Seat) -> Seat {
    if seat == Seat(0) { Seat(1) } else { Seat(0) }
}

/// A length as it is kept and sent.
pub(crate) fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("a game holds eighty cards")
}
