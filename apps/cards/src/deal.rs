//! Before the first turn: dealing, placing monsters face down, turning them up.

use crate::card::{Card, Face, Id};
use crate::event::Event;
use crate::print::Element;
use crate::state::{Cards, ENERGIES, Monster, Phase, SEATS, Side, count, foe};
use parlour_room::{Dice, Seat, Secret, Turn};
use std::collections::BTreeSet;

const HAND: usize = 5;

impl Cards {
    /// Deals, once both players are there and have stirred the dice.
    pub(crate) fn deal(&mut self, turn: &mut Turn<Self>) {
        self.game += 1;
        self.first = if self.game == 1 { SEATS[usize::from(turn.dice().coin())] } else { foe(self.first) };
        self.current = self.first;
        turn.tell(Event::GameBegun { first: self.first, game: self.game });
        for seat in SEATS {
            self.side_mut(seat).deal(turn.dice());
            let hand = self.side(seat).hand.reveal().clone();
            self.tell_drawn(seat, hand, turn);
        }
        self.phase = Phase::Setup;
        self.retime(turn);
        self.allow_all(turn);
    }

    pub(crate) fn place(&mut self, seat: Seat, card: &Id, turn: &mut Turn<Self>) {
        let side = self.side_mut(seat);
        let card = side.take_from_hand(card);
        side.face_down.reveal_mut().push(card.clone());
        let face_down = count(side.face_down.reveal());
        let others = Event::Placed { seat, card: None, face_down };
        turn.tell_apart(&[seat], Event::Placed { seat, card: Some(card), face_down }, others);
    }

    pub(crate) fn ready(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.side_mut(seat).ready = true;
        turn.tell(Event::Readied { seat });
        if self.sides.iter().all(|side| side.ready) {
            self.turn_up(turn);
            self.start_turn(self.current, turn);
        }
        self.run(turn);
    }

    fn turn_up(&mut self, turn: &mut Turn<Self>) {
        for seat in self.seats() {
            let side = self.side_mut(seat);
            let mut cards = std::mem::take(&mut side.face_down).into_inner();
            let bench = cards.split_off(1);
            let active = cards.pop().expect("checked: who is ready has placed one");
            side.active = Some(Monster::new(active.clone(), 0));
            side.bench = bench.iter().map(|card| Monster::new(card.clone(), 0)).collect();
            turn.tell(Event::Revealed { seat, active, bench });
        }
    }

    /// Tells a player which cards they drew, and everybody else how many.
    pub(crate) fn tell_drawn(&self, seat: Seat, cards: Vec<Card>, turn: &mut Turn<Self>) {
        let count = count(&cards);
        let others = Event::Drew { seat, cards: None, count };
        turn.tell_apart(&[seat], Event::Drew { seat, cards: Some(cards), count }, others);
    }
}

impl Side {
    /// Shuffles the deck and takes a hand from it. A hand always holds a basic: where the shuffle gave none, the topmost basic of
    /// the deck changes places with the hand's last card. Nothing is drawn anew, so there is nothing about it to see or to tell.
    fn deal(&mut self, dice: &mut Dice) {
        let mut deck: Vec<Card> = self.recipe.reveal().iter().map(|&card| Card { id: Id::fresh(dice), card }).collect();
        dice.shuffle(&mut deck);
        let hand = deck.len() - HAND;
        if !deck[hand..].iter().any(|card| card.card.is_basic())
            && let Some(basic) = deck[..hand].iter().rposition(|card| card.card.is_basic())
        {
            deck.swap(basic, hand);
        }
        let mut hand = deck.split_off(hand);
        hand.reverse();
        self.hand = Secret::new(hand);
        self.deck = Secret::new(deck);
        let mut energies = energies(self.recipe.reveal());
        dice.shuffle(&mut energies);
        self.energy_deck = Secret::new(energies);
    }
}

/// The energies of a deck: equal shares of every element among its monsters. A deck without any element gets ember, which pays
/// for everything.
pub(crate) fn energies(recipe: &[Face]) -> Vec<Element> {
    let elements: BTreeSet<Element> = recipe.iter().filter_map(|face| face.species()?.element).collect();
    let shares: Vec<Element> = if elements.is_empty() { vec![Element::Ember] } else { elements.into_iter().collect() };
    shares.iter().copied().cycle().take(ENERGIES).collect()
}
