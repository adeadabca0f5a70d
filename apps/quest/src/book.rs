//! What is in a gamebook: sections, the choices in them, and the things that can be carried. The book itself is text
//! (`story/*.txt`), read by `read.rs` and held against every rule of books by `proofread.rs`.

mod proofread;
mod read;

pub use proofread::{Fault as BookFault, proofread};
pub use read::{Misread, read};

use crate::hero::{Hero, Stat};
use parlour_room::{Hash64, wire};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The parts of the book that comes with this app, in reading order.
const STORY: [&str; 4] = [
    include_str!("../story/1-saltmere.txt"),
    include_str!("../story/2-the-fen.txt"),
    include_str!("../story/3-the-tower.txt"),
    include_str!("../story/4-endings.txt"),
];

/// A whole gamebook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Its title.
    pub title: String,
    /// Every thing that can be carried.
    pub items: BTreeMap<String, Print>,
    /// The ending of whoever has no endurance left.
    pub fallen: u32,
    /// The sections, by number; the story begins in the first.
    pub sections: BTreeMap<u32, Section>,
}

/// A thing as the book describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    /// What it looks like.
    pub description: String,
    /// What using one up does.
    pub effects: Vec<Effect>,
}

/// One section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// Its own text; paragraphs are separated by line breaks.
    pub text: String,
    /// What happens to whoever comes here.
    pub effects: Vec<Effect>,
    /// Where one can go from here.
    pub choices: Vec<Choice>,
    /// How the story ends here, if it does.
    pub ending: Option<Outcome>,
}

/// One choice, as it was written down; whether its parts fit together, `proofread` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name within the section.
    pub id: String,
    /// What it says.
    pub text: String,
    /// Of which type it is.
    pub sort: Sort,
    /// Where it leads without dice.
    pub target: Option<u32>,
    /// What must be true for it to be open: all of it.
    pub conditions: Vec<Condition>,
    /// What is rolled for.
    pub dice: Option<DiceKind>,
    /// Where each total leads.
    pub results: Vec<Span>,
}

/// The totals from one to another, and where they lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The lowest.
    pub from: u32,
    /// The highest.
    pub to: u32,
    /// The section.
    pub target: u32,
}

/// The types of choices.
#[derive(Copy)]
#[wire]
pub enum Sort {
    /// Open to everybody.
    Direct,
    /// Open to whoever meets its conditions.
    Conditional,
    /// Decided by dice.
    Dice,
    /// Dice, for whoever meets its conditions.
    Mixed,
}

/// What dice are rolled for.
#[derive(Copy)]
#[wire]
pub enum DiceKind {
    /// Luck.
    Chance,
    /// A fight.
    Combat,
}

/// How a story ends.
#[derive(Copy)]
#[wire]
pub enum Outcome {
    /// Well.
    Victory,
    /// Neither well nor badly.
    Bittersweet,
    /// Badly.
    Defeat,
}

/// What happens to a hero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A stat goes up or down.
    Stat(Stat, i32),
    /// Gold comes or goes.
    Gold(i32),
    /// Things come or go.
    Item(String, i32),
    /// Something is remembered, or forgotten.
    Flag(String, bool),
}

/// What can be asked of a hero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// They carry one of these, or (`false`) none.
    Item(String, bool),
    /// This is remembered of them, or (`false`) not.
    Flag(String, bool),
    /// They have at least so much gold.
    Gold(u32),
    /// A stat is at least so high.
    AtLeast(Stat, u32),
    /// A stat is lower than this.
    Below(Stat, u32),
}

impl Book {
    /// The book that comes with this app.
    pub fn own() -> &'static Self {
        static BOOK: LazyLock<Book> = LazyLock::new(|| {
            let book = read(&STORY.join("\n")).expect("a test reads the book");
            assert!(proofread(&book).is_empty(), "a test proofreads the book");
            book
        });
        &BOOK
    }

    /// A hash of the book that comes with this app: a story is played on with this one or not at all.
    pub(crate) fn hash() -> Hash64 {
        Hash64::of(STORY.join("\n").as_bytes())
    }

    /// A section that is there: every number in a proofread book, and in a sound state, is.
    pub(crate) fn section(&self, number: u32) -> &Section {
        self.sections.get(&number).expect("sections are looked up by numbers that were checked")
    }

    pub(crate) fn item(&self, name: &str) -> Option<&Print> {
        self.items.get(name)
    }
}

impl Section {
    /// Whether dice decide here: then every choice is one of them.
    pub fn is_decided_by_dice(&self) -> bool {
        self.choices.iter().any(|choice| choice.dice.is_some())
    }

    pub(crate) fn choice(&self, id: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.id == id)
    }
}

impl Choice {
    pub(crate) fn is_open(&self, hero: &Hero) -> bool {
        self.conditions.iter().all(|condition| condition.holds(hero))
    }

    /// Where this total leads.
    pub(crate) fn result(&self, total: u32) -> Option<u32> {
        self.results.iter().find(|span| (span.from..=span.to).contains(&total)).map(|span| span.target)
    }

    /// Every section it can lead to.
    pub(crate) fn targets(&self) -> impl Iterator<Item = u32> {
        self.target.into_iter().chain(self.results.iter().map(|span| span.target))
    }
}

impl Condition {
    fn holds(&self, hero: &Hero) -> bool {
        match self {
            Condition::Item(name, wanted) => (hero.has(name) > 0) == *wanted,
            Condition::Flag(name, wanted) => hero.flags.contains(name) == *wanted,
            Condition::Gold(least) => hero.gold >= *least,
            Condition::AtLeast(stat, least) => hero.stats.of(*stat) >= *least,
            Condition::Below(stat, bound) => hero.stats.of(*stat) < *bound,
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let not = |wanted: &bool| if *wanted { "" } else { "!" };
        match self {
            Condition::Item(name, wanted) => write!(f, "{}item:{name}", not(wanted)),
            Condition::Flag(name, wanted) => write!(f, "{}flag:{name}", not(wanted)),
            Condition::Gold(least) => write!(f, "gold>={least}"),
            Condition::AtLeast(stat, least) => write!(f, "{}>={least}", stat.word()),
            Condition::Below(stat, bound) => write!(f, "{}<{bound}", stat.word()),
        }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}-{}", self.from, self.to) }
    }
}
