//! What must be true of every state.

use crate::action::Demand;
use crate::card::{Card, Face};
use crate::deal::energies;
use crate::print::Element;
use crate::state::{BENCH, Cards, ENERGIES, Phase, SEATS, Side, foe};
use parlour_room::Seat;
use std::collections::BTreeSet;

impl Cards {
    pub(crate) fn is_sound(&self) -> Result<(), String> {
        if self.phase == Phase::Waiting {
            return Ok(());
        }
        let mut ids = BTreeSet::new();
        for seat in SEATS {
            let side = self.side(seat);
            let cards: Vec<&Card> = side.cards().chain(self.field_of(seat)).collect();
            let mut faces: Vec<Face> = cards.iter().map(|card| card.card).collect();
            faces.sort_unstable();
            ensure(&faces == side.recipe.reveal(), seat, "the deck's cards are not all there once")?;
            ensure(cards.iter().all(|card| ids.insert(&card.id)), seat, "an id is there twice")?;
            side.is_sound(seat)?;
            self.has_active(seat)?;
        }
        let over = !self.is_on();
        let waits = SEATS.iter().any(|&seat| self.grace(seat).deadline_ms.is_some());
        ensure(!over || !waits, self.current, "somebody is waited for, and no game is on")?;
        ensure(self.game <= self.rules.rematches + 1, self.current, "more games were played than may be")?;
        ensure(over == self.outcome.is_some(), self.current, "the phase and the outcome disagree")?;
        ensure(self.turn <= self.rules.turn_limit, self.current, "the turn limit was passed")
    }

    fn field_of(&self, seat: Seat) -> Option<&Card> {
        self.field.as_ref().filter(|field| field.seat == seat).map(|field| &field.card)
    }

    fn has_active(&self, seat: Seat) -> Result<(), String> {
        let side = self.side(seat);
        if matches!(self.phase, Phase::Setup | Phase::Rematch | Phase::Over) {
            return Ok(());
        }
        let asked = self.choices.iter().any(|choice| choice.seat == seat && choice.action == Demand::ChooseActive);
        ensure(side.active.is_some() || asked, seat, "there is no active monster, and no choice of one")?;
        let won = self.side(foe(seat)).points >= self.rules.points_to_win;
        ensure(!won, seat, "the game was won and goes on")
    }
}

impl Side {
    fn cards(&self) -> impl Iterator<Item = &Card> {
        let hidden = [&self.hand, &self.deck, &self.looked, &self.face_down].into_iter().flat_map(|place| place.reveal());
        hidden.chain(self.monsters().flat_map(|monster| &monster.stack)).chain(&self.discard)
    }

    fn is_sound(&self, seat: Seat) -> Result<(), String> {
        ensure(self.bench.len() <= BENCH, seat, "the bench is too full")?;
        let mut energies_there: Vec<Element> =
            self.energy_deck.reveal().iter().chain(&self.spent).chain(&self.zone).copied().collect();
        for monster in self.monsters() {
            energies_there.extend(&monster.energy);
            ensure(!monster.is_knocked_out(), seat, "a monster has more damage than it can take")?;
            ensure(monster.damage.is_multiple_of(10), seat, "damage is counted in tens")?;
            let line = monster.stack.windows(2).all(|pair| evolves(pair[0].card, pair[1].card));
            ensure(monster.stack[0].card.is_basic() && line, seat, "a monster is no line of evolution")?;
            let minds = monster.ailments.iter().filter(|ailment| ailment.is_of_the_mind()).count();
            ensure(minds <= 1, seat, "a monster has two ailments of the mind")?;
        }
        ensure(self.bench.iter().all(|monster| monster.ailments.is_empty()), seat, "a benched monster is ailing")?;
        energies_there.sort_unstable();
        let mut energies = energies(self.recipe.reveal());
        energies.sort_unstable();
        ensure(energies.len() == ENERGIES && energies == energies_there, seat, "the energies are not all there once")
    }
}

fn evolves(below: Face, above: Face) -> bool {
    above.species().and_then(|species| species.stage.from()) == Some(below.key())
}

fn ensure(holds: bool, seat: Seat, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("seat {seat}: {otherwise}")) }
}
