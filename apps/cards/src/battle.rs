//! An attack, from the declaration to the last of its effects.

use crate::card::Id;
use crate::effect::{Extra, FieldRule, Passive};
use crate::event::Event;
use crate::perform::Deed;
use crate::print::{Ability, Ailment, Attack};
use crate::state::{Cards, Monster, Phase, Side, count, foe};
use parlour_room::{Seat, Turn};

pub(crate) const WEAKNESS: u32 = 20;
const CONFUSION: u32 = 30;

impl Cards {
    pub(crate) fn attack(&mut self, seat: Seat, attack: u32, target: Option<Id>, turn: &mut Turn<Self>) {
        self.phase = Phase::Attack;
        let active = self.side(seat).active.as_ref().expect("checked: somebody attacks");
        let attack = active.attack(attack).expect("checked: there is this attack");
        let (id, confused) = (active.id().clone(), active.ailments.contains(&Ailment::Confused));
        turn.tell(Event::Attacked { seat, monster: id.clone(), attack: attack.name.to_owned(), target: target.clone() });
        if confused && !self.flip(seat, "confused", turn) {
            return self.hurt(&id, CONFUSION, turn);
        }
        self.strike(seat, attack, turn);
        let deed = Deed { seat, name: attack.name, actor: Some(id), target };
        self.perform(&deed, attack.effects, turn);
    }

    fn strike(&mut self, seat: Seat, attack: &Attack, turn: &mut Turn<Self>) {
        let printed = attack.damage + self.extra(seat, attack, turn);
        let side = self.side(seat);
        let (Some(attacker), Some(defender)) = (&side.active, &self.side(foe(seat)).active) else { return };
        // What adds to damage adds nothing to none.
        if printed == 0 {
            return;
        }
        let full = printed + side.boost + side.rally() + self.weakness(attacker, defender);
        let damage = full.saturating_sub(self.armor(defender));
        let thorns = if damage > 0 { defender.thorns() } else { 0 };
        let (attacker, defender) = (attacker.id().clone(), defender.id().clone());
        self.hurt(&defender, damage, turn);
        self.hurt(&attacker, thorns, turn);
    }

    fn extra(&mut self, seat: Seat, attack: &Attack, turn: &mut Turn<Self>) -> u32 {
        let (side, other) = (self.side(seat), self.side(foe(seat)));
        let (attacker, defender) = (side.active.as_ref(), other.active.as_ref());
        match attack.extra {
            Extra::Nothing => 0,
            Extra::PerEnergy(each) => each * attacker.map_or(0, |monster| count(&monster.energy)),
            Extra::PerFoeEnergy(each) => each * defender.map_or(0, |monster| count(&monster.energy)),
            Extra::PerBench(each) => each * count(&side.bench),
            Extra::OwnDamage => attacker.map_or(0, |monster| monster.damage),
            Extra::IfAiling(more) => defender.map_or(0, |monster| if monster.ailments.is_empty() { 0 } else { more }),
            Extra::Flips(coins, each) => (0..coins).map(|_| if self.flip(seat, attack.name, turn) { each } else { 0 }).sum(),
        }
    }

    fn weakness(&self, attacker: &Monster, defender: &Monster) -> u32 {
        let weak = defender.species().element.map(|element| element.weakness());
        let hit = weak.is_some() && weak == attacker.species().element;
        if hit && self.field_rule() != Some(FieldRule::NoWeakness) { WEAKNESS } else { 0 }
    }

    fn armor(&self, defender: &Monster) -> u32 {
        let worn = match defender.species().ability {
            Some(Ability::Passive(_, Passive::Armor(less))) => less,
            _ => 0,
        };
        let held = defender.shield.as_ref().filter(|shield| self.turn <= shield.until_turn);
        worn + held.map_or(0, |shield| shield.amount)
    }
}

impl Monster {
    pub(crate) fn attack(&self, attack: u32) -> Option<&'static Attack> {
        self.species().attacks.get(usize::try_from(attack).ok()?)
    }

    fn thorns(&self) -> u32 {
        match self.species().ability {
            Some(Ability::Passive(_, Passive::Thorns(damage))) => damage,
            _ => 0,
        }
    }
}

impl Side {
    fn rally(&self) -> u32 {
        let rally = |monster: &Monster| match monster.species().ability {
            Some(Ability::Passive(_, Passive::Rally(more))) => more,
            _ => 0,
        };
        self.monsters().map(rally).sum()
    }
}
