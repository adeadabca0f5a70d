//! What must be true of every state.

use crate::book::Book;
use crate::config::Mode;
use crate::hero::Stat;
use crate::limits::{CAPACITY, GOLD_MAX, HISTORY, NAME_CHARS, NARRATIVE_CHARS, REMARK_CHARS, REMARKS, SEATS, STAT_MAX};
use crate::state::Quest;
use crate::text::is_too_long;

impl Quest {
    pub(crate) fn is_sound(&self) -> Result<(), String> {
        let book = Book::own();
        let Some(section) = book.sections.get(&self.section) else { return Err("there is no such section".to_owned()) };
        ensure(self.ended == section.ending.is_some(), "the story has ended, and its section is no ending, or the reverse")?;
        ensure(self.ended || self.hero.stats.endurance > 0, "nobody goes on without endurance")?;
        self.hero_is_sound(book)?;
        self.party_is_sound()?;
        ensure(self.history.len() <= HISTORY, "the trace is too long")?;
        ensure(self.remarks.len() <= REMARKS, "too many remarks are kept")?;
        let is_short = |name: &str| !is_too_long(name, NAME_CHARS);
        ensure(self.members.iter().all(|member| is_short(&member.name)), "a member's name is too long")?;
        let fits = self.remarks.iter().all(|remark| is_short(&remark.name) && !is_too_long(&remark.text, REMARK_CHARS));
        ensure(fits, "a remark is too long")?;
        let told = self.narrative.told.as_ref().map_or(0, |told| told.chars().count());
        ensure(told <= NARRATIVE_CHARS, "the narrative is too long")?;
        ensure(self.history.iter().all(|entry| book.sections.contains_key(&entry.section)), "the trace names no section")
    }

    fn hero_is_sound(&self, book: &Book) -> Result<(), String> {
        let hero = &self.hero;
        ensure(Stat::ALL.iter().all(|stat| hero.stats.of(*stat) <= STAT_MAX), "a stat is too high")?;
        ensure(hero.load() <= CAPACITY, "the inventory is too full")?;
        ensure(hero.gold <= GOLD_MAX, "there is too much gold")?;
        ensure(hero.things.values().all(|quantity| *quantity > 0), "nothing is carried")?;
        ensure(hero.things.keys().all(|thing| book.items.contains_key(thing)), "a thing is carried that is not in the book")?;
        ensure(!hero.name.is_empty() && !is_too_long(&hero.name, NAME_CHARS), "the hero's name is none")
    }

    fn party_is_sound(&self) -> Result<(), String> {
        let members = &self.members;
        ensure(members.len() <= SEATS as usize, "the party is too large")?;
        ensure(members.windows(2).all(|pair| pair[0].seat < pair[1].seat), "the members are not in order")?;
        ensure(self.turn.is_none_or(|seat| self.member(seat).is_some()), "it is nobody's turn")?;
        ensure(self.turn.is_none() || self.mode() == Mode::Turns, "there are no turns in this party")?;
        ensure(self.votes.is_empty() || self.mode() == Mode::Vote, "there are no votes in this party")?;
        ensure(self.votes.iter().all(|vote| self.member(vote.seat).is_some()), "somebody votes who is not there")?;
        let is_open = |id: &str| self.here().choice(id).is_some_and(|choice| choice.is_open(&self.hero));
        ensure(self.votes.iter().all(|vote| is_open(&vote.choice)), "a vote is for a closed choice")?;
        ensure(self.vote_closes_ms.is_some() != self.votes.is_empty(), "votes wait without a clock, or a clock without votes")
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
