//! How several decide: by votes, or in turns. Nobody who is away, or takes too long, keeps the others waiting.

use crate::config::Mode;
use crate::event::Event;
use crate::narrator::Signal;
use crate::state::{Member, Quest, Vote};
use crate::trace::{ActionType, Details};
use crate::view::Awaiting;
use parlour_room::{Seat, Turn};
use std::collections::BTreeMap;
use std::time::Duration;

/// The clock of a vote, or of a turn.
const CLOCK: &str = "party";

impl Quest {
    pub(crate) fn came(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        let name = format!("Traveller {}", seat.0.saturating_add(1));
        self.members.push(Member { seat, name, here: true });
        self.members.sort_by_key(|member| member.seat);
        if !self.begun {
            self.begun = true;
            self.turn = (self.mode() == Mode::Turns).then_some(seat);
            let title = self.here().title.clone();
            turn.tell(Event::Begun { section: self.section, step: self.step, title });
            self.note(turn.now_ms(), ActionType::SectionChange, Details { to: Some(self.section), ..Details::default() });
            self.narrate(Vec::new(), turn);
        }
        self.mind_turn(turn);
    }

    pub(crate) fn gone(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.members.retain(|member| member.seat != seat);
        self.votes.retain(|vote| vote.seat != seat);
        self.mind_turn(turn);
        self.recount(turn);
    }

    pub(crate) fn is_here(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        if let Some(member) = self.members.iter_mut().find(|member| member.seat == seat) {
            member.here = here;
        }
        self.mind_turn(turn);
        self.recount(turn);
    }

    pub(crate) fn hear(&mut self, signal: Signal, turn: &mut Turn<Self>) {
        match signal {
            Signal::VoteCloses { step } if step == self.step => {
                self.vote_closes_ms = None;
                self.count(true, turn);
            }
            Signal::TurnOpens { step } if step == self.step && self.turn.is_some() => {
                self.turn_opens_ms = None;
                self.turn = None;
                turn.tell(Event::TurnPassed { seat: None, step });
            }
            Signal::VoteCloses { .. } | Signal::TurnOpens { .. } => {}
            Signal::Told { step, section, content, tokens } => self.told(step, section, &content, tokens, turn),
            Signal::Untold { step, section, fault, tokens } => self.untold(step, section, fault, tokens, turn),
        }
    }

    pub(crate) fn vote(&mut self, seat: Seat, choice: String, turn: &mut Turn<Self>) {
        self.votes.retain(|vote| vote.seat != seat);
        self.votes.push(Vote { seat, choice: choice.clone() });
        let (section, step) = (self.section, self.step);
        let votes = u32::try_from(self.votes.len()).unwrap_or(u32::MAX);
        let input = self.here().choice(&choice).map(|choice| choice.text.clone());
        let voted = Details { seat: Some(seat), input, choice: Some(choice.clone()), ..Details::default() };
        self.note(turn.now_ms(), ActionType::UserInput, voted);
        turn.tell(Event::Voted { seat, section, step, choice, votes, of: self.electorate() });
        self.count(false, turn);
    }

    /// Those who are here, and those who have voted.
    fn electorate(&self) -> u32 {
        let counts = |member: &&Member| member.here || self.votes.iter().any(|vote| vote.seat == member.seat);
        u32::try_from(self.members.iter().filter(counts).count()).unwrap_or(u32::MAX)
    }

    /// Counts again after something else has changed: the party, or what is open.
    pub(crate) fn recount(&mut self, turn: &mut Turn<Self>) {
        let (section, hero) = (self.here(), &self.hero);
        self.votes.retain(|vote| section.choice(&vote.choice).is_some_and(|choice| choice.is_open(hero)));
        if self.votes.is_empty() && self.vote_closes_ms.take().is_some() {
            turn.stop_clock(CLOCK);
        }
        self.count(false, turn);
    }

    /// Decides if more than half agree, if all have voted, or if the time is over; otherwise the clock runs.
    fn count(&mut self, is_over: bool, turn: &mut Turn<Self>) {
        if self.votes.is_empty() {
            return;
        }
        let mut tally: BTreeMap<&str, u32> = BTreeMap::new();
        for vote in &self.votes {
            *tally.entry(&vote.choice).or_default() += 1;
        }
        let (given, electorate) = (tally.values().sum::<u32>(), self.electorate());
        let most = tally.values().copied().max().unwrap_or(0);
        if most.saturating_mul(2) <= electorate && given < electorate && !is_over {
            if self.vote_closes_ms.is_none() {
                let after = Duration::from_secs(u64::from(self.rules.vote_seconds));
                self.vote_closes_ms = Some(turn.now_ms().saturating_add(u64::from(self.rules.vote_seconds) * 1000));
                turn.clock(CLOCK, after, Signal::VoteCloses { step: self.step });
            }
            return;
        }
        let first: Vec<String> = tally.iter().filter(|(_, votes)| **votes == most).map(|(id, _)| (*id).to_owned()).collect();
        let Some(choice) = turn.dice().pick(&first).cloned() else { return };
        let tie = first.len() > 1;
        turn.tell(Event::VoteDecided { section: self.section, step: self.step, choice: choice.clone(), votes: most, tie });
        self.note(turn.now_ms(), ActionType::VoteDecided, Details { choice: Some(choice.clone()), ..Details::default() });
        self.take(None, &choice, turn);
    }

    /// The story goes on, or ends: what was voted and timed is over.
    pub(crate) fn forget_votes(&mut self, turn: &mut Turn<Self>) {
        self.votes.clear();
        if self.vote_closes_ms.take().is_some() | self.turn_opens_ms.take().is_some() {
            turn.stop_clock(CLOCK);
        }
    }

    /// After somebody moved the story: the next of those who are here.
    pub(crate) fn pass_turn(&mut self, after: Option<Seat>, turn: &mut Turn<Self>) {
        if self.mode() != Mode::Turns {
            return;
        }
        let before = self.turn;
        self.turn = if self.awaiting() == Awaiting::Nothing { None } else { after.and_then(|seat| self.next_here(seat)) };
        if self.turn != before {
            turn.tell(Event::TurnPassed { seat: self.turn, step: self.step });
        }
        self.mind_turn(turn);
    }

    fn next_here(&self, after: Seat) -> Option<Seat> {
        let here = || self.members.iter().filter(|member| member.here).map(|member| member.seat);
        here().find(|seat| *seat > after).or_else(|| here().next())
    }

    /// Whoever's turn it is may be away now, and there may be somebody who waits for them, or nobody any more.
    fn mind_turn(&mut self, turn: &mut Turn<Self>) {
        let Some(seat) = self.turn else { return };
        if !self.member(seat).is_some_and(|member| member.here) {
            self.turn = self.next_here(seat);
            turn.tell(Event::TurnPassed { seat: self.turn, step: self.step });
            if self.turn_opens_ms.take().is_some() {
                turn.stop_clock(CLOCK);
            }
        }
        let waits = self.turn.is_some() && self.members.iter().filter(|member| member.here).count() > 1;
        match self.turn_opens_ms {
            None if waits => {
                let seconds = u64::from(self.rules.turn_seconds);
                self.turn_opens_ms = Some(turn.now_ms().saturating_add(seconds * 1000));
                turn.clock(CLOCK, Duration::from_secs(seconds), Signal::TurnOpens { step: self.step });
            }
            Some(_) if !waits => {
                self.turn_opens_ms = None;
                turn.stop_clock(CLOCK);
            }
            _ => {}
        }
    }
}
