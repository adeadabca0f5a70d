//! Everything a player may do now: what they could name, sifted by the check.

use crate::action::Action;
use crate::card::{Card, Id};
use crate::effect::Aim;
use crate::print::{Ability, Sort, Trick};
use crate::state::{Cards, Phase, Side};
use parlour_room::Seat;

impl Cards {
    /// Every legal action but resigning. It is made of the player's own hand and of what lies open.
    pub(crate) fn legal_actions(&self, by: Seat) -> Vec<Action> {
        if !self.to_act().contains(&by) {
            return Vec::new();
        }
        let side = self.side(by);
        let mut actions = match (self.phase, self.choices.first()) {
            (Phase::Rematch, _) => vec![Action::Rematch {}, Action::DeclineRematch {}],
            (Phase::Setup, _) => side.setup(),
            (_, Some(_)) => side.choices(),
            (_, None) => self.moves(by),
        };
        actions.retain(|action| self.check_action(by, action).is_ok());
        actions
    }

    /// What could be done in one's own turn, legal or not.
    fn moves(&self, by: Seat) -> Vec<Action> {
        let side = self.side(by);
        let mut actions = Vec::new();
        for card in side.hand.reveal() {
            self.plays(by, card, &mut actions);
        }
        for monster in side.monsters() {
            let id = monster.id();
            actions.push(Action::Attach { monster: id.clone() });
            if let Some(Ability::Active(_, Trick { aim, .. })) = monster.species().ability {
                let using = |target| Action::UseAbility { monster: id.clone(), target };
                actions.extend(self.aims(by, aim).into_iter().map(using));
            }
        }
        for (number, attack) in side.active.iter().flat_map(|active| (0..).zip(active.species().attacks)) {
            let aims = self.aims(by, attack.aim);
            let aims = if aims.is_empty() { vec![None] } else { aims };
            actions.extend(aims.into_iter().map(|target| Action::Attack { attack: number, target }));
        }
        actions.extend(side.bench.iter().map(|monster| Action::Retreat { to: monster.id().clone() }));
        actions.push(Action::EndTurn {});
        actions
    }

    fn plays(&self, by: Seat, card: &Card, actions: &mut Vec<Action>) {
        let id = || card.id.clone();
        match &card.card.print().sort {
            Sort::Monster(species) if species.stage.from().is_none() => actions.push(Action::PlayBasic { card: id() }),
            Sort::Monster(_) => {
                let onto = |monster: &Id| Action::Evolve { card: id(), monster: monster.clone() };
                actions.extend(self.side(by).monsters().map(|monster| onto(monster.id())));
            }
            Sort::Item(trick) => {
                let played = |target| Action::PlayItem { card: id(), target };
                actions.extend(self.aims(by, trick.aim).into_iter().map(played));
            }
            Sort::Ally(trick) => {
                let played = |target| Action::PlayAlly { card: id(), target };
                actions.extend(self.aims(by, trick.aim).into_iter().map(played));
            }
            Sort::Field(_) => actions.push(Action::PlayField { card: id() }),
        }
    }

    fn aims(&self, by: Seat, aim: Aim) -> Vec<Option<Id>> {
        match aim {
            Aim::Nothing => vec![None],
            _ => self.targets(by, aim).into_iter().map(|id| Some(id.clone())).collect(),
        }
    }
}

impl Side {
    fn setup(&self) -> Vec<Action> {
        let mut actions: Vec<Action> = self.hand.reveal().iter().map(|card| Action::Place { card: card.id.clone() }).collect();
        actions.push(Action::Ready {});
        actions
    }

    fn choices(&self) -> Vec<Action> {
        let actives = self.bench.iter().map(|monster| Action::ChooseActive { to: monster.id().clone() });
        let discards = self.hand.reveal().iter().map(|card| Action::Discard { card: card.id.clone() });
        let keeps = self.looked.reveal().iter().map(|card| Action::Keep { card: card.id.clone() });
        actives.chain(discards).chain(keeps).collect()
    }
}
