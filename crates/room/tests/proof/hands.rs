//! Hidden hands and a deck, whose turn it is, and something to peek at. The configuration says which leak was planted.

use parlour_room::proof::Disguise;
use parlour_room::{Dice, Refused, Room, Seat, Seats, Secret, Turn, Viewer, kept, room, wire};

/// What was planted.
#[wire]
#[derive(Copy, Default)]
pub(crate) enum Leak {
    #[default]
    None,
    ByLegal,
    ByRefusal,
    ByCount,
    ByOrderOfEvents,
    ByOrderInView,
    ByTheEnd,
    /// No leak, but a disguise that changes nothing.
    Undisguised,
    /// No leak, but a disguise that forgets the deck.
    HalfDisguised,
}

const PLAYERS: u32 = 3;
const CARDS: u32 = 24;

#[kept]
pub(crate) struct Hands {
    leak: Leak,
    hands: Vec<Secret<Vec<u32>>>,
    deck: Secret<Vec<u32>>,
    table: Vec<u32>,
    turn: Seat,
}

#[wire(config)]
#[derive(Default)]
#[serde(default)]
pub(crate) struct Config {
    leak: Leak,
}

#[wire(action)]
pub(crate) enum Action {
    Play { card: u32 },
    Peek,
}

#[wire(event)]
pub(crate) enum Event {
    Dealt { cards: Vec<u32> },
    Played { seat: Seat, card: u32 },
    Peeked { seat: Seat, card: Option<u32> },
    Turn { seat: Seat },
}

#[wire]
pub(crate) struct View {
    hand: Vec<u32>,
    held: Vec<u32>,
    deck: u32,
    table: Vec<u32>,
    turn: Seat,
    others: Vec<Seat>,
}

#[room]
impl Room for Hands {
    fn seats(_: &Config) -> Seats {
        Seats::Fixed(PLAYERS)
    }

    fn open(config: Config, dice: &mut Dice) -> Result<Self, Refused> {
        let mut deck: Vec<u32> = (0..CARDS).collect();
        dice.shuffle(&mut deck);
        let hands = (0..PLAYERS).map(|_| Secret::new(Vec::new())).collect();
        Ok(Self { leak: config.leak, hands, deck: Secret::new(deck), table: Vec::new(), turn: Seat(0) })
    }

    fn check(&self, by: Seat, action: &Action) -> Result<(), Refused> {
        if self.turn != by {
            return Err(Refused::new("not_your_turn", "Wait."));
        }
        match action {
            Action::Play { card } if !self.hand(by).contains(card) => {
                let elsewhere = self.leak == Leak::ByRefusal && self.hands.iter().any(|hand| hand.reveal().contains(card));
                Err(Refused::new(if elsewhere { "not_yours" } else { "no_such_card" }, "You do not hold it."))
            }
            Action::Peek if self.deck.reveal().is_empty() => Err(Refused::new("deck_empty", "There is nothing to peek at.")),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Peek => {
                let card = self.deck.reveal().last().copied();
                turn.tell_apart(&[by], Event::Peeked { seat: by, card }, Event::Peeked { seat: by, card: None });
            }
            Action::Play { card } => {
                self.hands[at(by)].reveal_mut().retain(|held| *held != card);
                self.table.push(card);
                let next = Seat((by.0 + 1) % PLAYERS);
                let mut events = vec![Event::Played { seat: by, card }, Event::Turn { seat: next }];
                let secret = self.hand(next).first().copied().unwrap_or(0);
                match self.leak {
                    Leak::ByCount if secret.is_multiple_of(2) => events.push(Event::Turn { seat: next }),
                    Leak::ByOrderOfEvents if secret.is_multiple_of(2) => events.reverse(),
                    Leak::ByTheEnd if secret == 7 => turn.close("seven"),
                    _ => {}
                }
                events.into_iter().for_each(|event| turn.tell(event));
                self.turn = next;
                if self.hands.iter().all(|hand| hand.reveal().is_empty()) {
                    turn.close("played");
                }
            }
        }
    }

    fn view(&self, viewer: Viewer) -> View {
        let mut others: Vec<Seat> = (0..PLAYERS).map(Seat).filter(|seat| !viewer.is(*seat)).collect();
        if self.leak == Leak::ByOrderInView {
            others.sort_by_key(|seat| self.hand(*seat).first().copied());
        }
        View {
            hand: viewer.seat().map(|seat| self.hand(seat).to_vec()).unwrap_or_default(),
            held: self.hands.iter().map(|hand| count(hand.reveal())).collect(),
            deck: count(self.deck.reveal()),
            table: self.table.clone(),
            turn: self.turn,
            others,
        }
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        if self.hand(seat).is_empty() {
            let deck = self.deck.reveal_mut();
            turn.dice().shuffle(deck);
            let cards = deck.split_off(deck.len().saturating_sub(4));
            *self.hands[at(seat)].reveal_mut() = cards.clone();
            turn.tell_only(seat, Event::Dealt { cards });
        }
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        if self.turn != by {
            return Vec::new();
        }
        let peeks = !self.deck.reveal().is_empty();
        let peeks =
            peeks && !(self.leak == Leak::ByLegal && self.deck.reveal().last().is_some_and(|card| card.is_multiple_of(2)));
        let cards = self.hand(by).iter().map(|card| Action::Play { card: *card });
        cards.chain(peeks.then_some(Action::Peek)).collect()
    }
}

impl Hands {
    fn hand(&self, seat: Seat) -> &[u32] {
        self.hands.get(at(seat)).map_or(&[], |hand| hand.reveal())
    }
}

impl Disguise for Hands {
    fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        let mut other = self.clone();
        if self.leak == Leak::Undisguised {
            return other;
        }
        let mut hidden: Vec<&mut Vec<u32>> = Vec::new();
        for (seat, hand) in (0..).map(Seat).zip(&mut other.hands) {
            if !viewer.is(seat) {
                hidden.push(hand.reveal_mut());
            }
        }
        if self.leak != Leak::HalfDisguised {
            hidden.push(other.deck.reveal_mut());
        }
        let mut cards: Vec<u32> = hidden.iter().flat_map(|place| place.iter().copied()).collect();
        dice.shuffle(&mut cards);
        let mut cards = cards.into_iter();
        for place in hidden {
            place.iter_mut().zip(&mut cards).for_each(|(card, other)| *card = other);
        }
        other
    }

    /// Whoever plays a card holds it: it changes places with the card that lies where it was.
    fn disguise_before(&self, viewer: Viewer, by: Seat, action: &Action, dice: &mut Dice) -> Self {
        let mut other = self.disguise(viewer, dice);
        if let Action::Play { card } = action
            && let Some(place) = self.hand(by).iter().position(|held| held == card)
        {
            let displaced = other.hand(by)[place];
            let places = other.hands.iter_mut().chain([&mut other.deck]).flat_map(|place| place.reveal_mut());
            for held in places {
                *held = if *held == *card {
                    displaced
                } else if *held == displaced {
                    *card
                } else {
                    *held
                };
            }
        }
        other
    }

    fn masked(event: Event) -> Event {
        match event {
            Event::Peeked { seat, card } => Event::Peeked { seat, card: card.map(|_| 0) },
            Event::Dealt { cards } => Event::Dealt { cards: vec![0; cards.len()] },
            other => other,
        }
    }
}

fn at(seat: Seat) -> usize {
    usize::try_from(seat.0).unwrap()
}

fn count(cards: &[u32]) -> u32 {
    u32::try_from(cards.len()).unwrap()
}
