//! Asking the narrator, and hearing what it says: words for one step, and nothing else.

use crate::event::Event;
use crate::hero::Change;
use crate::limits::{NARRATIVE_CHARS, REMARKS_TOLD, TOKENS_MAX};
use crate::narrator::{Fault, Said, Telling};
use crate::state::{Narrative, Quest};
use crate::text::paragraphs;
use crate::trace::{ActionType, Details};
use parlour_room::{Seat, Turn};

/// The job's name: a new one takes the place of one that is still open.
const NARRATOR: &str = "narrator";

impl Quest {
    /// Asks the narrator for the step that has just begun.
    pub(crate) fn narrate(&mut self, changes: Vec<Change>, turn: &mut Turn<Self>) {
        self.narrative = Narrative::new(turn.now_ms());
        if self.rules.narrated {
            self.ask(changes, turn);
        }
    }

    pub(crate) fn narrate_again(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let narrative = &mut self.narrative;
        (narrative.fault, narrative.at_ms) = (None, turn.now_ms());
        narrative.again = narrative.again.saturating_add(1);
        turn.tell(Event::NarrationAsked { seat, section: self.section, step: self.step });
        self.ask(Vec::new(), turn);
    }

    fn ask(&mut self, changes: Vec<Change>, turn: &mut Turn<Self>) {
        self.narrative.open = true;
        let section = self.here();
        let remarks = self.remarks.iter().skip(self.remarks.len().saturating_sub(REMARKS_TOLD));
        let telling = Telling {
            step: self.step,
            section: self.section,
            title: section.title.clone(),
            text: section.text.clone(),
            deed: self.deed.clone(),
            changes,
            hero: self.hero.name.clone(),
            names: self.members.iter().map(|member| member.name.clone()).collect(),
            remarks: remarks.map(|remark| Said { name: remark.name.clone(), text: remark.text.clone() }).collect(),
            asked_before: self.narrative.again,
            tokens_spent: self.tokens,
        };
        turn.start(NARRATOR, telling);
    }

    pub(crate) fn told(&mut self, step: u32, section: u32, content: &str, tokens: u32, turn: &mut Turn<Self>) {
        if !self.is_asked(step, section, tokens) {
            return;
        }
        let content = paragraphs(content, NARRATIVE_CHARS);
        if content.is_empty() {
            return self.fail(Fault::Empty, turn);
        }
        let at_ms = turn.now_ms();
        self.narrative = Narrative { told: Some(content.clone()), fault: None, open: false, again: self.narrative.again, at_ms };
        self.note(at_ms, ActionType::Narration, Details { input: Some("processed".to_owned()), ..Details::default() });
        turn.tell(Event::Narrated { section, step, content });
    }

    pub(crate) fn untold(&mut self, step: u32, section: u32, fault: Fault, tokens: u32, turn: &mut Turn<Self>) {
        if self.is_asked(step, section, tokens) {
            self.fail(fault, turn);
        }
    }

    /// Whether the narrator's answer is to what it is asked now. Its tokens are spent in any case.
    fn is_asked(&mut self, step: u32, section: u32, tokens: u32) -> bool {
        self.tokens = self.tokens.saturating_add(tokens).min(TOKENS_MAX);
        self.narrative.open && (step, section) == (self.step, self.section)
    }

    fn fail(&mut self, fault: Fault, turn: &mut Turn<Self>) {
        let at_ms = turn.now_ms();
        self.narrative = Narrative { told: None, fault: Some(fault), open: false, again: self.narrative.again, at_ms };
        let message = fault.message().to_owned();
        self.note(at_ms, ActionType::Narration, Details { input: Some(message.clone()), ..Details::default() });
        turn.tell(Event::NarrationFailed { section: self.section, step: self.step, error: fault, message });
    }
}
