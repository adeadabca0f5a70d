//! Carries out legal actions.

use crate::action::Action;
use crate::card::Id;
use crate::event::Event;
use crate::perform::Deed;
use crate::print::{Ability, Sort, Trick};
use crate::state::{Cards, Field, Monster};
use parlour_room::{Seat, Turn};

impl Cards {
    pub(crate) fn play(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Place { card } => return self.place(by, &card, turn),
            Action::Ready {} => return self.ready(by, turn),
            Action::Resign {} => return self.resign(by, turn),
            Action::Rematch {} => return self.agree(by, turn),
            Action::DeclineRematch {} => return self.decline(by, turn),
            Action::PlayBasic { card } => self.play_basic(by, &card, turn),
            Action::Evolve { card, monster } => self.evolve(by, &card, &monster, turn),
            Action::Attach { monster } => self.attach(by, &monster, turn),
            Action::PlayItem { card, target } => self.play_trick(by, &card, target, turn),
            Action::PlayAlly { card, target } => {
                self.side_mut(by).ally_played = true;
                self.play_trick(by, &card, target, turn);
            }
            Action::PlayField { card } => self.play_field(by, &card, turn),
            Action::UseAbility { monster, target } => self.use_ability(by, monster, target, turn),
            Action::Attack { attack, target } => self.attack(by, attack, target, turn),
            Action::Retreat { to } => self.retreat(by, &to, turn),
            Action::EndTurn {} => self.end_turn(turn),
            Action::ChooseActive { to } => {
                self.chosen();
                self.switch(by, &to, turn);
            }
            Action::Discard { card } => {
                self.chosen();
                let card = self.side_mut(by).take_from_hand(&card);
                self.discard(by, card, turn);
            }
            Action::Keep { card } => {
                self.chosen();
                self.keep(by, &card, turn);
            }
        }
        self.run(turn);
    }

    fn play_basic(&mut self, by: Seat, card: &Id, turn: &mut Turn<Self>) {
        let now = self.turn;
        let side = self.side_mut(by);
        let card = side.take_from_hand(card);
        side.bench.push(Monster::new(card.clone(), now));
        turn.tell(Event::BasicPlayed { seat: by, card });
    }

    fn evolve(&mut self, by: Seat, card: &Id, monster: &Id, turn: &mut Turn<Self>) {
        let now = self.turn;
        let card = self.side_mut(by).take_from_hand(card);
        self.cure_all(monster, turn);
        let (_, evolving) = self.monster_mut(monster).expect("checked: it is in play");
        evolving.stack.push(card.clone());
        evolving.since = now;
        evolving.used = None;
        turn.tell(Event::Evolved { seat: by, monster: monster.clone(), card });
    }

    fn attach(&mut self, by: Seat, monster: &Id, turn: &mut Turn<Self>) {
        let side = self.side_mut(by);
        side.attached = true;
        let element = side.zone.take().expect("checked: there is energy in the zone");
        let (_, attached) = self.monster_mut(monster).expect("checked: it is in play");
        attached.energy.push(element);
        turn.tell(Event::Attached { seat: by, monster: monster.clone(), element });
    }

    fn play_trick(&mut self, by: Seat, card: &Id, target: Option<Id>, turn: &mut Turn<Self>) {
        let card = self.side_mut(by).take_from_hand(card);
        turn.tell(Event::CardPlayed { seat: by, card: card.clone(), target: target.clone() });
        let print = card.card.print();
        self.side_mut(by).discard.push(card);
        if let Sort::Item(trick) | Sort::Ally(trick) = &print.sort {
            let deed = Deed { seat: by, name: print.name, actor: None, target };
            self.perform(&deed, trick.effects, turn);
        }
    }

    fn play_field(&mut self, by: Seat, card: &Id, turn: &mut Turn<Self>) {
        let card = self.side_mut(by).take_from_hand(card);
        turn.tell(Event::CardPlayed { seat: by, card: card.clone(), target: None });
        if let Some(before) = self.field.replace(Field { seat: by, card }) {
            self.side_mut(before.seat).discard.push(before.card);
        }
    }

    fn use_ability(&mut self, by: Seat, monster: Id, target: Option<Id>, turn: &mut Turn<Self>) {
        let now = self.turn;
        let (_, user) = self.monster_mut(&monster).expect("checked: it is in play");
        user.used = Some(now);
        let Some(Ability::Active(name, Trick { effects, .. })) = &user.species().ability else { return };
        let (ability, used) = ((*name).to_owned(), monster.clone());
        turn.tell(Event::AbilityUsed { seat: by, monster: used, ability, target: target.clone() });
        let deed = Deed { seat: by, name, actor: Some(monster), target };
        self.perform(&deed, effects, turn);
    }

    fn retreat(&mut self, by: Seat, to: &Id, turn: &mut Turn<Self>) {
        let active = self.side(by).active.as_ref().expect("checked: somebody retreats");
        let (id, cost) = (active.id().clone(), self.retreat_cost(active));
        self.side_mut(by).retreated = true;
        self.spend_energy(&id, cost, turn);
        self.switch(by, to, turn);
    }

    fn keep(&mut self, by: Seat, card: &Id, turn: &mut Turn<Self>) {
        let (kept, others) = self.side_mut(by).keep(card);
        turn.tell_apart(&[by], Event::Kept { seat: by, card: Some(kept.clone()) }, Event::Kept { seat: by, card: None });
        self.side_mut(by).hand.reveal_mut().push(kept);
        self.shuffle_back(by, others, turn);
    }

    /// One of the choices asked for has been made.
    fn chosen(&mut self) {
        if let Some(choice) = self.choices.first_mut() {
            choice.count -= 1;
        }
        self.choices.retain(|choice| choice.count > 0);
    }
}
