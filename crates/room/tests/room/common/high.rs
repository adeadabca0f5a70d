//! A game of hidden cards in which every means of a turn is an action: secrets, clocks, jobs, removals, luck.

use parlour_room::{Dice, Refused, Room, Seat, Seats, Secret, Turn, Viewer, World, kept, room, wire};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Some hands, one deck; `FREEZES` is the room's.
#[kept]
pub(crate) struct High<const FREEZES: bool> {
    hands: Vec<Secret<Vec<u32>>>,
    deck: Secret<Vec<u32>>,
    first: u64,
    table: Vec<(Seat, u32)>,
    fetched: Vec<String>,
    rang: u64,
}

#[wire(config)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) seats: u32,
    pub(crate) cards: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { seats: 3, cards: 20 }
    }
}

#[wire(action)]
pub(crate) enum Do {
    /// Lays a card of one's hand face down, and draws another.
    Play {
        card: u32,
    },
    /// Looks at the top card. What follows is up to chance where its name is `random`.
    Peek,
    Shout {
        times: u32,
    },
    Whisper {
        to: Seat,
        times: u32,
    },
    /// Tells the holders one thing, all others another.
    Hint {
        holders: Vec<Seat>,
        word: String,
    },
    Luck {
        draws: Vec<Draw>,
    },
    Ask {
        key: String,
    },
    Cancel {
        key: String,
    },
    Arm {
        key: String,
        after_ms: u64,
    },
    Disarm {
        key: String,
    },
    Kick {
        seat: Seat,
    },
    /// Closes, twice, and asks for a clock and a job after that.
    Finish,
}

#[wire]
pub(crate) enum Draw {
    Bits,
    Below(u64),
    Roll(u32),
    Coin,
    Shuffle(u32),
    Pick(u32),
}

#[wire(event)]
pub(crate) enum Event {
    Dealt { seat: Seat, cards: Option<Vec<u32>> },
    Laid { seat: Seat, card: Option<u32> },
    Peeked { card: Option<u32> },
    Shouted { seat: Seat, nth: u32 },
    Whispered { from: Seat, nth: u32 },
    Hinted { word: String },
    Drew { numbers: Vec<u64> },
    Rang { key: String, at_ms: u64 },
    Fetched { text: String },
    Resigned { seat: Seat },
    Left { seat: Seat },
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct View {
    pub(crate) mine: Option<Vec<u32>>,
    pub(crate) sizes: Vec<usize>,
    pub(crate) deck: usize,
    pub(crate) table: usize,
    pub(crate) fetched: Vec<String>,
    pub(crate) rang: u64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signal {
    Rang { key: String, every_ms: u64 },
    Fetched { text: String },
}

pub(crate) enum Outside {}

impl World for Outside {
    type Pulse = parlour_room::Never;
    type Job = String;
    type Signal = Signal;
}

#[room]
impl<const FREEZES: bool> Room for High<FREEZES> {
    const KIND: &'static str = if FREEZES { "high_frozen" } else { "high" };
    const FREEZES: bool = FREEZES;
    type World = Outside;

    fn seats(config: &Config) -> Seats {
        Seats::Fixed(config.seats)
    }

    fn open(config: Config, dice: &mut Dice) -> Result<Self, Refused> {
        if config.seats == 0 {
            return Err(Refused::new("no_seats", "Somebody has to play."));
        }
        let hands = (0..config.seats).map(|_| Secret::new(Vec::new())).collect();
        let deck = Secret::new((0..config.cards).collect());
        Ok(Self { hands, deck, first: dice.bits(), table: Vec::new(), fetched: Vec::new(), rang: 0 })
    }

    fn check(&self, by: Seat, action: &Do) -> Result<(), Refused> {
        let bad = |draw: &Draw| matches!(draw, Draw::Below(0) | Draw::Roll(0));
        match action {
            Do::Play { card } if !self.hand(by).contains(card) => Err(Refused::new("no_such_card", "You do not hold it.")),
            Do::Luck { draws } if draws.iter().any(bad) => Err(Refused::new("no_such_die", "No number is below 0.")),
            Do::Whisper { times, .. } | Do::Shout { times } if *times > 300 => Err(Refused::new("too_loud", "Not so often.")),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, by: Seat, action: Do, turn: &mut Turn<Self>) {
        match action {
            Do::Play { card } => {
                self.hand_mut(by).retain(|held| *held != card);
                self.table.push((by, card));
                turn.tell_apart(&[by], Event::Laid { seat: by, card: Some(card) }, Event::Laid { seat: by, card: None });
                self.deal(by, 1, turn);
            }
            Do::Peek => turn.tell_only(by, Event::Peeked { card: self.deck.reveal().last().copied() }),
            Do::Shout { times } => (0..times).for_each(|nth| turn.tell(Event::Shouted { seat: by, nth })),
            Do::Whisper { to, times } => (0..times).for_each(|nth| turn.tell_only(to, Event::Whispered { from: by, nth })),
            Do::Hint { holders, word } => {
                let word = if word == "random" { turn.dice().bits().to_string() } else { word };
                turn.tell_apart(&holders, Event::Hinted { word }, Event::Hinted { word: String::new() });
            }
            Do::Luck { draws } => {
                let numbers = draws.iter().flat_map(|drawn| draw(drawn, turn.dice())).collect();
                turn.tell(Event::Drew { numbers });
            }
            Do::Ask { key } if key == "random" => {
                let job = turn.dice().bits().to_string();
                turn.start(&key, job);
            }
            Do::Ask { key } => turn.start(&key, format!("fetch {key}")),
            Do::Cancel { key } => turn.stop(&key),
            Do::Arm { key, after_ms } => {
                let after_ms = if key == "random" { turn.dice().below(after_ms) } else { after_ms };
                let every_ms = if key.starts_with("every") { after_ms } else { 0 };
                turn.clock(&key, Duration::from_millis(after_ms), Signal::Rang { key: key.clone(), every_ms });
            }
            Do::Disarm { key } => turn.stop_clock(&key),
            Do::Kick { seat } => turn.remove(seat, "kicked"),
            Do::Finish => {
                turn.clock("early", Duration::from_secs(1), Signal::Rang { key: "early".to_owned(), every_ms: 0 });
                turn.close("finished");
                turn.close("finished again");
                turn.clock("late", Duration::from_secs(1), Signal::Rang { key: "late".to_owned(), every_ms: 0 });
                turn.start("late", "fetch late".to_owned());
            }
        }
    }

    fn view(&self, viewer: Viewer) -> View {
        View {
            mine: viewer.seat().and_then(|seat| self.hands.get(at(seat))).map(|hand| hand.reveal().clone()),
            sizes: self.hands.iter().map(|hand| hand.reveal().len()).collect(),
            deck: self.deck.reveal().len(),
            table: self.table.len(),
            fetched: self.fetched.clone(),
            rang: self.rang,
        }
    }

    fn joined(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.dice().shuffle(self.deck.reveal_mut());
        self.deal(seat, 3, turn);
        turn.clock("turn", Duration::from_secs(30), Signal::Rang { key: "turn".to_owned(), every_ms: 0 });
    }

    fn left(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let hand = std::mem::take(self.hand_mut(seat));
        self.deck.reveal_mut().extend(hand);
        turn.tell(Event::Left { seat });
    }

    fn resigned(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.tell(Event::Resigned { seat });
        turn.remove(seat, "resigned");
    }

    fn signal(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        match signal {
            Signal::Rang { key, every_ms } => {
                self.rang += 1;
                let at_ms = turn.now_ms();
                if every_ms > 0 {
                    turn.clock(&key, Duration::from_millis(every_ms), Signal::Rang { key: key.clone(), every_ms });
                }
                turn.tell(Event::Rang { key, at_ms });
            }
            Signal::Fetched { text } => {
                assert!(text != "poison", "planted: a result the rules cannot play");
                self.fetched.push(text.clone());
                turn.tell(Event::Fetched { text });
            }
        }
    }

    fn legal(&self, by: Seat) -> Vec<Do> {
        self.hand(by).iter().map(|card| Do::Play { card: *card }).chain([Do::Peek]).collect()
    }
}

impl<const FREEZES: bool> High<FREEZES> {
    fn hand(&self, seat: Seat) -> &[u32] {
        self.hands.get(at(seat)).map_or(&[], |hand| hand.reveal())
    }

    fn hand_mut(&mut self, seat: Seat) -> &mut Vec<u32> {
        self.hands[at(seat)].reveal_mut()
    }

    fn deal(&mut self, seat: Seat, count: usize, turn: &mut Turn<Self>) {
        let deck = self.deck.reveal_mut();
        let cards = deck.split_off(deck.len().saturating_sub(count));
        self.hand_mut(seat).extend(&cards);
        turn.tell_apart(&[seat], Event::Dealt { seat, cards: Some(cards) }, Event::Dealt { seat, cards: None });
    }

    /// What was drawn while the room was opened, from the bare seed.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }
}

fn at(seat: Seat) -> usize {
    usize::try_from(seat.0).unwrap()
}

fn draw(draw: &Draw, dice: &mut Dice) -> Vec<u64> {
    match draw {
        Draw::Bits => vec![dice.bits()],
        Draw::Below(bound) => vec![dice.below(*bound)],
        Draw::Roll(sides) => vec![dice.roll(*sides).into()],
        Draw::Coin => vec![dice.coin().into()],
        Draw::Shuffle(len) => {
            let mut items: Vec<u64> = (0..u64::from(*len)).collect();
            dice.shuffle(&mut items);
            items
        }
        Draw::Pick(len) => dice.pick(&(0..u64::from(*len)).collect::<Vec<_>>()).copied().into_iter().collect(),
    }
}
