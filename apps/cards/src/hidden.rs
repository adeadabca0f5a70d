//! What is hidden from whom: for the proofs that look for leaks.

use crate::action::Action;
use crate::card::{Card, Id};
use crate::event::Event;
use crate::state::{Cards, Phase, SEATS, Side};
use parlour_room::proof::Disguise;
use parlour_room::{Dice, Seat, Viewer};

/// So often cards are mixed anew until they fit.
const MIXES: u32 = 16;

/// A deck of two elements, so that its energies can lie in more than one order.
const MIXED: &str = "sootling kilnhound forgemaw wickmoth lampwing slagmole pyrarch solfurnace dripkit brookfox maelfox shoalray \
                     gulfray icklecrab nereith abyssor burrowby tunnelord honey_salve nest_map";

impl Disguise for Cards {
    /// A deck's recipe stays: whoever looks at a game may know the ready-made decks by name, and no view shows a listed one.
    const UNTOUCHED: &'static [&'static str] = &["sides.*.recipe"];

    /// All that lies open stays, and so does what the viewer holds. Each other player's hand, face-down monsters, cards looked at
    /// and deck are mixed and dealt again, as many to each place as before; the viewer's own deck and both energy decks are
    /// shuffled; and every card the viewer may not see gets a fresh id. What everybody can conclude stays true: cards placed face
    /// down are basics, and who has placed none holds one. Where a viewer could remember more (a card that openly returned to a
    /// hand, or one they peeked at), it may be elsewhere afterwards: no view shows it.
    fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self {
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

    /// The card that the action names lies in its place, under its id; what lay there went where another copy of it was.
    fn disguise_before(&self, viewer: Viewer, by: Seat, action: &Action, dice: &mut Dice) -> Self {
        let Some(id) = action.card().filter(|_| SEATS.contains(&by)) else { return self.disguise(viewer, dice) };
        // Sometimes the only copy lies face down, where what it is exchanged for may not lie: then the cards are mixed anew.
        let mut mixed = (0..MIXES).map(|_| {
            let mut other = self.disguise(viewer, dice);
            other.side_mut(by).hold(self.side(by), id);
            other
        });
        let fits = |other: &Self| other.side(by).face_down.reveal().iter().all(|card| card.card.is_basic());
        mixed.find(fits).unwrap_or_else(|| self.clone())
    }

    fn masked(event: Event) -> Event {
        match event {
            Event::Drew { seat, count, .. } => Event::Drew { seat, cards: None, count },
            Event::Looked { seat, count, .. } => Event::Looked { seat, cards: None, count },
            Event::Peeked { seat, count, .. } => Event::Peeked { seat, cards: None, count },
            // What comes into the open: as many of another kind of event, which stands for no other.
            Event::Discarded { seat, .. } => Event::Shuffled { seat, put_back: 1000 },
            Event::Revealed { seat, bench, .. } => {
                Event::Shuffled { seat, put_back: crate::state::count(&bench).saturating_add(2000) }
            }
            Event::EnergyAppeared { seat, .. } => Event::Shuffled { seat, put_back: 3000 },
            Event::EnergyGained { seat, monster, .. } => Event::Switched { seat, active: monster },
            other => other,
        }
    }

    fn config(dice: &mut Dice) -> String {
        let mixed: Vec<String> = MIXED.split_whitespace().map(|key| format!(r#""{key}","{key}""#)).collect();
        let mixed = format!(r#"{{"cards":[{}]}}"#, mixed.join(","));
        let mut deck = || match dice.below(8) {
            0..4 => mixed.clone(),
            number => format!("{:?}", ["ember", "tide", "grove", "storm"][usize::try_from(number - 4).expect("below 4")]),
        };
        let [first, second] = [deck(), deck()];
        let points = *dice.pick(&[4, 4, 4, 2, 10]).expect("there are five");
        let turns = *dice.pick(&[30, 30, 60, 200]).expect("there are four");
        format!(r#"{{"decks":[{first},{second}],"points_to_win":{points},"turn_limit":{turns},"rematches":{}}}"#, dice.below(2))
    }
}

impl Cards {
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
    /// The card of this id is where it is in the other side.
    fn hold(&mut self, before: &Side, id: &Id) {
        for looked in [false, true] {
            let place = |side: &Side| if looked { side.looked.reveal().clone() } else { side.hand.reveal().clone() };
            let Some(at) = place(before).iter().position(|card| card.id == *id) else { continue };
            let wanted = place(before)[at].clone();
            let target = if looked { self.looked.reveal_mut() } else { self.hand.reveal_mut() };
            if target[at] == wanted {
                continue;
            }
            let displaced = std::mem::replace(&mut target[at], wanted.clone());
            // Another copy of it was dealt somewhere: it takes the place of what lay here, if it was not that itself.
            let places = [&mut self.hand, &mut self.looked, &mut self.face_down, &mut self.deck];
            let alike = places.into_iter().flat_map(|place| place.reveal_mut());
            let alike = alike.filter(|card| card.id != wanted.id && card.card == wanted.card);
            if displaced.card != wanted.card
                && let Some(copy) = alike.into_iter().next()
            {
                *copy = displaced;
            }
        }
    }

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
