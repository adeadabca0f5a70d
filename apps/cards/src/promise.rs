//! How promising an action looks to a player who sees what a view shows, and knows what is printed on cards. For bots.
//!
//! What makes the side stronger comes before the attack, because the attack ends the turn; what ends the turn without one comes
//! last. An attack is worth its damage, what it knocks out, and the game if that wins it.

use crate::action::Action;
use crate::battle::WEAKNESS;
use crate::card::{Card, Face, Id};
use crate::effect::{Effect, Extra, Passive, Whom};
use crate::print::{Ability, Attack, Sort, Species, Trick};
use crate::view::{OpenMonster, OpenSide, View};

const WINS: i64 = 1_000_000;
const EVOLVES: i64 = 6_000;
const ATTACHES: i64 = 5_000;
const BENCHES: i64 = 4_000;
const PLAYS: i64 = 3_000;
const ATTACKS: i64 = 1_000;

/// Both sides, as the player who is to act sees them.
struct Sight<'a> {
    view: &'a View,
    hand: &'a [Card],
    mine: &'a OpenSide,
    theirs: &'a OpenSide,
}

pub(crate) fn promise(view: &View, action: &Action) -> i64 {
    let Some(you) = &view.you else { return 0 };
    let [first, second] = &view.sides;
    let (mine, theirs) = if first.seat == you.seat { (first, second) } else { (second, first) };
    let cards = if you.looked.is_empty() { &you.hand } else { &you.looked };
    Sight { view, hand: cards, mine, theirs }.promise(action)
}

impl Sight<'_> {
    fn promise(&self, action: &Action) -> i64 {
        match action {
            Action::Place { card } | Action::PlayBasic { card } => BENCHES + self.value_of(card),
            Action::Evolve { card, monster } => EVOLVES + self.value_of(card) + if self.is_active(monster) { 100 } else { 0 },
            Action::Attach { monster } => ATTACHES + self.energy_on(monster),
            Action::PlayItem { card, target } | Action::PlayAlly { card, target } => {
                match self.face(card).map(|face| &face.print().sort) {
                    Some(Sort::Item(trick) | Sort::Ally(trick)) => self.trick(trick, target.as_ref()),
                    _ => 0,
                }
            }
            Action::UseAbility { monster, target } => {
                match self.own(monster).and_then(species).and_then(|it| it.ability.as_ref()) {
                    Some(Ability::Active(_, trick)) => self.trick(trick, target.as_ref()),
                    _ => 0,
                }
            }
            Action::PlayField { .. } => 10,
            Action::Attack { attack, .. } => self.attack(*attack),
            Action::ChooseActive { to } | Action::Retreat { to } => self.as_active(to, matches!(action, Action::Retreat { .. })),
            Action::Keep { card } => self.value_of(card),
            Action::Discard { card } => -self.value_of(card),
            Action::Ready {} | Action::Rematch {} => 1,
            Action::EndTurn {} | Action::DeclineRematch {} => 0,
            Action::Resign {} => -WINS,
        }
    }

    fn face(&self, id: &Id) -> Option<Face> {
        self.hand.iter().find(|card| card.id == *id).map(|card| card.card)
    }

    fn own(&self, id: &Id) -> Option<&OpenMonster> {
        self.mine.active.iter().chain(&self.mine.bench).find(|monster| monster.id == *id)
    }

    fn is_active(&self, id: &Id) -> bool {
        self.mine.active.as_ref().is_some_and(|active| active.id == *id)
    }

    /// Monsters are worth what they can take and do; what else there is, less.
    fn value_of(&self, id: &Id) -> i64 {
        match self.face(id).map(|face| &face.print().sort) {
            Some(Sort::Monster(species)) => i64::from(species.hp) + strongest(species),
            Some(Sort::Item(_) | Sort::Ally(_)) => 60,
            _ => 10,
        }
    }

    /// Energy is worth most where it pays for an attack soon, in front rather than behind.
    fn energy_on(&self, id: &Id) -> i64 {
        let Some((monster, species)) = self.own(id).and_then(|monster| Some((monster, species(monster)?))) else { return 0 };
        let attached = u32::try_from(monster.energy.len()).unwrap_or(u32::MAX);
        let lacking = |attack: &&Attack| (attack.cost.0 + attack.cost.1).saturating_sub(attached);
        let next = species.attacks.iter().filter(|attack| lacking(attack) > 0).min_by_key(lacking);
        let gain = next.map_or(0, |attack| 300 / i64::from(lacking(&attack)) + i64::from(attack.damage));
        gain + if self.is_active(id) { 150 } else { 0 }
    }

    fn attack(&self, number: u32) -> i64 {
        let (Some(attacker), Some(defender)) = (&self.mine.active, &self.theirs.active) else { return ATTACKS };
        let attack = species(attacker).and_then(|species| species.attacks.get(usize::try_from(number).ok()?));
        let Some(attack) = attack else { return ATTACKS };
        let damage = i64::from(self.damage(attack, attacker, defender));
        let left = i64::from(defender.hp.saturating_sub(defender.damage));
        let points = i64::from(defender.class.points());
        if damage < left {
            return ATTACKS + damage + 5 * i64::try_from(attack.effects.len()).unwrap_or(0);
        }
        let wins =
            i64::from(self.mine.points) + points >= i64::from(self.view.config.points_to_win) || self.theirs.bench.is_empty();
        if wins { WINS } else { ATTACKS + 500 * points + left }
    }

    /// What an attack should do; of coins half fall well.
    fn damage(&self, attack: &Attack, attacker: &OpenMonster, defender: &OpenMonster) -> u32 {
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let extra = match attack.extra {
            Extra::Nothing => 0,
            Extra::PerEnergy(each) => each.saturating_mul(count(attacker.energy.len())),
            Extra::PerFoeEnergy(each) => each.saturating_mul(count(defender.energy.len())),
            Extra::PerBench(each) => each.saturating_mul(count(self.mine.bench.len())),
            Extra::OwnDamage => attacker.damage,
            Extra::IfAiling(more) => {
                if defender.ailments.is_empty() {
                    0
                } else {
                    more
                }
            }
            Extra::Flips(coins, each) => coins * each / 2,
        };
        let printed = attack.damage.saturating_add(extra);
        if printed == 0 {
            return 0;
        }
        let (Some(from), Some(to)) = (species(attacker), species(defender)) else { return printed };
        let weak = from.element.is_some() && from.element == to.element.map(|element| element.weakness());
        let armor = if let Some(Ability::Passive(_, Passive::Armor(less))) = to.ability { less } else { 0 };
        let shield = defender.shield.as_ref().map_or(0, |shield| shield.amount);
        let full = printed.saturating_add(self.mine.boost).saturating_add(if weak { WEAKNESS } else { 0 });
        full.saturating_sub(armor).saturating_sub(shield)
    }

    /// In front should stand who can attack and is far from falling.
    fn as_active(&self, id: &Id, pays: bool) -> i64 {
        let worth = |monster: &OpenMonster| {
            let ready = species(monster)
                .into_iter()
                .flat_map(|species| species.attacks)
                .filter(|attack| usize::try_from(attack.cost.0 + attack.cost.1).is_ok_and(|cost| cost <= monster.energy.len()));
            let strikes = ready.map(|attack| i64::from(attack.damage) + 30).max().unwrap_or(0);
            2 * strikes + i64::from(monster.hp.saturating_sub(monster.damage))
        };
        let there = self.own(id).map_or(0, worth);
        if !pays {
            return there;
        }
        // Retreating costs energy: it must gain more than that.
        let gain = there - self.mine.active.as_ref().map_or(0, worth);
        if gain > 120 { ATTACKS + 900 } else { -1 }
    }

    /// An item, an ally or an ability: mostly good, and never the end of the turn.
    fn trick(&self, trick: &Trick, target: Option<&Id>) -> i64 {
        let gain: i64 = trick.effects.iter().map(|effect| self.effect(effect, target)).sum();
        if gain > 0 { PLAYS + gain } else { -1 }
    }

    fn effect(&self, effect: &Effect, target: Option<&Id>) -> i64 {
        match effect {
            Effect::Heal(whom, amount) => {
                let hurt: u32 = self.mine.active.iter().chain(&self.mine.bench).map(|monster| monster.damage).max().unwrap_or(0);
                let aimed = target.and_then(|id| self.own(id)).map(|monster| monster.damage);
                let damage = if *whom == Whom::Target { aimed.unwrap_or(0) } else { hurt };
                i64::from(damage.min(*amount))
            }
            Effect::Hurt(Whom::This | Whom::MyActive | Whom::MyAll, amount) => -i64::from(*amount),
            Effect::Hurt(_, amount) => 2 * i64::from(*amount),
            Effect::Drain(Whom::This | Whom::MyActive | Whom::MyAll, amount) => -40 * i64::from(*amount),
            Effect::Return | Effect::Swap => -20,
            Effect::Cure(_) => {
                if self.mine.active.as_ref().is_some_and(|active| !active.ailments.is_empty()) {
                    50
                } else {
                    0
                }
            }
            _ => 40,
        }
    }
}

fn species(monster: &OpenMonster) -> Option<&'static Species> {
    monster.card.species()
}

fn strongest(species: &Species) -> i64 {
    species.attacks.iter().map(|attack| i64::from(attack.damage)).max().unwrap_or(0)
}
