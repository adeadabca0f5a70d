//! How a game goes on by itself: from phase to phase until somebody must act, knock-outs, the time between turns, and every way
//! to end.

use crate::action::Demand;
use crate::effect::{FieldRule, Passive};
use crate::event::Event;
use crate::outcome::{Outcome, Reason};
use crate::print::{Ability, Ailment};
use crate::state::{Cards, Choice, Monster, Phase, SEATS, Side, count, foe};
use parlour_room::{Seat, Turn};

impl Cards {
    /// Goes on until somebody must act or the game is over.
    pub(crate) fn run(&mut self, turn: &mut Turn<Self>) {
        loop {
            if matches!(self.phase, Phase::Draw | Phase::Main | Phase::Attack | Phase::End) {
                self.knock_out(turn);
                self.ask_for_actives();
                self.judge(turn);
            }
            if self.outcome.is_some() || !self.choices.is_empty() {
                break;
            }
            match self.phase {
                Phase::Draw => self.draw_for_turn(turn),
                Phase::Attack => self.end_turn(turn),
                Phase::End => self.next_turn(turn),
                Phase::Waiting | Phase::Setup | Phase::Main | Phase::Rematch | Phase::Over => break,
            }
        }
        if let (None, Some(&Choice { seat, action, count })) = (self.outcome, self.choices.first()) {
            turn.tell(Event::MustChoose { seat, action, count });
        }
        self.retime(turn);
    }

    pub(crate) fn start_turn(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.turn += 1;
        self.current = seat;
        self.phase = Phase::Draw;
        turn.tell(Event::TurnStarted { seat, turn: self.turn, seconds: self.rules.seconds_per_turn });
        self.sides.iter_mut().for_each(Side::forget_turn);
        // Who plays first may attack, but has nothing to attach.
        if self.turn > 1 && self.side(seat).zone.is_none() {
            self.next_energy(seat, turn);
        }
    }

    /// Ends the turn's actions and settles what happens between turns.
    pub(crate) fn end_turn(&mut self, turn: &mut Turn<Self>) {
        self.phase = Phase::End;
        for seat in self.seats() {
            self.suffer(seat, turn);
        }
    }

    /// The game is over.
    pub(crate) fn end(&mut self, outcome: Outcome, turn: &mut Turn<Self>) {
        self.outcome = Some(outcome);
        self.phase = Phase::Over;
        self.choices.clear();
        turn.tell(Event::GameOver { winner: outcome.winner, reason: outcome.reason });
        for seat in SEATS {
            self.wins[usize::from(seat.0 != 0)] += u32::from(outcome.winner == Some(seat));
        }
        self.stop_watch(turn);
        self.allow_nobody(turn);
        self.offer_rematch(turn);
    }

    /// `seat` gave up.
    pub(crate) fn resign(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        turn.tell(Event::Resigned { seat });
        self.end(Outcome { winner: Some(foe(seat)), reason: Reason::Resignation }, turn);
    }

    fn draw_for_turn(&mut self, turn: &mut Turn<Self>) {
        if self.draw(self.current, 1, turn) == 0 {
            return self.end(Outcome { winner: Some(foe(self.current)), reason: Reason::DeckEmpty }, turn);
        }
        self.phase = Phase::Main;
    }

    fn next_turn(&mut self, turn: &mut Turn<Self>) {
        if self.turn < self.rules.turn_limit {
            return self.start_turn(foe(self.current), turn);
        }
        let [mine, theirs] = SEATS.map(|seat| self.side(seat).points);
        let outcome = match mine.cmp(&theirs) {
            std::cmp::Ordering::Greater => Outcome { winner: Some(Seat(0)), reason: Reason::TurnLimit },
            std::cmp::Ordering::Less => Outcome { winner: Some(Seat(1)), reason: Reason::TurnLimit },
            std::cmp::Ordering::Equal => Outcome { winner: None, reason: Reason::Draw },
        };
        self.end(outcome, turn);
    }

    /// The energy deck's next energy comes to the zone. When it is empty the spent energies make a new one; when there are none,
    /// nothing comes.
    fn next_energy(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let next = self.pop_energy(seat, turn);
        self.side_mut(seat).zone = next;
        if let Some(element) = next {
            turn.tell(Event::EnergyAppeared { seat, element });
        }
    }

    /// What ails an active monster between turns, and what heals it.
    fn suffer(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let venom = match self.field_rule() {
            Some(FieldRule::Venom(damage)) => damage,
            _ => 10,
        };
        let Some(active) = &self.side(seat).active else { return };
        let id = active.id().clone();
        for ailment in active.ailments.clone() {
            match ailment {
                Ailment::Poisoned => self.hurt(&id, venom, turn),
                Ailment::Burned => {
                    self.hurt(&id, 20, turn);
                    self.shake_off(seat, ailment, turn);
                }
                Ailment::Asleep => self.shake_off(seat, ailment, turn),
                Ailment::Paralysed if seat == self.current => self.cure(&id, ailment, turn),
                Ailment::Paralysed | Ailment::Confused => {}
            }
        }
        if let Some(FieldRule::Healing(amount)) = self.field_rule() {
            self.heal(&id, amount, turn);
        }
        let regrowing: Vec<_> =
            self.side(seat).monsters().filter_map(|monster| Some((monster.id().clone(), regrows(monster)?))).collect();
        for (id, amount) in regrowing {
            self.heal(&id, amount, turn);
        }
    }

    fn shake_off(&mut self, seat: Seat, ailment: Ailment, turn: &mut Turn<Self>) {
        let why = match ailment {
            Ailment::Burned => "burned",
            _ => "asleep",
        };
        if self.flip(seat, why, turn)
            && let Some(active) = &self.side(seat).active
        {
            let id = active.id().clone();
            self.cure(&id, ailment, turn);
        }
    }

    /// Every monster with no strength left goes to its player's discard pile; the other player gets the points.
    fn knock_out(&mut self, turn: &mut Turn<Self>) {
        for seat in self.seats() {
            let side = self.side_mut(seat);
            let mut out: Vec<Monster> = side.active.take_if(|active| active.is_knocked_out()).into_iter().collect();
            out.extend(side.bench.extract_if(.., |monster| monster.is_knocked_out()));
            for monster in out {
                let points = monster.species().class.points();
                turn.tell(Event::KnockedOut { seat, monster: monster.id().clone(), points });
                let side = self.side_mut(seat);
                side.spent.extend(monster.energy);
                side.discard.extend(monster.stack);
                self.side_mut(foe(seat)).points += points;
            }
        }
    }

    /// Who has no active monster must choose one, the player whose turn it is not first. Who has none to choose from is asked
    /// nothing.
    fn ask_for_actives(&mut self) {
        let [current, other] = self.seats();
        for seat in [other, current] {
            let side = self.side(seat);
            let (gone, choosable) = (side.active.is_none(), !side.bench.is_empty());
            let asked = |choice: &Choice| choice.seat == seat && choice.action == Demand::ChooseActive;
            if !choosable {
                self.choices.retain(|choice| !asked(choice));
            } else if gone && !self.choices.iter().any(asked) {
                self.choices.push(Choice { seat, action: Demand::ChooseActive, count: 1 });
            }
        }
    }

    /// A player has won who has the points, or whose opponent has no monster left. If both have, the one with more of the two
    /// wins.
    fn judge(&mut self, turn: &mut Turn<Self>) {
        let taken = SEATS.map(|seat| self.side(seat).points >= self.rules.points_to_win);
        let alone = SEATS.map(|seat| self.side(foe(seat)).monsters().next().is_none());
        let won = [0, 1].map(|seat| u32::from(taken[seat]) + u32::from(alone[seat]));
        if won == [0, 0] {
            return;
        }
        let outcome = match won[0].cmp(&won[1]) {
            std::cmp::Ordering::Greater => Outcome { winner: Some(Seat(0)), reason: how(taken[0]) },
            std::cmp::Ordering::Less => Outcome { winner: Some(Seat(1)), reason: how(taken[1]) },
            std::cmp::Ordering::Equal => Outcome { winner: None, reason: Reason::Draw },
        };
        self.end(outcome, turn);
    }

    /// Asks for a choice; of a hand or cards that are fewer than asked for, only as many.
    pub(crate) fn ask(&mut self, seat: Seat, action: Demand, wanted: u32) {
        let side = self.side(seat);
        let there = match action {
            Demand::ChooseActive => count(&side.bench).min(1),
            Demand::Discard => count(side.hand.reveal()),
            Demand::Keep => count(side.looked.reveal()).min(1),
        };
        let count = wanted.min(there);
        if count > 0 {
            self.choices.push(Choice { seat, action, count });
        }
    }
}

fn how(points: bool) -> Reason {
    if points { Reason::PrizesTaken } else { Reason::NoMonsters }
}

fn regrows(monster: &Monster) -> Option<u32> {
    match monster.species().ability {
        Some(Ability::Passive(_, Passive::Regrow(amount))) => Some(amount),
        _ => None,
    }
}
