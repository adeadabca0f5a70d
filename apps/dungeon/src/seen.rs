//! The views: the only way out for state.

use crate::body::{Body, HP};
use crate::config::Spectators;
use crate::grid::Fields;
use crate::monster::Monster;
use crate::name::Name;
use crate::state::Dungeon;
use crate::view::{Carried, Entity, Kind, LEADERS, Map, Open, Standing, View, You};
use parlour_room::{Seat, Viewer};
use std::cmp::Reverse;

/// A second, in ticks.
pub(crate) const SECOND: u32 = 10;
/// Light is shown in steps of so many seconds, or every view would change every second.
const LIGHT_STEP: u32 = 10;

impl Dungeon {
    pub(crate) fn seen_by(&self, viewer: Viewer) -> View {
        let own = viewer.seat().and_then(|seat| Some((seat, self.body(seat)?)));
        let mut view = View {
            sight: self.rules.sight,
            spectators: self.rules.spectators,
            levels: self.rules.levels,
            players: u32::try_from(self.bodies.reveal().len()).unwrap_or(u32::MAX),
            roster: self.roster(viewer == Viewer::Spectator),
            you: None,
            recap: None,
            map: None,
            entities: Vec::new(),
            others: Vec::new(),
        };
        match own {
            Some((seat, body)) => {
                view.you = Some(you(seat, body));
                view.recap = body.recap.clone();
                view.map = self.map(body.level, &self.known(body, body.level));
                if body.is_alive() {
                    view.entities = self.entities(body.level, &self.lit(body));
                }
            }
            // Whose body is gone has left: they see nothing any more.
            None if viewer != Viewer::Spectator => {}
            None if self.rules.spectators == Spectators::All => {
                let all = Fields::all();
                view.map = self.map(1, &all);
                view.entities = self.entities(1, &all);
                let others = (2..=self.rules.levels).map_while(|number| self.map(number, &all));
                view.others = others.map(|map| Open { entities: self.entities(map.level, &all), map }).collect();
            }
            None => view.map = self.map(1, &self.common()),
        }
        view
    }

    fn roster(&self, whole: bool) -> Vec<Standing> {
        let standing = |(seat, body): (&Seat, &Body)| Standing {
            seat: *seat,
            level: body.level,
            score: body.score(),
            best: body.best.max(body.score()),
        };
        let mut roster: Vec<Standing> = self.bodies.reveal().iter().map(standing).collect();
        if !whole {
            roster.sort_by_key(|standing| (Reverse(standing.score), standing.seat));
            roster.truncate(LEADERS);
        }
        roster
    }

    fn map(&self, number: u32, known: &Fields) -> Option<Map> {
        Some(Map { level: number, rows: self.level(number)?.rows(known, number) })
    }

    /// Everything on these fields, by id.
    fn entities(&self, number: u32, fields: &Fields) -> Vec<Entity> {
        let Some(level) = self.level(number) else { return Vec::new() };
        let bodies = self.living().filter(|(_, body)| body.level == number && fields.has(body.spot));
        let monsters = level.monsters.iter().filter(|(_, monster)| fields.has(monster.spot));
        let items = level.items.values().filter(|lying| fields.has(lying.spot));
        let mut all: Vec<Entity> = bodies.map(|(seat, body)| of_body(seat, body)).collect();
        all.extend(monsters.map(|(id, monster)| of_monster(*id, monster)));
        all.extend(items.map(|lying| Entity {
            id: lying.item.id,
            kind: Kind::Item,
            name: lying.item.name,
            x: lying.spot.x,
            y: lying.spot.y,
            seat: None,
            health: None,
        }));
        all.sort_unstable_by_key(|entity| entity.id);
        all
    }

    /// An entity wherever it is on this level.
    pub(crate) fn entity(&self, number: u32, id: u32) -> Option<Entity> {
        let mut only = Fields::none();
        only.add(self.spot_of(number, id)?);
        self.entities(number, &only).into_iter().find(|entity| entity.id == id)
    }
}

fn of_body(seat: Seat, body: &Body) -> Entity {
    Entity {
        id: body.entity,
        kind: Kind::Player,
        name: Name::Delver,
        x: body.spot.x,
        y: body.spot.y,
        seat: Some(seat),
        health: Some(quarters(body.hp, HP)),
    }
}

fn of_monster(id: u32, monster: &Monster) -> Entity {
    Entity {
        id,
        kind: Kind::Monster,
        name: monster.name,
        x: monster.spot.x,
        y: monster.spot.y,
        seat: None,
        health: Some(quarters(monster.hp, monster.beast().hp)),
    }
}

fn you(seat: Seat, body: &Body) -> You {
    let carried = |item: &crate::item::Item| Carried {
        item: item.id,
        name: item.name,
        in_use: body.weapon == Some(item.id) || body.armour == Some(item.id),
    };
    You {
        seat,
        entity: body.entity,
        alive: body.is_alive(),
        level: body.level,
        x: body.spot.x,
        y: body.spot.y,
        heading: body.heading,
        resting: body.resting,
        hp: body.hp,
        hp_max: HP,
        attack: body.attack(),
        armour: body.softens(),
        light: body.light.div_ceil(SECOND * LIGHT_STEP) * LIGHT_STEP,
        radius: body.radius(),
        gold: body.gold,
        kills: body.kills,
        score: body.score(),
        pack: body.pack.iter().map(carried).collect(),
    }
}

fn quarters(hp: u32, whole: u32) -> u8 {
    u8::try_from((hp * 4).div_ceil(whole)).unwrap_or(4)
}
