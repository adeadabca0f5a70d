//! How actions are played, and how the story goes on.

use crate::action::Action;
use crate::book::{Book, Choice, Effect};
use crate::config::Mode;
use crate::event::Event;
use crate::hero::{Change, Hero};
use crate::limits::{NAME_CHARS, REMARK_CHARS, REMARKS};
use crate::state::{Quest, Remark};
use crate::text::plain;
use crate::trace::{ActionType, Deed, Details, Roll};
use parlour_room::{Seat, Turn};

impl Quest {
    pub(crate) fn play(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        match action {
            Action::Choose { choice, .. } if self.mode() == Mode::Vote => self.vote(by, choice, turn),
            Action::Choose { choice, .. } => self.take(Some(by), &choice, turn),
            Action::Roll { choice, .. } => self.roll(by, choice.as_deref(), turn),
            Action::Remark { text } => self.remark(by, &text, turn),
            Action::Introduce { name } => self.introduce(by, &name, turn),
            Action::UseItem { item } => self.use_up(by, item, turn),
            Action::DropItem { item, quantity } => self.throw_away(by, item, quantity.unwrap_or(1), turn),
            Action::NarrateAgain => self.narrate_again(by, turn),
            Action::Restart => self.restart(by, turn),
            Action::Stop => self.stop(by, turn),
        }
    }

    /// Somebody, or a vote, takes a choice without dice.
    pub(crate) fn take(&mut self, seat: Option<Seat>, id: &str, turn: &mut Turn<Self>) {
        let Some((choice, to)) = self.here().choice(id).and_then(|choice| Some((choice, choice.target?))) else { return };
        let (section, step) = (self.section, self.step);
        turn.tell(Event::Chosen { seat, section, step, choice: choice.id.clone(), text: choice.text.clone() });
        let details = Details { seat, ..chosen(choice) };
        self.note(turn.now_ms(), ActionType::UserInput, details);
        self.go(self.deed_of(seat, choice, to, None), turn);
    }

    fn roll(&mut self, by: Seat, id: Option<&str>, turn: &mut Turn<Self>) {
        let Ok(choice) = self.table(id) else { return };
        let Some(kind) = choice.dice else { return };
        let dice = [turn.dice().roll(6), turn.dice().roll(6)];
        let total = dice[0] + dice[1];
        let target = choice.result(total).expect("a proofread table leads somewhere with every total");
        let (section, step, id) = (self.section, self.step, choice.id.clone());
        turn.tell(Event::Rolled { seat: by, section, step, choice: id, kind, dice, total, target });
        let rolled =
            Details { seat: Some(by), roll_result: Some(total), dice: Some(dice), dice_type: Some(kind), ..chosen(choice) };
        self.note(turn.now_ms(), ActionType::DiceRoll, rolled);
        self.go(self.deed_of(Some(by), choice, target, Some(Roll { kind, dice, total })), turn);
    }

    fn deed_of(&self, seat: Option<Seat>, choice: &Choice, to: u32, roll: Option<Roll>) -> Deed {
        Deed { seat, choice: Some(choice.id.clone()), text: choice.text.clone(), from: self.section, to, roll }
    }

    /// The story goes on, and what waits there happens. Whoever has no endurance left then falls.
    fn go(&mut self, deed: Deed, turn: &mut Turn<Self>) {
        let (book, by) = (Book::own(), deed.seat);
        self.forget_votes(turn);
        let mut changes = self.arrive(deed.to, turn);
        self.deed = Some(deed);
        if self.has_fallen() {
            changes.extend(self.arrive(book.fallen, turn));
        }
        if let Some(outcome) = self.here().ending {
            self.ended = true;
            let (section, step, title) = (self.section, self.step, self.here().title.clone());
            self.note(turn.now_ms(), ActionType::Ending, Details { input: Some(title.clone()), ..Details::default() });
            turn.tell(Event::Ended { section, step, title, outcome });
        }
        self.pass_turn(by, turn);
        self.narrate(changes, turn);
    }

    fn has_fallen(&self) -> bool {
        self.hero.stats.endurance == 0 && self.here().ending.is_none()
    }

    fn arrive(&mut self, to: u32, turn: &mut Turn<Self>) -> Vec<Change> {
        let from = self.section;
        (self.section, self.step) = (to, self.step.saturating_add(1));
        let (step, section) = (self.step, self.here());
        turn.tell(Event::SectionChanged { from, to, step, title: section.title.clone() });
        self.note(turn.now_ms(), ActionType::SectionChange, Details { from: Some(from), to: Some(to), ..Details::default() });
        let changes = self.hero.undergo(&section.effects);
        self.tell_changes(None, &changes, turn);
        changes
    }

    fn tell_changes(&mut self, seat: Option<Seat>, changes: &[Change], turn: &mut Turn<Self>) {
        if changes.is_empty() {
            return;
        }
        let changes = changes.to_vec();
        turn.tell(Event::CharacterUpdated { section: self.section, step: self.step, changes: changes.clone() });
        self.note(turn.now_ms(), ActionType::CharacterUpdate, Details { seat, changes, ..Details::default() });
    }

    fn remark(&mut self, seat: Seat, text: &str, turn: &mut Turn<Self>) {
        let Ok(text) = plain(text, REMARK_CHARS) else { return };
        let name = self.member(seat).map(|member| member.name.clone()).unwrap_or_default();
        if self.remarks.len() >= REMARKS {
            self.remarks.pop_front();
        }
        let (step, at_ms) = (self.step, turn.now_ms());
        self.remarks.push_back(Remark { seat, name: name.clone(), text: text.clone(), step, at_ms });
        // Not what was said: the trace is longer than the list of remarks, and holds no words of strangers.
        self.note(at_ms, ActionType::UserInput, did(seat, "remark".to_owned()));
        turn.tell(Event::Remarked { seat, name, text });
    }

    fn introduce(&mut self, seat: Seat, name: &str, turn: &mut Turn<Self>) {
        let Ok(name) = plain(name, NAME_CHARS) else { return };
        if let Some(member) = self.members.iter_mut().find(|member| member.seat == seat) {
            member.name.clone_from(&name);
        }
        turn.tell(Event::Introduced { seat, name });
    }

    fn use_up(&mut self, seat: Seat, item: String, turn: &mut Turn<Self>) {
        let effects = Book::own().item(&item).map(|print| print.effects.as_slice()).unwrap_or_default();
        let used = Effect::Item(item.clone(), -1);
        self.note(turn.now_ms(), ActionType::UserInput, did(seat, format!("use {item}")));
        turn.tell(Event::ItemUsed { seat, item });
        let changes = self.hero.undergo([&used].into_iter().chain(effects));
        self.is_changed(seat, &changes, turn);
    }

    fn throw_away(&mut self, seat: Seat, item: String, quantity: u32, turn: &mut Turn<Self>) {
        let gone = i32::try_from(quantity).map_or(i32::MIN, |quantity| -quantity);
        self.note(turn.now_ms(), ActionType::UserInput, did(seat, format!("drop {quantity} {item}")));
        turn.tell(Event::ItemDropped { seat, item: item.clone(), quantity });
        let changes = self.hero.undergo(&[Effect::Item(item, gone)]);
        self.is_changed(seat, &changes, turn);
    }

    /// The hero is not who they were: a choice somebody voted for may be closed now.
    fn is_changed(&mut self, seat: Seat, changes: &[Change], turn: &mut Turn<Self>) {
        self.tell_changes(Some(seat), changes, turn);
        if self.has_fallen() {
            let (from, to) = (self.section, Book::own().fallen);
            self.go(
                Deed { seat: Some(seat), choice: None, text: "No endurance is left.".to_owned(), from, to, roll: None },
                turn,
            );
        } else {
            self.recount(turn);
        }
    }

    fn restart(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.ended = false;
        self.hero = Hero::new(self.hero.name.clone());
        self.note(turn.now_ms(), ActionType::Restart, did(seat, "restart".to_owned()));
        turn.tell(Event::Restarted { seat, step: self.step.saturating_add(1) });
        let text = "The story begins anew.".to_owned();
        self.go(Deed { seat: Some(seat), choice: None, text, from: self.section, to: 1, roll: None }, turn);
    }

    pub(crate) fn stop(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.stopped = true;
        self.narrative.open = false;
        self.forget_votes(turn);
        turn.tell(Event::Stopped { seat });
        turn.close(if self.ended { "ended" } else { "stopped" });
    }
}

fn chosen(choice: &Choice) -> Details {
    Details { input: Some(choice.text.clone()), choice: Some(choice.id.clone()), ..Details::default() }
}

fn did(seat: Seat, input: String) -> Details {
    Details { seat: Some(seat), input: Some(input), ..Details::default() }
}
