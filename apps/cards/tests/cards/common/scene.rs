//! Scenes: a state in the middle of a game, built by saying what lies where. "Given" is a [`Scene`], "when" an action, "then" the
//! view.

use super::{Game, SEATS, dealt};
use parlour_cards::{Action, Event, Face, Id, OpenMonster, OpenSide};
use parlour_room::{Seat, Viewer};
use serde_json::{Value, json};

/// Who plays in a scene: it is their turn.
pub const ME: Seat = Seat(0);
/// The other one.
pub const FOE: Seat = Seat(1);

/// What is to lie where. Every card not placed is in the deck.
pub struct Scene {
    sides: [Place; 2],
    field: Option<&'static str>,
    turn: u32,
    config: Value,
}

#[derive(Default)]
struct Place {
    active: Option<Fighter>,
    bench: Vec<Fighter>,
    hand: Vec<&'static str>,
    discard: Vec<&'static str>,
    /// From the top.
    deck: Option<Vec<&'static str>>,
    zone: Option<&'static str>,
    spent: Vec<&'static str>,
    points: u32,
}

/// A monster of a scene.
#[derive(Clone, Default)]
pub struct Fighter {
    stack: Vec<&'static str>,
    energy: Vec<&'static str>,
    damage: u32,
    ailments: Vec<&'static str>,
}

/// A monster, with the cards it is made of from the basic up, separated by `/`.
pub fn fighter(stack: &'static str) -> Fighter {
    Fighter { stack: stack.split('/').collect(), ..Fighter::default() }
}

impl Fighter {
    pub fn energy(mut self, elements: &[&'static str]) -> Self {
        self.energy = elements.to_vec();
        self
    }

    pub fn damage(mut self, damage: u32) -> Self {
        self.damage = damage;
        self
    }

    pub fn ailing(mut self, ailments: &[&'static str]) -> Self {
        self.ailments = ailments.to_vec();
        self
    }

    fn json(&self, pool: &mut Vec<Value>) -> Value {
        let stack: Vec<Value> = self.stack.iter().map(|key| take(pool, key)).collect();
        json!({
            "stack": stack, "damage": self.damage, "energy": self.energy, "ailments": self.ailments,
            "shield": null, "since": 0, "used": null,
        })
    }
}

/// Turn 7, both active, nothing else: what every scene starts from.
pub fn scene(mine: Fighter, theirs: Fighter) -> Scene {
    let side = |active| Place { active: Some(active), ..Place::default() };
    Scene { sides: [side(mine), side(theirs)], field: None, turn: 7, config: json!({}) }
}

impl Scene {
    pub fn bench(mut self, seat: Seat, fighters: &[Fighter]) -> Self {
        self.at(seat).bench = fighters.to_vec();
        self
    }

    pub fn hand(mut self, seat: Seat, cards: &[&'static str]) -> Self {
        self.at(seat).hand = cards.to_vec();
        self
    }

    pub fn discard(mut self, seat: Seat, cards: &[&'static str]) -> Self {
        self.at(seat).discard = cards.to_vec();
        self
    }

    /// The whole deck, from the top; the cards left over go to the discard pile.
    pub fn deck(mut self, seat: Seat, cards: &[&'static str]) -> Self {
        self.at(seat).deck = Some(cards.to_vec());
        self
    }

    pub fn zone(mut self, seat: Seat, element: &'static str) -> Self {
        self.at(seat).zone = Some(element);
        self
    }

    pub fn spent(mut self, seat: Seat, elements: &[&'static str]) -> Self {
        self.at(seat).spent = elements.to_vec();
        self
    }

    pub fn points(mut self, seat: Seat, points: u32) -> Self {
        self.at(seat).points = points;
        self
    }

    pub fn field(mut self, card: &'static str) -> Self {
        self.field = Some(card);
        self
    }

    pub fn turn(mut self, turn: u32) -> Self {
        self.turn = turn;
        self
    }

    pub fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    /// The scene at a table, with these dice.
    pub fn play(self, seed: u64) -> Game {
        let mut config = self.config.clone();
        config["decks"] = json!(self.sides.each_ref().map(|side| json!({"cards": side.forty(self.field)})));
        let mut game = dealt(config, seed);
        let mut state = serde_json::to_value(game.table.state()).expect("JSON");
        state["phase"] = json!("main");
        state["turn"] = json!(self.turn);
        state["current"] = json!(ME);
        for (side, state) in self.sides.iter().zip(state["sides"].as_array_mut().expect("two sides")) {
            side.arrange(state);
        }
        if let Some(field) = self.field {
            let card = take(state["sides"][0]["deck"].as_array_mut().expect("a deck"), field);
            state["field"] = json!({"seat": ME, "card": card});
        }
        game.table = game.table.with_state(serde_json::from_value(state).expect("a state"));
        game
    }

    fn at(&mut self, seat: Seat) -> &mut Place {
        &mut self.sides[seat.0 as usize]
    }
}

impl Place {
    /// Forty cards with all that is wanted among them; the rest are the first of the catalogue that are not.
    fn forty(&self, field: Option<&'static str>) -> Vec<&'static str> {
        let fighters = self.active.iter().chain(&self.bench).flat_map(|fighter| &fighter.stack);
        let mut cards: Vec<&str> =
            fighters.chain(&self.hand).chain(&self.discard).chain(self.deck.iter().flatten()).copied().collect();
        cards.extend(field);
        let rest: Vec<&str> = Face::all().map(Face::key).filter(|key| !cards.contains(key)).collect();
        cards.extend(rest);
        cards.truncate(40);
        cards
    }

    fn arrange(&self, state: &mut Value) {
        let mut pool: Vec<Value> =
            ["hand", "deck"].iter().flat_map(|place| state[place].take().as_array().cloned()).flatten().collect();
        let mut energies = state["energy_deck"].as_array().cloned().expect("an energy deck");
        state["active"] = self.active.as_ref().map_or(Value::Null, |fighter| fighter.json(&mut pool));
        state["bench"] = self.bench.iter().map(|fighter| fighter.json(&mut pool)).collect();
        state["hand"] = self.hand.iter().map(|key| take(&mut pool, key)).collect();
        state["discard"] = self.discard.iter().map(|key| take(&mut pool, key)).collect();
        if let Some(deck) = &self.deck {
            let deck: Vec<Value> = deck.iter().rev().map(|key| take(&mut pool, key)).collect();
            state["discard"].as_array_mut().expect("a pile").append(&mut pool);
            pool = deck;
        }
        state["deck"] = json!(pool);
        let fighters = self.active.iter().chain(&self.bench).flat_map(|fighter| &fighter.energy);
        for element in fighters.chain(&self.spent).chain(&self.zone) {
            let place = energies.iter().position(|energy| energy == element).expect("enough energy of this element");
            energies.remove(place);
        }
        state["energy_deck"] = json!(energies);
        state["zone"] = json!(self.zone);
        state["spent"] = json!(self.spent);
        state["points"] = json!(self.points);
        state["ready"] = json!(true);
    }
}

fn take(pool: &mut Vec<Value>, key: &str) -> Value {
    let place = pool.iter().position(|card| card["card"] == key).unwrap_or_else(|| panic!("no {key} left"));
    pool.remove(place)
}

/// Reading what came of it.
impl Game {
    pub fn side(&self, seat: Seat) -> OpenSide {
        self.view(Viewer::Spectator).sides[seat.0 as usize].clone()
    }

    pub fn active(&self, seat: Seat) -> OpenMonster {
        self.side(seat).active.expect("an active monster")
    }

    pub fn benched(&self, seat: Seat, place: usize) -> OpenMonster {
        self.side(seat).bench[place].clone()
    }

    /// The keys of a hand.
    pub fn hand(&self, seat: Seat) -> Vec<&'static str> {
        self.view(Viewer::Seat(seat)).you.expect("a player").hand.iter().map(|card| card.card.key()).collect()
    }

    /// The id of a card in a hand.
    pub fn held(&self, seat: Seat, key: &str) -> Id {
        let hand = self.view(Viewer::Seat(seat)).you.expect("a player").hand;
        hand.into_iter().find(|card| card.card.key() == key).unwrap_or_else(|| panic!("no {key} in hand")).id
    }

    /// Plays an item of the hand.
    pub fn item(&mut self, key: &str, target: Option<Id>) -> Result<Vec<Event>, String> {
        self.act(ME, &Action::PlayItem { card: self.held(ME, key), target })
    }

    /// Plays an ally of the hand.
    pub fn ally(&mut self, key: &str, target: Option<Id>) -> Result<Vec<Event>, String> {
        self.act(ME, &Action::PlayAlly { card: self.held(ME, key), target })
    }

    /// Attacks without choosing anything.
    pub fn attack(&mut self, attack: u32) -> Result<Vec<Event>, String> {
        self.act(ME, &Action::Attack { attack, target: None })
    }

    pub fn end_turn(&mut self) -> Vec<Event> {
        let seat = self.view(Viewer::Spectator).current.expect("somebody's turn");
        self.must(seat, Action::EndTurn {})
    }

    /// Both seats' bench sizes, damage of the actives: a short look at the board.
    pub fn damages(&self) -> [u32; 2] {
        SEATS.map(|seat| self.side(seat).active.map_or(0, |active| active.damage))
    }
}
