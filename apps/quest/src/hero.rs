//! The hero: one for the whole party, with stats, things, gold and what is known about them.

use crate::book::{Book, Effect};
use crate::limits::{CAPACITY, GOLD_MAX, STAT_MAX, STAT_START};
use parlour_room::{kept, wire};
use std::collections::{BTreeMap, BTreeSet};

/// The hero as kept.
#[kept]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hero {
    pub(crate) name: String,
    pub(crate) stats: Stats,
    /// How many of each thing: never 0.
    pub(crate) things: BTreeMap<String, u32>,
    pub(crate) gold: u32,
    pub(crate) flags: BTreeSet<String>,
}

/// What the hero is able to do: each 0 to 24.
#[wire]
#[derive(Copy)]
pub struct Stats {
    /// How much they can bear; with none left the story ends.
    pub endurance: u32,
    /// How luck treats them.
    pub chance: u32,
    /// What their hands can do.
    pub skill: u32,
}

/// One of the stats.
#[derive(Copy, PartialOrd, Ord)]
#[wire]
#[allow(missing_docs, reason = "said at `Stats`")]
pub enum Stat {
    Endurance,
    Chance,
    Skill,
}

impl Stat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Endurance, Self::Chance, Self::Skill];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Stat::Endurance => "endurance",
            Stat::Chance => "chance",
            Stat::Skill => "skill",
        }
    }
}

/// Something that changed for the hero.
#[wire]
pub struct Change {
    /// What kind of thing.
    pub what: Changed,
    /// Which: a stat's or an item's name, a flag; `gold`.
    pub name: String,
    /// By how much.
    pub by: i32,
    /// How much there is now.
    pub now: u32,
    /// How many things were left behind, because the inventory was full.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_behind: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What can change.
#[derive(Copy)]
#[wire]
#[allow(missing_docs, reason = "the names say it")]
pub enum Changed {
    Stat,
    Gold,
    Item,
    Flag,
}

impl Stats {
    /// The value of one.
    pub fn of(&self, stat: Stat) -> u32 {
        match stat {
            Stat::Endurance => self.endurance,
            Stat::Chance => self.chance,
            Stat::Skill => self.skill,
        }
    }

    fn of_mut(&mut self, stat: Stat) -> &mut u32 {
        match stat {
            Stat::Endurance => &mut self.endurance,
            Stat::Chance => &mut self.chance,
            Stat::Skill => &mut self.skill,
        }
    }
}

impl Hero {
    /// A hero who has nothing yet.
    pub(crate) fn new(name: String) -> Self {
        let stats = Stats { endurance: STAT_START, chance: STAT_START, skill: STAT_START };
        Self { name, stats, things: BTreeMap::new(), gold: 0, flags: BTreeSet::new() }
    }

    /// How many things they carry.
    pub(crate) fn load(&self) -> u32 {
        self.things.values().sum()
    }

    pub(crate) fn has(&self, thing: &str) -> u32 {
        self.things.get(thing).copied().unwrap_or(0)
    }

    /// Lets something happen to them; says what really changed.
    pub(crate) fn undergo<'a>(&mut self, effects: impl IntoIterator<Item = &'a Effect>) -> Vec<Change> {
        effects.into_iter().filter_map(|effect| self.change(effect)).collect()
    }

    fn change(&mut self, effect: &Effect) -> Option<Change> {
        let (what, name, by, now, left_behind) = match effect {
            Effect::Stat(stat, by) => {
                let value = self.stats.of_mut(*stat);
                let before = *value;
                *value = moved(before, *by, STAT_MAX);
                (Changed::Stat, stat.word().to_owned(), difference(before, *value), *value, 0)
            }
            Effect::Gold(by) => {
                let before = self.gold;
                self.gold = moved(before, *by, GOLD_MAX);
                (Changed::Gold, "gold".to_owned(), difference(before, self.gold), self.gold, 0)
            }
            Effect::Item(thing, by) => {
                let before = self.has(thing);
                let room = CAPACITY.saturating_sub(self.load());
                let now = moved(before, *by, before.saturating_add(room));
                self.hold(thing, now);
                let wanted = u32::try_from(*by).unwrap_or(0);
                let got = now.saturating_sub(before);
                (Changed::Item, thing.clone(), difference(before, now), now, wanted.saturating_sub(got))
            }
            Effect::Flag(flag, set) => {
                let changed = if *set { self.flags.insert(flag.clone()) } else { self.flags.remove(flag) };
                let by = i32::from(changed) * if *set { 1 } else { -1 };
                (Changed::Flag, flag.clone(), by, u32::from(*set), 0)
            }
        };
        (by != 0 || left_behind > 0).then_some(Change { what, name, by, now, left_behind })
    }

    /// So many of a thing from now on.
    fn hold(&mut self, thing: &str, quantity: u32) {
        if quantity == 0 {
            self.things.remove(thing);
        } else {
            self.things.insert(thing.to_owned(), quantity);
        }
    }

    /// As everybody may see them.
    pub(crate) fn shown(&self, book: &Book) -> Character {
        let items = self.things.iter().map(|(name, quantity)| {
            let print = book.item(name);
            let effects = print.iter().flat_map(|print| &print.effects).filter_map(|effect| match effect {
                Effect::Stat(stat, by) => Some((stat.word().to_owned(), *by)),
                _ => None,
            });
            let description = print.map(|print| print.description.clone()).unwrap_or_default();
            (name.clone(), Item { name: name.clone(), quantity: *quantity, description, effects: effects.collect() })
        });
        Character {
            name: self.name.clone(),
            stats: self.stats,
            inventory: Inventory { capacity: CAPACITY, carried: self.load(), gold: self.gold, items: items.collect() },
            flags: self.flags.iter().cloned().collect(),
        }
    }
}

fn moved(before: u32, by: i32, most: u32) -> u32 {
    before.saturating_add_signed(by).min(most.max(if by < 0 { before } else { 0 }))
}

fn difference(before: u32, now: u32) -> i32 {
    let by = i64::from(now) - i64::from(before);
    i32::try_from(by).unwrap_or(if by < 0 { i32::MIN } else { i32::MAX })
}

/// The hero as shown.
#[wire]
pub struct Character {
    /// What they are called.
    pub name: String,
    /// What they are able to do.
    pub stats: Stats,
    /// What they carry.
    pub inventory: Inventory,
    /// What the story remembers of them, in order of the words.
    pub flags: Vec<String>,
}

/// What a hero carries.
#[wire]
pub struct Inventory {
    /// How many things there can be, all quantities together.
    pub capacity: u32,
    /// How many there are.
    pub carried: u32,
    /// The purse.
    pub gold: u32,
    /// The things, by name.
    pub items: BTreeMap<String, Item>,
}

/// A kind of thing a hero carries.
#[wire]
pub struct Item {
    /// Its name.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// What it looks like.
    pub description: String,
    /// What using one up does, by stat; nothing: it cannot be used.
    pub effects: BTreeMap<String, i32>,
}
