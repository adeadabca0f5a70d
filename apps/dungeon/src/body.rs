//! A player's body, living or dead.

use crate::grid::{Fields, Heading, Spot};
use crate::item::{Good, Item};
use crate::view::Recap;
use parlour_room::{Seat, kept};
use std::collections::BTreeMap;

/// Life when whole.
pub(crate) const HP: u32 = 30;
/// What bare hands do at most.
const FISTS: u32 = 3;
/// Light to begin with, in ticks: five minutes.
pub(crate) const LIGHT: u32 = 3000;
/// More than this nobody's light lasts.
pub(crate) const LIGHT_MAX: u32 = 6000;
/// With less the light is low.
pub(crate) const LIGHT_LOW: u32 = 300;
/// How far one sees: by a good light, by a low one, in the dark.
pub(crate) const RADIUS: u32 = 7;
const RADIUS_LOW: u32 = 5;
const RADIUS_DARK: u32 = 2;
/// A level counts as much as so much gold.
const LEVEL_SCORE: u32 = 100;
/// No more gold than this is counted, nor anything else.
pub(crate) const COUNT_MAX: u32 = 1_000_000;

#[kept]
pub(crate) struct Body {
    /// Its id.
    pub(crate) entity: u32,
    /// The number of its level, from 1.
    pub(crate) level: u32,
    pub(crate) spot: Spot,
    pub(crate) heading: Heading,
    pub(crate) resting: bool,
    pub(crate) hp: u32,
    pub(crate) light: u32,
    /// The tick from which it can strike or throw again.
    pub(crate) ready: u64,
    /// The tick from which it can do anything but walk, rest and talk.
    pub(crate) acts: u64,
    /// The tick at which it came to be.
    pub(crate) born: u64,
    pub(crate) kills: u32,
    pub(crate) gold: u32,
    pub(crate) deepest: u32,
    pub(crate) weapon: Option<u32>,
    pub(crate) armour: Option<u32>,
    pub(crate) pack: Vec<Item>,
    /// What its player has seen of each level, in this life and those before.
    pub(crate) known: BTreeMap<u32, Fields>,
    /// The best score of all lives.
    pub(crate) best: u32,
    /// What was played last that its player alone may have seen.
    pub(crate) shown: u64,
    /// When it goes for good, in room time, unless its player comes back; none while they are here.
    pub(crate) leaves_ms: Option<u64>,
    /// How it died; a body is dead if this is there.
    pub(crate) recap: Option<Recap>,
}

impl Body {
    pub(crate) fn new(seat: Seat, spot: Spot, tick: u64) -> Self {
        Self {
            entity: seat.0.saturating_add(1),
            level: 1,
            spot,
            heading: Heading::Stop,
            resting: false,
            hp: HP,
            light: LIGHT,
            ready: tick,
            acts: tick,
            born: tick,
            kills: 0,
            gold: 0,
            deepest: 1,
            weapon: None,
            armour: None,
            pack: Vec::new(),
            known: BTreeMap::new(),
            best: 0,
            shown: 0,
            leaves_ms: None,
            recap: None,
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.recap.is_none()
    }

    /// Whether its player is connected.
    pub(crate) fn is_here(&self) -> bool {
        self.leaves_ms.is_none()
    }

    pub(crate) fn carries(&self, id: u32) -> Option<&Item> {
        self.pack.iter().find(|item| item.id == id)
    }

    pub(crate) fn take_out(&mut self, id: u32) -> Option<Item> {
        let at = self.pack.iter().position(|item| item.id == id)?;
        self.weapon.take_if(|used| *used == id);
        self.armour.take_if(|used| *used == id);
        Some(self.pack.remove(at))
    }

    pub(crate) fn radius(&self) -> u32 {
        match self.light {
            0 => RADIUS_DARK,
            1..LIGHT_LOW => RADIUS_LOW,
            _ => RADIUS,
        }
    }

    /// What its blows do at most.
    pub(crate) fn attack(&self) -> u32 {
        let blow = |item: &Item| if let Good::Weapon { blow, .. } = item.good() { blow } else { 0 };
        FISTS + self.weapon.and_then(|id| self.carries(id)).map_or(0, blow)
    }

    pub(crate) fn softens(&self) -> u32 {
        let softens = |item: &Item| if let Good::Armour(less) = item.good() { less } else { 0 };
        self.armour.and_then(|id| self.carries(id)).map_or(0, softens)
    }

    /// Gold and depth, not kills: a score that everybody may know tells nothing of what happens out of sight in a tick.
    pub(crate) fn score(&self) -> u32 {
        self.gold.saturating_add(self.deepest.saturating_sub(1) * LEVEL_SCORE)
    }
}
