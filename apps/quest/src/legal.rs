//! What a seat may do now, for bots, hints and tests: what moves the story, and what does the hero good. What is said, and what
//! ends or restarts the story, is nobody's to propose.

use crate::action::Action;
use crate::book::Book;
use crate::limits::STAT_START;
use crate::state::Quest;
use parlour_room::Seat;

impl Quest {
    pub(crate) fn legal_actions(&self, by: Seat) -> Vec<Action> {
        let (section, step) = (self.section, Some(self.step));
        let by_dice = self.here().is_decided_by_dice();
        let choices = self.here().choices.iter().map(|choice| {
            let choice = choice.id.clone();
            if by_dice { Action::Roll { section, step, choice: Some(choice) } } else { Action::Choose { section, step, choice } }
        });
        let is_weak = self.hero.stats.endurance < STAT_START;
        let works = |item: &&String| Book::own().item(item).is_some_and(|print| !print.effects.is_empty());
        let uses = self.hero.things.keys().filter(works).filter(|_| is_weak).map(|item| Action::UseItem { item: item.clone() });
        let all = choices.chain(uses);
        all.filter(|action| self.member(by).is_some() && self.check_action(by, action).is_ok()).collect()
    }
}
