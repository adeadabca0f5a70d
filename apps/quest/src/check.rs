//! What is legal.

use crate::action::Action;
use crate::book::{Book, Choice};
use crate::config::Mode;
use crate::limits::{NAME_CHARS, NARRATIONS, REMARK_CHARS};
use crate::refusal::Refusal;
use crate::state::Quest;
use crate::text::plain;
use parlour_room::Seat;

impl Quest {
    pub(crate) fn check_action(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::Choose { section, step, choice } => {
                self.check_current(*section, *step)?;
                self.check_goes_on()?;
                self.check_turn(by)?;
                if self.here().is_decided_by_dice() {
                    return Err(Refusal::RollNeeded);
                }
                self.open_choice(choice)?;
                let is_repeat = self.votes.iter().any(|vote| vote.seat == by && vote.choice == *choice);
                if self.mode() == Mode::Vote && is_repeat { Err(Refusal::AlreadyVoted) } else { Ok(()) }
            }
            Action::Roll { section, step, choice } => {
                self.check_current(*section, *step)?;
                self.check_goes_on()?;
                self.check_turn(by)?;
                if !self.here().is_decided_by_dice() {
                    return Err(Refusal::ChoiceNeeded);
                }
                self.table(choice.as_deref()).map(|_| ())
            }
            Action::Remark { text } => plain(text, REMARK_CHARS).map(|_| ()),
            Action::Introduce { name } => plain(name, NAME_CHARS).map(|_| ()),
            Action::UseItem { item } => self.check_use(by, item),
            Action::DropItem { item, quantity } => self.check_drop(by, item, quantity.unwrap_or(1)),
            Action::NarrateAgain => self.check_narrate_again(),
            Action::Restart | Action::Stop => match self.leader() {
                Some(leader) if leader != by => Err(Refusal::LeaderOnly { leader }),
                _ => Ok(()),
            },
        }
    }

    fn check_current(&self, section: u32, step: Option<u32>) -> Result<(), Refusal> {
        let is_current = section == self.section && step.is_none_or(|step| step == self.step);
        if is_current { Ok(()) } else { Err(Refusal::StaleSection { section: self.section, step: self.step }) }
    }

    fn check_goes_on(&self) -> Result<(), Refusal> {
        if self.ended { Err(Refusal::GameOver) } else { Ok(()) }
    }

    fn check_turn(&self, by: Seat) -> Result<(), Refusal> {
        match self.turn {
            Some(seat) if seat != by => Err(Refusal::NotYourTurn { seat }),
            _ => Ok(()),
        }
    }

    fn open_choice(&self, id: &str) -> Result<&'static Choice, Refusal> {
        let choice = self.here().choice(id).ok_or(Refusal::NoSuchChoice)?;
        if choice.is_open(&self.hero) { Ok(choice) } else { Err(Refusal::ChoiceClosed) }
    }

    /// The table to roll by: the one that is named, or the first one open.
    pub(crate) fn table(&self, id: Option<&str>) -> Result<&'static Choice, Refusal> {
        match id {
            Some(id) => self.open_choice(id),
            None => self.here().choices.iter().find(|choice| choice.is_open(&self.hero)).ok_or(Refusal::ChoiceClosed),
        }
    }

    fn check_use(&self, by: Seat, item: &str) -> Result<(), Refusal> {
        self.check_goes_on()?;
        self.check_turn(by)?;
        if self.hero.has(item) == 0 {
            return Err(Refusal::NoSuchItem);
        }
        let works = Book::own().item(item).is_some_and(|print| !print.effects.is_empty());
        if works { Ok(()) } else { Err(Refusal::NoEffect) }
    }

    fn check_drop(&self, by: Seat, item: &str, quantity: u32) -> Result<(), Refusal> {
        self.check_goes_on()?;
        self.check_turn(by)?;
        match self.hero.has(item) {
            0 => Err(Refusal::NoSuchItem),
            has if quantity == 0 || quantity > has => Err(Refusal::NotSoMany { quantity: has }),
            _ => Ok(()),
        }
    }

    fn check_narrate_again(&self) -> Result<(), Refusal> {
        let narrative = &self.narrative;
        match () {
            () if !self.rules.narrated => Err(Refusal::NoNarrator),
            () if narrative.open => Err(Refusal::Narrating),
            () if narrative.told.is_some() => Err(Refusal::AlreadyNarrated),
            () if narrative.again >= NARRATIONS => Err(Refusal::NarrationLimit),
            () => Ok(()),
        }
    }
}
