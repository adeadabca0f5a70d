//! Two players with hidden hands and a turn clock. Its time stands still while the room is not loaded.

use parlour_room::{Dice, Refused, Room, Seat, Seats, Secret, Turn, Viewer, kept, room, wire};
use std::time::Duration;

/// Hands, points, and whose turn it is.
#[kept]
pub struct Duel {
    config: Config,
    hands: [Secret<Vec<u32>>; 2],
    seated: [bool; 2],
    points: [u32; 2],
    turn: Option<Seat>,
    flooded: bool,
    turns: u32,
}

/// What may be chosen.
#[wire(config)]
#[serde(default)]
pub struct Config {
    /// How long a turn takes.
    turn_ms: u32,
    /// How many points win.
    points: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { turn_ms: 900, points: 6 }
    }
}

/// What a player may do.
#[wire(action)]
pub enum Do {
    /// Plays a card.
    Play {
        /// Which.
        card: u32,
    },
    /// Looks at the other's first card.
    Peek,
    /// Is told a lot in private, once a turn.
    Flood,
    /// Ends the turn.
    Pass,
}

/// What is told.
#[wire(event)]
pub enum Event {
    /// A hand, for its holder.
    Dealt {
        /// The cards; nothing for the others.
        cards: Vec<u32>,
        /// Whose.
        seat: Seat,
    },
    /// A card was played.
    Played {
        /// By whom.
        seat: Seat,
        /// Which.
        card: u32,
        /// The roll against it.
        roll: u32,
    },
    /// A card of the other's.
    Peeked {
        /// Which.
        card: Option<u32>,
    },
    /// Of no use.
    Drop {
        /// Which.
        number: u32,
    },
    /// A turn begins.
    Turn {
        /// Whose.
        seat: Seat,
        /// Whether the one before ran out of time.
        late: bool,
    },
}

/// What one viewer knows.
#[wire]
pub struct View {
    hand: Vec<u32>,
    held: [u32; 2],
    points: [u32; 2],
    turn: Option<Seat>,
    turns: u32,
}

/// The turn's clock ran out.
#[kept]
pub struct Late;

#[room]
impl Room for Duel {
    const FREEZES: bool = true;

    fn seats(_config: &Config) -> Seats {
        Seats::Fixed(2)
    }

    fn open(config: Config, _dice: &mut Dice) -> Result<Self, Refused> {
        if config.points == 0 {
            return Err(Refused::new("no_points", "Somebody must be able to win."));
        }
        let (hands, seated, points) = Default::default();
        Ok(Self { config, hands, seated, points, turn: None, flooded: false, turns: 0 })
    }

    fn check(&self, by: Seat, action: &Do) -> Result<(), Refused> {
        if self.turn != Some(by) {
            return Err(Refused::new("not_your_turn", "Wait for your turn."));
        }
        match action {
            Do::Play { card } if !self.hands[at(by)].reveal().contains(card) => {
                Err(Refused::new("no_such_card", "You do not hold this card."))
            }
            Do::Flood if self.flooded => Err(Refused::new("flooded", "Once a turn.")),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Play { card } => {
                let roll = turn.dice().roll(6);
                self.hands[at(by)].reveal_mut().retain(|held| *held != card);
                turn.tell(Event::Played { seat: by, card, roll });
                self.points[at(by)] += u32::from(card % 6 >= roll);
                if self.points[at(by)] >= self.config.points {
                    return turn.close("won");
                }
                self.draw(by, turn);
                self.next(by, false, turn);
            }
            Do::Peek => {
                let card = self.hands[1 - at(by)].reveal().first().copied();
                turn.tell_only(by, Event::Peeked { card });
            }
            Do::Flood => {
                self.flooded = true;
                for number in 0..70 {
                    turn.tell_only(by, Event::Drop { number });
                }
            }
            Do::Pass => self.next(by, false, turn),
        }
    }

    fn view(&self, viewer: Viewer) -> View {
        let hand = viewer.seat().map(|seat| self.hands[at(seat)].reveal().clone()).unwrap_or_default();
        let held = [0, 1].map(|of: usize| u32::try_from(self.hands[of].reveal().len()).expect("a few cards"));
        View { hand, held, points: self.points, turn: self.turn, turns: self.turns }
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.seated[at(seat)] = true;
        if self.seated == [true, true] && self.turn.is_none() {
            for seat in [Seat(0), Seat(1)] {
                (0..3).for_each(|_| self.draw(seat, turn));
            }
            self.next(Seat(turn.dice().roll(2) - 1), false, turn);
        }
    }

    fn left(&mut self, _seat: Seat, turn: &mut Turn<Self>) {
        turn.close("left");
    }

    fn signal(&mut self, _late: Late, turn: &mut Turn<Self>) {
        if let Some(seat) = self.turn {
            self.next(seat, true, turn);
        }
    }

    fn legal(&self, by: Seat) -> Vec<Do> {
        let cards = self.hands[at(by)].reveal().iter().map(|card| Do::Play { card: *card });
        cards.chain([Do::Peek, Do::Flood, Do::Pass]).filter(|action| self.check(by, action).is_ok()).collect()
    }

    fn sound(&self) -> Result<(), String> {
        if self.hands.iter().all(|hand| hand.reveal().len() <= 3) { Ok(()) } else { Err("too many cards".to_owned()) }
    }
}

impl Duel {
    fn draw(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let card = u32::try_from(turn.dice().below(10_000)).expect("small");
        self.hands[at(seat)].reveal_mut().push(card);
        let cards = self.hands[at(seat)].reveal().clone();
        turn.tell_apart(&[seat], Event::Dealt { cards, seat }, Event::Dealt { cards: Vec::new(), seat });
    }

    fn next(&mut self, after: Seat, late: bool, turn: &mut Turn<Self>) {
        let seat = Seat(1 - after.0);
        self.turn = Some(seat);
        self.flooded = false;
        self.turns += 1;
        turn.tell(Event::Turn { seat, late });
        turn.clock("turn", Duration::from_millis(u64::from(self.config.turn_ms)), Late);
    }
}

fn at(seat: Seat) -> usize {
    usize::try_from(seat.0).expect("0 or 1")
}
