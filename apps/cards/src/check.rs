//! Which actions are legal. Whatever passes here, `play.rs` can do.

use crate::action::{Action, Demand};
use crate::card::{Card, Face, Id};
use crate::effect::{Aim, FieldRule};
use crate::print::{Ability, Print, Sort, Species, Trick};
use crate::refusal::Refusal;
use crate::state::{BENCH, Cards, Monster, Phase, SEATS, Side, count, foe};
use parlour_room::Seat;

impl Cards {
    pub(crate) fn check_action(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        match self.phase {
            Phase::Over => return Err(Refusal::GameOver),
            Phase::Waiting => return Err(Refusal::NotStarted),
            _ if !SEATS.contains(&by) => return Err(Refusal::NotYourTurn),
            Phase::Rematch => return self.check_rematch(by, action),
            _ if matches!(action, Action::Rematch {} | Action::DeclineRematch {}) => return Err(Refusal::NoRematch),
            _ if matches!(action, Action::Resign {}) => return Ok(()),
            Phase::Setup => return self.side(by).check_setup(action),
            _ => {}
        }
        if let Some(choice) = self.choices.first() {
            if choice.seat != by || demanded(action) != Some(choice.action) {
                return Err(Refusal::ForcedChoicePending { seat: choice.seat, action: choice.action });
            }
            return self.side(by).check_choice(action);
        }
        if by != self.current {
            return Err(Refusal::NotYourTurn);
        }
        self.check_turn(by, action)
    }

    fn check_rematch(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::Rematch {} | Action::DeclineRematch {} if self.agreeing().contains(&by) => Err(Refusal::AlreadyAgreed),
            Action::Rematch {} | Action::DeclineRematch {} => Ok(()),
            _ => Err(Refusal::GameOver),
        }
    }

    fn check_turn(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        let side = self.side(by);
        match action {
            Action::PlayBasic { card } => side.check_basic(card, &side.bench),
            Action::Evolve { card, monster } => self.check_evolve(side, card, monster),
            Action::Attach { monster } => side.check_attach(monster),
            Action::PlayItem { card, target } => match &side.print(card)?.sort {
                Sort::Item(trick) => self.check_aim(by, trick, target.as_ref()),
                _ => Err(Refusal::NotAnItem),
            },
            Action::PlayAlly { card, target } => match &side.print(card)?.sort {
                Sort::Ally(_) if side.ally_played => Err(Refusal::AllyAlreadyPlayed),
                Sort::Ally(trick) => self.check_aim(by, trick, target.as_ref()),
                _ => Err(Refusal::NotAnAlly),
            },
            Action::PlayField { card } => self.check_field(side, card),
            Action::UseAbility { monster, target } => self.check_ability(by, monster, target.as_ref()),
            Action::Attack { attack, target } => self.check_attack(by, *attack, target.as_ref()),
            Action::Retreat { to } => self.check_retreat(side, to),
            Action::EndTurn {} | Action::Resign {} => Ok(()),
            Action::Rematch {} | Action::DeclineRematch {} => Err(Refusal::NoRematch),
            Action::Place { .. } | Action::Ready {} => Err(Refusal::SetupIsOver),
            Action::ChooseActive { .. } | Action::Discard { .. } | Action::Keep { .. } => Err(Refusal::NoChoicePending),
        }
    }

    fn check_evolve(&self, side: &Side, card: &Id, monster: &Id) -> Result<(), Refusal> {
        let from = side.species(card).and_then(|species| species.stage.from().ok_or(Refusal::NotAnEvolution))?;
        let monster = side.monsters().find(|other| other.id() == monster).ok_or(Refusal::NoSuchMonster)?;
        if monster.face().key() != from {
            return Err(Refusal::EvolvesFromAnother { from: from.to_owned() });
        }
        if self.turn <= 2 || monster.since == self.turn { Err(Refusal::CannotEvolveYet) } else { Ok(()) }
    }

    fn check_field(&self, side: &Side, card: &Id) -> Result<(), Refusal> {
        let face = side.face(card)?;
        match face.print().sort {
            Sort::Field(_) if self.field.as_ref().is_some_and(|field| field.card.card == face) => Err(Refusal::SameField),
            Sort::Field(_) => Ok(()),
            _ => Err(Refusal::NotAField),
        }
    }

    fn check_ability(&self, by: Seat, monster: &Id, target: Option<&Id>) -> Result<(), Refusal> {
        let monster = self.side(by).monsters().find(|other| other.id() == monster).ok_or(Refusal::NoSuchMonster)?;
        let Some(Ability::Active(_, trick)) = &monster.species().ability else { return Err(Refusal::NoAbility) };
        if monster.used == Some(self.turn) {
            return Err(Refusal::AbilityAlreadyUsed);
        }
        self.check_aim(by, trick, target)
    }

    fn check_attack(&self, by: Seat, attack: u32, target: Option<&Id>) -> Result<(), Refusal> {
        let active = self.side(by).active.as_ref().ok_or(Refusal::NoSuchMonster)?;
        let attacks = count(active.species().attacks);
        let attack = active.attack(attack).ok_or(Refusal::NoSuchAttack { attacks })?;
        if active.is_helpless() {
            return Err(Refusal::CannotAct);
        }
        let (own, any) = attack.cost;
        let matching = active.energy.iter().filter(|&&energy| Some(energy) == active.species().element);
        let attached = count(&active.energy);
        if attached < own + any || count(&matching.collect::<Vec<_>>()) < own {
            return Err(Refusal::NotEnoughEnergy { needed: own + any, attached });
        }
        // An attack is worth making also where there is nothing to aim at.
        if target.is_none() && self.targets(by, attack.aim).is_empty() {
            return Ok(());
        }
        self.check_target(by, attack.aim, target)
    }

    fn check_retreat(&self, side: &Side, to: &Id) -> Result<(), Refusal> {
        let active = side.active.as_ref().ok_or(Refusal::NoSuchMonster)?;
        if side.retreated {
            return Err(Refusal::AlreadyRetreated);
        }
        if active.is_helpless() {
            return Err(Refusal::CannotAct);
        }
        let (needed, attached) = (self.retreat_cost(active), count(&active.energy));
        if attached < needed {
            return Err(Refusal::NotEnoughEnergy { needed, attached });
        }
        side.check_benched(to)
    }

    pub(crate) fn retreat_cost(&self, active: &Monster) -> u32 {
        match self.field_rule() {
            Some(FieldRule::EasyRetreat(less)) => active.species().retreat.saturating_sub(less),
            _ => active.species().retreat,
        }
    }

    fn check_aim(&self, by: Seat, trick: &Trick, target: Option<&Id>) -> Result<(), Refusal> {
        self.check_target(by, trick.aim, target)
    }

    fn check_target(&self, by: Seat, aim: Aim, target: Option<&Id>) -> Result<(), Refusal> {
        let targets = self.targets(by, aim);
        match target {
            None if aim == Aim::Nothing => Ok(()),
            None if targets.is_empty() => Err(Refusal::NothingToAimAt),
            None => Err(Refusal::TargetNeeded),
            Some(_) if aim == Aim::Nothing => Err(Refusal::NoTargetWanted),
            Some(target) if targets.contains(&target) => Ok(()),
            Some(_) => Err(Refusal::NoSuchTarget),
        }
    }

    /// Everything `by` can aim at. All of it lies open.
    pub(crate) fn targets(&self, by: Seat, aim: Aim) -> Vec<&Id> {
        let (mine, theirs) = (self.side(by), self.side(foe(by)));
        match aim {
            Aim::Nothing => Vec::new(),
            Aim::Mine => mine.monsters().map(Monster::id).collect(),
            Aim::MyBench => mine.bench.iter().map(Monster::id).collect(),
            Aim::Foes => theirs.monsters().map(Monster::id).collect(),
            Aim::FoeBench => theirs.bench.iter().map(Monster::id).collect(),
            Aim::MyDiscard(wanted) => mine.discard.iter().filter(|card| wanted.fits(card.card)).map(|card| &card.id).collect(),
        }
    }
}

impl Side {
    fn check_setup(&self, action: &Action) -> Result<(), Refusal> {
        let placed = self.face_down.reveal();
        match action {
            Action::Place { .. } | Action::Ready {} if self.ready => Err(Refusal::AlreadyReady),
            Action::Place { card } => self.check_basic(card, placed.get(1..).unwrap_or_default()),
            Action::Ready {} if placed.is_empty() => Err(Refusal::PlaceOneFirst),
            Action::Ready {} => Ok(()),
            _ => Err(Refusal::SetupFirst),
        }
    }

    fn check_choice(&self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::ChooseActive { to } => self.check_benched(to),
            Action::Discard { card } => self.face(card).map(drop),
            Action::Keep { card } => here(self.looked.reveal(), card).map(drop),
            _ => Err(Refusal::NoChoicePending),
        }
    }

    fn check_basic<T>(&self, card: &Id, bench: &[T]) -> Result<(), Refusal> {
        if !self.face(card)?.is_basic() {
            return Err(Refusal::NotABasic);
        }
        if bench.len() >= BENCH { Err(Refusal::BenchFull) } else { Ok(()) }
    }

    fn check_attach(&self, monster: &Id) -> Result<(), Refusal> {
        if self.attached {
            return Err(Refusal::AlreadyAttached);
        }
        if self.zone.is_none() {
            return Err(Refusal::NothingToAttach);
        }
        self.monsters().find(|other| other.id() == monster).map(drop).ok_or(Refusal::NoSuchMonster)
    }

    fn check_benched(&self, id: &Id) -> Result<(), Refusal> {
        self.benched(id).map(drop).ok_or(Refusal::NotOnBench)
    }

    fn print(&self, card: &Id) -> Result<&'static Print, Refusal> {
        Ok(self.face(card)?.print())
    }

    fn species(&self, card: &Id) -> Result<&'static Species, Refusal> {
        self.face(card)?.species().ok_or(Refusal::NotAnEvolution)
    }

    /// What a card of this hand is. To its player every other card is no card.
    fn face(&self, card: &Id) -> Result<Face, Refusal> {
        here(self.hand.reveal(), card)
    }
}

fn here(cards: &[Card], id: &Id) -> Result<Face, Refusal> {
    cards.iter().find(|card| card.id == *id).map(|card| card.card).ok_or(Refusal::NoSuchCard)
}

fn demanded(action: &Action) -> Option<Demand> {
    match action {
        Action::ChooseActive { .. } => Some(Demand::ChooseActive),
        Action::Discard { .. } => Some(Demand::Discard),
        Action::Keep { .. } => Some(Demand::Keep),
        _ => None,
    }
}
