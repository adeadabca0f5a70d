//! The small moves all rules are made of: damage, healing, ailments, energy, drawing, switching. Each tells of itself.

use crate::card::{Card, Id};
use crate::effect::{FieldRule, Passive};
use crate::event::Event;
use crate::print::{Ability, Ailment, Element, Sort};
use crate::state::{Cards, Monster};
use parlour_room::{Seat, Turn};

impl Cards {
    pub(crate) fn flip(&mut self, seat: Seat, why: &str, turn: &mut Turn<Self>) -> bool {
        let heads = turn.dice().coin();
        turn.tell(Event::Flipped { seat, why: why.to_owned(), heads });
        heads
    }

    /// Draws up to so many cards; says how many there were.
    pub(crate) fn draw(&mut self, seat: Seat, wanted: u32, turn: &mut Turn<Self>) -> u32 {
        let side = self.side_mut(seat);
        let mut drawn = Vec::new();
        for _ in 0..wanted {
            drawn.extend(side.deck.reveal_mut().pop());
        }
        side.hand.reveal_mut().extend(drawn.iter().cloned());
        let count = crate::state::count(&drawn);
        if count > 0 {
            self.tell_drawn(seat, drawn, turn);
        }
        count
    }

    /// Puts cards that somebody has seen back into the deck, under fresh ids, and shuffles.
    pub(crate) fn shuffle_back(&mut self, seat: Seat, cards: Vec<Card>, turn: &mut Turn<Self>) {
        let put_back = crate::state::count(&cards);
        let deck = self.side_mut(seat).deck.reveal_mut();
        deck.extend(cards);
        let from = deck.len() - usize::try_from(put_back).expect("a deck is short");
        deck[from..].iter_mut().for_each(|card| card.id = Id::fresh(turn.dice()));
        turn.dice().shuffle(deck);
        turn.tell(Event::Shuffled { seat, put_back });
    }

    pub(crate) fn discard(&mut self, seat: Seat, card: Card, turn: &mut Turn<Self>) {
        turn.tell(Event::Discarded { seat, card: card.clone() });
        self.side_mut(seat).discard.push(card);
    }

    pub(crate) fn hurt(&mut self, id: &Id, amount: u32, turn: &mut Turn<Self>) {
        let Some((seat, monster)) = self.monster_mut(id) else { return };
        if amount > 0 {
            monster.damage += amount;
            turn.tell(Event::Damaged { seat, monster: id.clone(), amount, damage: monster.damage });
        }
    }

    pub(crate) fn heal(&mut self, id: &Id, amount: u32, turn: &mut Turn<Self>) {
        let Some((seat, monster)) = self.monster_mut(id) else { return };
        let amount = amount.min(monster.damage);
        // Who has no strength left is past healing.
        if amount > 0 && !monster.is_knocked_out() {
            monster.damage -= amount;
            turn.tell(Event::Healed { seat, monster: id.clone(), amount, damage: monster.damage });
        }
    }

    /// Only active monsters can be ailing.
    pub(crate) fn afflict(&mut self, id: &Id, ailment: Ailment, turn: &mut Turn<Self>) {
        let Some((seat, _)) = self.monster(id) else { return };
        let Some(active) = self.side_mut(seat).active.as_mut().filter(|active| active.id() == id) else { return };
        if matches!(active.species().ability, Some(Ability::Passive(_, Passive::Guarded))) || active.ailments.contains(&ailment) {
            return;
        }
        if ailment.is_of_the_mind() {
            active.ailments.retain(|other| !other.is_of_the_mind());
        }
        active.ailments.insert(ailment);
        turn.tell(Event::Afflicted { seat, monster: id.clone(), ailment });
    }

    pub(crate) fn cure(&mut self, id: &Id, ailment: Ailment, turn: &mut Turn<Self>) {
        let Some((seat, monster)) = self.monster_mut(id) else { return };
        if monster.ailments.remove(&ailment) {
            turn.tell(Event::Cured { seat, monster: id.clone(), ailment });
        }
    }

    pub(crate) fn cure_all(&mut self, id: &Id, turn: &mut Turn<Self>) {
        let Some((_, monster)) = self.monster(id) else { return };
        for ailment in monster.ailments.clone() {
            self.cure(id, ailment, turn);
        }
    }

    pub(crate) fn gain_energy(&mut self, id: &Id, elements: Vec<Element>, turn: &mut Turn<Self>) {
        let Some((seat, monster)) = self.monster_mut(id) else { return };
        if !elements.is_empty() {
            monster.energy.extend(&elements);
            turn.tell(Event::EnergyGained { seat, monster: id.clone(), elements });
        }
    }

    /// Spends up to so many attached energies, the last attached first.
    pub(crate) fn spend_energy(&mut self, id: &Id, amount: u32, turn: &mut Turn<Self>) {
        let Some((seat, monster)) = self.monster_mut(id) else { return };
        let elements: Vec<Element> = (0..amount).filter_map(|_| monster.energy.pop()).collect();
        if !elements.is_empty() {
            self.side_mut(seat).spent.extend(&elements);
            turn.tell(Event::EnergySpent { seat, monster: id.clone(), elements });
        }
    }

    /// The next energy of the energy deck; an empty one is made anew of the spent energies.
    pub(crate) fn pop_energy(&mut self, seat: Seat, turn: &mut Turn<Self>) -> Option<Element> {
        let side = self.side_mut(seat);
        let deck = side.energy_deck.reveal_mut();
        if deck.is_empty() {
            deck.append(&mut side.spent);
            turn.dice().shuffle(deck);
        }
        deck.pop()
    }

    /// A monster of the bench becomes active; the active one, if there is one, takes its seat.
    pub(crate) fn switch(&mut self, seat: Seat, to: &Id, turn: &mut Turn<Self>) {
        let side = self.side_mut(seat);
        let Some(place) = side.benched(to) else { return };
        let next = side.bench.remove(place);
        if let Some(mut before) = side.active.replace(next) {
            before.rest();
            side.bench.insert(place, before);
        }
        turn.tell(Event::Switched { seat, active: to.clone() });
    }

    /// What the field that lies there does.
    pub(crate) fn field_rule(&self) -> Option<FieldRule> {
        match self.field.as_ref()?.card.card.print().sort {
            Sort::Field(rule) => Some(rule),
            _ => None,
        }
    }
}

impl Monster {
    /// On the bench a monster shakes off what ailed or shielded it.
    fn rest(&mut self) {
        self.ailments.clear();
        self.shield = None;
    }
}
