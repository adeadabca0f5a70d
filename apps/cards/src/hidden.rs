//! What is hidden from whom: for the tests that look for leaks.

use crate::card::{Card, Id};
use crate::state::{Cards, Phase, SEATS, Side};
use parlour_room::{Dice, Viewer};

impl Cards {
    /// Another state that this viewer cannot tell from this one.
    ///
    /// All that lies open stays, and so does what the viewer holds. Each other player's hand, face-down monsters, cards looked at
    /// and deck are mixed and dealt again, as many to each place as before; the viewer's own deck and both energy decks are
    /// shuffled; and every card the viewer may not see gets a fresh id. What everybody can conclude stays true: cards placed face
    /// down are basics, and who has placed none holds one. Where a viewer could remember more (a card that openly returned to a
    /// hand, or one they peeked at), it may be elsewhere afterwards: no view shows it.
    pub fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        let mut other = self.clone();
        for seat in SEATS {
            let unready = other.phase == Phase::Setup;
            let side = other.side_mut(seat);
            if viewer.is(seat) {
                side.mix_deck(dice);
            } else {
                side.mix_all(unready, dice);
            }
            dice.shuffle(side.energy_deck.reveal_mut());
        }
        other
    }

    /// The ids of all cards this viewer may not see.
    pub fn hidden_from(&self, viewer: Viewer) -> Vec<String> {
        let mut hidden: Vec<&Card> = Vec::new();
        for seat in SEATS {
            let side = self.side(seat);
            hidden.extend(side.deck.reveal());
            if !viewer.is(seat) {
                hidden.extend(side.hand.reveal().iter().chain(side.looked.reveal()).chain(side.face_down.reveal()));
            }
        }
        hidden.into_iter().map(|card| card.id.to_string()).collect()
    }
}

impl Side {
    fn mix_deck(&mut self, dice: &mut Dice) {
        let deck = self.deck.reveal_mut();
        dice.shuffle(deck);
        deck.iter_mut().for_each(|card| card.id = Id::fresh(dice));
    }

    fn mix_all(&mut self, setting_up: bool, dice: &mut Dice) {
        let places = [&mut self.face_down, &mut self.hand, &mut self.looked, &mut self.deck].map(|place| place.reveal_mut());
        let mut pool: Vec<Card> = places.iter().flat_map(|place| place.iter().cloned()).collect();
        dice.shuffle(&mut pool);
        let [face_down, hand, ..] = &places;
        let basics = if face_down.is_empty() && !hand.is_empty() { usize::from(setting_up) } else { face_down.len() };
        // As many basics first as must lie face down, or one that must be in the hand.
        let mut sorted = Vec::new();
        for _ in 0..basics {
            sorted.extend(pool.iter().position(|card| card.card.is_basic()).map(|place| pool.remove(place)));
        }
        sorted.extend(pool);
        let mut cards = sorted.into_iter();
        for place in places {
            let len = place.len();
            place.clear();
            place.extend(cards.by_ref().take(len).map(|card| Card { id: Id::fresh(dice), ..card }));
        }
    }
}
