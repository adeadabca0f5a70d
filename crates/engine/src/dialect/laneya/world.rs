//! What the dialect knows of a dungeon: who holds which seat, and how far it was heard; and how it reads what the room says.

use super::names::{COLUMNS, FIRST_OTHER, FLOOR, GHOST, ROWS, USER, WALL, WALLS};
use crate::dialect::frame;
use crate::io::NAMED_PREFIX;
use crate::limits::LANEYA_SEATS;
use parlour_room::Position;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct World {
    own_name: String,
    seats: BTreeMap<u64, String>,
    life: String,
    n: u64,
    m: u64,
}

/// Something to be seen.
#[derive(Debug)]
pub(super) struct Entity {
    id: u64,
    /// What it is called here.
    pub(super) entity: String,
    pub(super) kind: String,
    name: String,
    pub(super) x: u64,
    pub(super) y: u64,
    health: Option<u64>,
}

impl Entity {
    /// The data of a `spawn`.
    pub(super) fn spawn(&self) -> Value {
        let Self { id, entity, kind, name, x, y, health } = self;
        json!({"entity": entity, "id": id, "kind": kind, "name": name, "x": x, "y": y, "health": health})
    }
}

/// A step of somebody.
pub(super) struct Moved {
    pub(super) entity: String,
    pub(super) x: u64,
    pub(super) y: u64,
}

/// An entity, as the room tells it.
#[derive(Deserialize)]
struct Told {
    id: u64,
    kind: String,
    name: String,
    x: u64,
    y: u64,
    #[serde(default)]
    seat: Option<u64>,
    #[serde(default)]
    health: Option<u64>,
}

impl World {
    /// By this name the server knows the user.
    pub(super) fn is_called(&mut self, user: &str) {
        self.own_name = shown(user).to_owned();
    }

    pub(super) fn own_name(&self) -> &str {
        &self.own_name
    }

    /// It is let in.
    pub(super) fn enter(&mut self, answer: &frame::Answer<'_>) {
        self.seats.clear();
        for seated in &answer.seats {
            self.sits(seated.seat, &seated.user_id);
        }
        if let Some(seat) = answer.seat {
            let own_name = self.own_name.clone();
            self.sits(seat, &own_name);
        }
        let is_replayed = answer.resumed.as_ref().is_some_and(|resumed| resumed.kind == "replayed");
        if !is_replayed || self.life.is_empty() {
            self.is_at(answer.at.as_deref());
        }
    }

    pub(super) fn sits(&mut self, seat: u64, user: &str) {
        if self.seats.len() < LANEYA_SEATS || self.seats.contains_key(&seat) {
            self.seats.insert(seat, shown(user).to_owned());
        }
    }

    /// How far it was heard.
    pub(super) fn is_at(&mut self, at: Option<&str>) {
        if let Some(Position { life, n, m }) = at.and_then(Position::parse) {
            (self.life, self.n, self.m) = (life, n, m.unwrap_or(0));
        }
    }

    /// An event came.
    pub(super) fn counts(&mut self, n: Option<u64>, m: Option<u64>) {
        (self.n, self.m) = (n.unwrap_or(self.n), m.unwrap_or(self.m));
    }

    /// The position of what was heard last.
    pub(super) fn seq(&self) -> String {
        if self.life.is_empty() { String::new() } else { format!("{}.{}.{}", self.life, self.n, self.m) }
    }

    /// Everything that a view shows.
    pub(super) fn entities(&self, view: &RawValue) -> Vec<Entity> {
        #[derive(Deserialize)]
        struct View {
            #[serde(default)]
            entities: Vec<Told>,
        }
        let told = serde_json::from_str::<View>(view.get()).map(|view| view.entities).unwrap_or_default();
        told.into_iter().map(|told| self.named(told)).collect()
    }

    pub(super) fn appeared(&self, payload: &RawValue) -> Option<Entity> {
        #[derive(Deserialize)]
        struct Appeared {
            entity: Told,
        }
        let Appeared { entity } = serde_json::from_str(payload.get()).ok()?;
        Some(self.named(entity))
    }

    pub(super) fn moves(&self, payload: &RawValue) -> Vec<Moved> {
        #[derive(Deserialize)]
        struct Step {
            entity: u64,
            x: u64,
            y: u64,
        }
        #[derive(Deserialize)]
        struct Moves {
            moves: Vec<Step>,
        }
        let moves = serde_json::from_str::<Moves>(payload.get()).map(|told| told.moves).unwrap_or_default();
        moves.iter().map(|step| Moved { entity: self.name(step.entity, None), x: step.x, y: step.y }).collect()
    }

    pub(super) fn gone(&self, payload: &RawValue) -> Option<(u64, String)> {
        #[derive(Deserialize)]
        struct Gone {
            entity: u64,
        }
        let Gone { entity } = serde_json::from_str(payload.get()).ok()?;
        Some((entity, self.name(entity, None)))
    }

    /// What a user is called here.
    pub(super) fn called(&self, user: &str) -> String {
        format!("{USER}{}", shown(user))
    }

    fn named(&self, told: Told) -> Entity {
        let Told { id, kind, name, x, y, seat, health } = told;
        Entity { id, entity: self.name(id, seat), kind, name, x, y, health }
    }

    fn name(&self, id: u64, seat: Option<u64>) -> String {
        let of_player = || (id < FIRST_OTHER).then(|| id.saturating_sub(1));
        match seat.or_else(of_player) {
            Some(seat) => match self.seats.get(&seat) {
                Some(user) => self.called(user),
                None => format!("{USER}seat-{seat}"),
            },
            None => format!("{GHOST}{id}"),
        }
    }
}

/// The map that a view shows, as the original has it: columns of fields. What the viewer does not know is a wall.
pub(super) fn floor_layer(view: &RawValue) -> Option<Value> {
    #[derive(Deserialize)]
    struct View {
        map: Map,
    }
    #[derive(Deserialize)]
    struct Map {
        rows: Vec<String>,
    }
    let View { map: Map { rows } } = serde_json::from_str(view.get()).ok()?;
    let rows: Vec<Vec<char>> = rows.iter().map(|row| row.chars().collect()).collect();
    let field = |x: usize, y: usize| match rows.get(y).and_then(|row| row.get(x)) {
        Some(field) if !WALLS.contains(field) => FLOOR,
        _ => WALL,
    };
    let columns: Vec<Vec<&str>> = (0..COLUMNS).map(|x| (0..ROWS).map(|y| field(x, y)).collect()).collect();
    Some(json!(columns))
}

/// Somebody as others know them: who is believed their name is called that.
fn shown(user: &str) -> &str {
    user.strip_prefix(NAMED_PREFIX).unwrap_or(user)
}
