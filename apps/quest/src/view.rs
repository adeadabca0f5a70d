//! What everybody sees: players and spectators the same.

use crate::book::{Book, Choice, DiceKind, Outcome, Sort};
use crate::config::Mode;
use crate::hero::Character;
use crate::narrator::Fault;
use crate::state::{Member, Quest, Remark, Vote};
use crate::trace::{Deed, Entry};
use parlour_room::{Seat, wire};
use std::collections::BTreeMap;

/// A quest as everybody sees it.
#[wire]
pub struct View {
    /// The book's title.
    pub book: String,
    /// Counts the changes of section.
    pub step: u32,
    /// Where the story is.
    pub section: SectionView,
    /// What is told of it.
    pub narrative: NarrativeView,
    /// How it goes on from here.
    pub rules: RulesView,
    /// What is waited for, and what was decided last.
    pub decision: Decision,
    /// The hero, one for the whole party.
    pub character: Character,
    /// Who plays.
    pub party: Party,
    /// What has happened.
    pub trace: Trace,
    /// Whether the story has ended, or the game was stopped.
    pub over: bool,
    /// Whether it was stopped.
    pub stopped: bool,
    /// How the story ended.
    pub ending: Option<Ending>,
}

/// Where a story is.
#[wire]
pub struct SectionView {
    /// The number, from 1.
    pub number: u32,
    /// The title.
    pub title: String,
}

/// What is told of a section.
#[wire]
pub struct NarrativeView {
    /// Whose number this is.
    pub section: u32,
    /// The text to read.
    pub content: String,
    /// Whose words they are.
    pub source: Source,
    /// Why the narrator has no words, where `source` is `error`.
    pub error: Option<NarrativeError>,
    /// Whether the narrator is at it.
    pub narrating: bool,
    /// When it last changed, in room time.
    pub at_ms: u64,
}

/// Whose words a narrative is.
#[derive(Copy)]
#[wire]
pub enum Source {
    /// The book's.
    Raw,
    /// The narrator's.
    Processed,
    /// The book's, because the narrator failed.
    Error,
}

/// Why there are no words of the narrator.
#[wire]
pub struct NarrativeError {
    /// For programs.
    pub code: Fault,
    /// For people.
    pub message: String,
}

/// How the story goes on.
#[wire]
pub struct RulesView {
    /// Whose rules these are.
    pub section: u32,
    /// Whether dice decide.
    pub needs_dice: bool,
    /// What they are rolled for.
    pub dice: DiceView,
    /// Whether somebody must choose.
    pub needs_response: bool,
    /// What comes next; nothing after an ending.
    pub next_action: Option<NextAction>,
    /// Every condition of the choices, once.
    pub conditions: Vec<String>,
    /// The choices, in the book's order.
    pub choices: Vec<ChoiceView>,
    /// The same in a sentence.
    pub summary: String,
}

/// What dice are rolled for, if any.
#[derive(Copy)]
#[wire]
#[allow(missing_docs, reason = "said at `DiceKind`")]
pub enum DiceView {
    None,
    Chance,
    Combat,
}

/// What moves the story on.
#[derive(Copy)]
#[wire]
pub enum NextAction {
    /// `choose`.
    Choice,
    /// `roll`.
    Dice,
}

/// A choice as everybody sees it.
#[wire]
pub struct ChoiceView {
    /// Its name within the section.
    pub id: String,
    /// What it says.
    pub text: String,
    /// Of which type it is.
    #[serde(rename = "type")]
    pub sort: Sort,
    /// Where it leads, where no dice decide.
    pub target: Option<u32>,
    /// What must be true for it: `item:NAME`, `flag:NAME`, either with `!` before it, `gold>=N`, `STAT>=N`, `STAT<N`.
    pub conditions: Vec<String>,
    /// What is rolled for, if anything.
    pub dice: Option<DiceKind>,
    /// Where each total of two dice leads: `2-6` or `7` to a section.
    pub results: BTreeMap<String, u32>,
    /// Whether it may be taken now.
    pub open: bool,
}

/// What is waited for.
#[wire]
pub struct Decision {
    /// The section it is about.
    pub section: u32,
    /// What must come.
    pub awaiting: Awaiting,
    /// How the story came here; nothing in the beginning.
    pub last: Option<Deed>,
}

/// What a story waits for.
#[derive(Copy)]
#[wire]
pub enum Awaiting {
    /// `choose`.
    UserInput,
    /// `roll`.
    DiceRoll,
    /// It has ended.
    Nothing,
}

/// Who plays.
#[wire]
pub struct Party {
    /// Who decides.
    pub mode: Mode,
    /// How many may play.
    pub seats: u32,
    /// Who does, in the order of their seats.
    pub members: Vec<Member>,
    /// Who may restart and stop.
    pub leader: Option<Seat>,
    /// Whose turn it is; nobody's: whoever acts first.
    pub turn: Option<Seat>,
    /// When anybody may act in their place, in room time.
    pub turn_opens_ms: Option<u64>,
    /// The votes given in this step.
    pub votes: Vec<Vote>,
    /// When they are counted at the latest, in room time.
    pub vote_closes_ms: Option<u64>,
    /// What was said last.
    pub remarks: Vec<Remark>,
}

/// What has happened.
#[wire]
pub struct Trace {
    /// The current section.
    pub section: u32,
    /// The last 200 entries, oldest first.
    pub history: Vec<Entry>,
}

/// How a story ended.
#[wire]
pub struct Ending {
    /// In which section.
    pub section: u32,
    /// Its title.
    pub title: String,
    /// How.
    pub outcome: Outcome,
}

impl Quest {
    pub(crate) fn shown(&self) -> View {
        let (book, section) = (Book::own(), self.here());
        let ending = section.ending.filter(|_| self.ended);
        View {
            book: book.title.clone(),
            step: self.step,
            section: SectionView { number: self.section, title: section.title.clone() },
            narrative: self.narrative_shown(),
            rules: self.rules_shown(),
            decision: Decision { section: self.section, awaiting: self.awaiting(), last: self.deed.clone() },
            character: self.hero.shown(book),
            party: self.party_shown(),
            trace: Trace { section: self.section, history: self.history.iter().cloned().collect() },
            over: self.ended || self.stopped,
            stopped: self.stopped,
            ending: ending.map(|outcome| Ending { section: self.section, title: section.title.clone(), outcome }),
        }
    }

    fn narrative_shown(&self) -> NarrativeView {
        let narrative = &self.narrative;
        let source = match (&narrative.told, narrative.fault) {
            (Some(_), _) => Source::Processed,
            (None, Some(_)) => Source::Error,
            (None, None) => Source::Raw,
        };
        let error = narrative.fault.map(|code| NarrativeError { code, message: code.message().to_owned() });
        let content = narrative.told.clone().unwrap_or_else(|| self.here().text.clone());
        let (section, narrating, at_ms) = (self.section, narrative.open, narrative.at_ms);
        NarrativeView { section, content, source, error, narrating, at_ms }
    }

    fn rules_shown(&self) -> RulesView {
        let section = self.here();
        let mut conditions: Vec<String> = Vec::new();
        for condition in section.choices.iter().flat_map(|choice| &choice.conditions).map(ToString::to_string) {
            if !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        let awaiting = self.awaiting();
        let dice = match section.choices.iter().find_map(|choice| choice.dice) {
            None => DiceView::None,
            Some(DiceKind::Chance) => DiceView::Chance,
            Some(DiceKind::Combat) => DiceView::Combat,
        };
        RulesView {
            section: self.section,
            needs_dice: section.is_decided_by_dice(),
            dice,
            needs_response: awaiting == Awaiting::UserInput,
            next_action: match awaiting {
                Awaiting::UserInput => Some(NextAction::Choice),
                Awaiting::DiceRoll => Some(NextAction::Dice),
                Awaiting::Nothing => None,
            },
            conditions,
            choices: section.choices.iter().map(|choice| self.choice_shown(choice)).collect(),
            summary: self.summary(),
        }
    }

    fn choice_shown(&self, choice: &Choice) -> ChoiceView {
        ChoiceView {
            id: choice.id.clone(),
            text: choice.text.clone(),
            sort: choice.sort,
            target: choice.target,
            conditions: choice.conditions.iter().map(ToString::to_string).collect(),
            dice: choice.dice,
            results: choice.results.iter().map(|span| (span.to_string(), span.target)).collect(),
            open: self.awaiting() != Awaiting::Nothing && choice.is_open(&self.hero),
        }
    }

    fn summary(&self) -> String {
        let choices = &self.here().choices;
        let open = choices.iter().filter(|choice| choice.is_open(&self.hero)).count();
        match self.awaiting() {
            Awaiting::Nothing => "The story has ended.".to_owned(),
            Awaiting::UserInput => format!("Choose one of {open} open ways; the section has {}.", choices.len()),
            Awaiting::DiceRoll => {
                format!("Two dice decide, by one of {open} open tables.").replace("one of 1 open tables", "one table")
            }
        }
    }

    pub(crate) fn awaiting(&self) -> Awaiting {
        if self.ended || self.stopped {
            Awaiting::Nothing
        } else if self.here().is_decided_by_dice() {
            Awaiting::DiceRoll
        } else {
            Awaiting::UserInput
        }
    }

    fn party_shown(&self) -> Party {
        Party {
            mode: self.mode(),
            seats: self.rules.seat_count(),
            members: self.members.clone(),
            leader: self.leader(),
            turn: self.turn,
            turn_opens_ms: self.turn_opens_ms,
            votes: self.votes.clone(),
            vote_closes_ms: self.vote_closes_ms,
            remarks: self.remarks.iter().cloned().collect(),
        }
    }
}
