//! The one place where effects happen.
//!
//! Dice that everybody sees (coins) and dice that nobody sees (shuffles, ids) come from one stream. So no effect draws more or
//! fewer dice because of something hidden: else a hidden card could be told from a later coin.

use crate::action::Demand;
use crate::card::{Card, Face, Id};
use crate::effect::{Effect, Wanted, Who, Whom};
use crate::event::Event;
use crate::state::{Cards, Monster, SEATS, Shield, Side, count, foe};
use parlour_room::{Seat, Turn};

/// A card, ability or attack being carried out.
pub(crate) struct Deed {
    pub(crate) seat: Seat,
    /// What coins are flipped for.
    pub(crate) name: &'static str,
    /// The monster whose ability or attack it is.
    pub(crate) actor: Option<Id>,
    pub(crate) target: Option<Id>,
}

impl Cards {
    pub(crate) fn perform(&mut self, deed: &Deed, effects: &[Effect], turn: &mut Turn<Self>) {
        for &effect in effects {
            self.effect(deed, effect, turn);
        }
    }

    fn effect(&mut self, deed: &Deed, effect: Effect, turn: &mut Turn<Self>) {
        let seat = deed.seat;
        match effect {
            Effect::Draw(cards) => {
                self.draw(seat, cards, turn);
            }
            Effect::Search(wanted) => self.search(seat, wanted, turn),
            Effect::Look(cards) => self.look(seat, cards, turn),
            Effect::Recover => self.recover(deed, turn),
            Effect::Discard(who, cards) => who.seats(seat).for_each(|seat| self.ask(seat, Demand::Discard, cards)),
            Effect::Pilfer => self.pilfer(foe(seat), turn),
            Effect::Redraw(who, cards) => who.seats(seat).for_each(|seat| self.redraw(seat, cards, turn)),
            Effect::Peek => self.peek(seat, turn),
            Effect::Heal(whom, amount) => self.each(deed, whom, |cards, id| cards.heal(id, amount, turn)),
            Effect::Hurt(whom, amount) => self.each(deed, whom, |cards, id| cards.hurt(id, amount, turn)),
            Effect::Afflict(whom, ailment) => self.each(deed, whom, |cards, id| cards.afflict(id, ailment, turn)),
            Effect::Cure(whom) => self.each(deed, whom, |cards, id| cards.cure_all(id, turn)),
            Effect::Charge(whom, amount) => self.each(deed, whom, |cards, id| cards.charge(seat, id, amount, turn)),
            Effect::Surge(whom) => self.each(deed, whom, |cards, id| {
                let next = cards.pop_energy(seat, turn);
                cards.gain_energy(id, next.into_iter().collect(), turn);
            }),
            Effect::Drain(whom, amount) => self.each(deed, whom, |cards, id| cards.spend_energy(id, amount, turn)),
            Effect::Pull => self.each(deed, Whom::Target, |cards, id| cards.switch(foe(seat), id, turn)),
            Effect::Push => self.ask(foe(seat), Demand::ChooseActive, 1),
            Effect::Swap => self.each(deed, Whom::Target, |cards, id| cards.switch(seat, id, turn)),
            Effect::Return => self.each(deed, Whom::Target, |cards, id| cards.send_home(seat, id, turn)),
            Effect::Shield(whom, amount) => self.each(deed, whom, |cards, id| cards.shield(id, amount, turn)),
            Effect::Boost(amount) => {
                self.side_mut(seat).boost += amount;
                turn.tell(Event::Boosted { seat, amount });
            }
            Effect::Flip(heads, tails) => {
                let effects = if self.flip(seat, deed.name, turn) { heads } else { tails };
                self.perform(deed, effects, turn);
            }
        }
    }

    /// Does something to every monster that is meant and still in play.
    fn each(&mut self, deed: &Deed, whom: Whom, mut what: impl FnMut(&mut Self, &Id)) {
        let (mine, theirs) = (self.side(deed.seat), self.side(foe(deed.seat)));
        let ids = |monsters: &mut dyn Iterator<Item = &Monster>| monsters.map(|monster| monster.id().clone()).collect();
        let meant: Vec<Id> = match whom {
            Whom::This => deed.actor.iter().cloned().collect(),
            Whom::Target => deed.target.iter().cloned().collect(),
            Whom::MyActive => ids(&mut mine.active.iter()),
            Whom::MyAll => ids(&mut mine.monsters()),
            Whom::FoeActive => ids(&mut theirs.active.iter()),
            Whom::FoeBench => ids(&mut theirs.bench.iter()),
        };
        for id in meant {
            what(self, &id);
        }
    }

    fn search(&mut self, seat: Seat, wanted: Wanted, turn: &mut Turn<Self>) {
        let deck = self.side_mut(seat).deck.reveal_mut();
        // Shuffling first makes the first one a random one, for the same number of draws whatever there is to find.
        turn.dice().shuffle(deck);
        turn.tell(Event::Shuffled { seat, put_back: 0 });
        let deck = self.side_mut(seat).deck.reveal_mut();
        if let Some(found) = deck.iter().rposition(|card| wanted.fits(card.card)) {
            let card = deck.remove(found);
            deck.push(card);
        }
        self.draw(seat, 1, turn);
    }

    fn look(&mut self, seat: Seat, cards: u32, turn: &mut Turn<Self>) {
        let side = self.side_mut(seat);
        let looked: Vec<Card> = (0..cards).filter_map(|_| side.deck.reveal_mut().pop()).collect();
        side.looked.reveal_mut().extend(looked.iter().cloned());
        let count = count(&looked);
        if count > 0 {
            let others = Event::Looked { seat, cards: None, count };
            turn.tell_apart(&[seat], Event::Looked { seat, cards: Some(looked), count }, others);
        }
        self.ask(seat, Demand::Keep, 1);
    }

    fn recover(&mut self, deed: &Deed, turn: &mut Turn<Self>) {
        let seat = deed.seat;
        let side = self.side_mut(seat);
        let Some(place) = side.discard.iter().position(|card| Some(&card.id) == deed.target.as_ref()) else { return };
        let card = side.discard.remove(place);
        let fresh = Card { id: Id::fresh(turn.dice()), card: card.card };
        let others = Event::Recovered { seat, card: card.clone(), id: None };
        turn.tell_apart(&[seat], Event::Recovered { seat, card, id: Some(fresh.id.clone()) }, others);
        side.hand.reveal_mut().push(fresh);
    }

    fn pilfer(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let hand = self.side_mut(seat).hand.reveal_mut();
        if hand.is_empty() {
            return;
        }
        let place = turn.dice().below(u64::from(count(hand)));
        let card = hand.remove(usize::try_from(place).expect("a hand is short"));
        self.discard(seat, card, turn);
    }

    fn redraw(&mut self, seat: Seat, cards: u32, turn: &mut Turn<Self>) {
        let hand = std::mem::take(&mut self.side_mut(seat).hand).into_inner();
        self.shuffle_back(seat, hand, turn);
        self.draw(seat, cards, turn);
    }

    fn peek(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let mut cards: Vec<Face> = self.side(foe(seat)).hand.reveal().iter().map(|card| card.card).collect();
        cards.sort_unstable();
        let count = count(&cards);
        let others = Event::Peeked { seat, cards: None, count };
        turn.tell_apart(&[seat], Event::Peeked { seat, cards: Some(cards), count }, others);
    }

    fn charge(&mut self, seat: Seat, id: &Id, amount: u32, turn: &mut Turn<Self>) {
        let spent = &mut self.side_mut(seat).spent;
        let elements = (0..amount).filter_map(|_| spent.pop()).collect();
        self.gain_energy(id, elements, turn);
    }

    fn send_home(&mut self, seat: Seat, id: &Id, turn: &mut Turn<Self>) {
        let side = self.side_mut(seat);
        let Some(place) = side.benched(id) else { return };
        let monster = side.bench.remove(place);
        side.spent.extend(monster.energy);
        let fresh = |card: Card| Card { id: Id::fresh(turn.dice()), card: card.card };
        let cards: Vec<Card> = monster.stack.into_iter().map(fresh).collect();
        side.hand.reveal_mut().extend(cards.iter().cloned());
        let count = count(&cards);
        let others = Event::Returned { seat, monster: id.clone(), cards: None, count };
        turn.tell_apart(&[seat], Event::Returned { seat, monster: id.clone(), cards: Some(cards), count }, others);
    }

    fn shield(&mut self, id: &Id, amount: u32, turn: &mut Turn<Self>) {
        let until_turn = self.turn + 1;
        let Some((seat, monster)) = self.monster_mut(id) else { return };
        monster.shield = Some(Shield { amount, until_turn });
        turn.tell(Event::Shielded { seat, monster: id.clone(), amount, until_turn });
    }
}

impl Who {
    fn seats(self, me: Seat) -> impl Iterator<Item = Seat> {
        SEATS.into_iter().filter(move |&seat| match self {
            Who::Me => seat == me,
            Who::Foe => seat != me,
            Who::Both => true,
        })
    }
}

impl Wanted {
    pub(crate) fn fits(self, face: Face) -> bool {
        match self {
            Wanted::Basic => face.is_basic(),
            Wanted::Evolution => face.species().is_some() && !face.is_basic(),
            Wanted::Monster => face.species().is_some(),
        }
    }
}

impl Side {
    /// The cards looked at, when one of them was kept.
    pub(crate) fn keep(&mut self, id: &Id) -> (Card, Vec<Card>) {
        let mut looked = std::mem::take(&mut self.looked).into_inner();
        let place = looked.iter().position(|card| card.id == *id).expect("checked: it is one of them");
        (looked.remove(place), looked)
    }
}
