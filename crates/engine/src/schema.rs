//! Which kinds of rooms a server has, and whether each can be spoken on the wire at all: checked once, when it is registered.

use crate::dialect::native::{RESIGN, SYSTEM_TYPES};
use crate::standing::{Standing, StandingError, StandingRooms};
use parlour_room::{AnyKind, AnyRunner, Bots, KindOf, Room, Runner, RunnerOf, Version};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The kinds of rooms a server has, by name, who does their jobs, and who may sit in them besides people. Of each kind the newest
/// rules come first: they open new rooms; older ones go on with the rooms that were recorded under them.
#[derive(Clone, Default)]
pub struct Kinds {
    kinds: BTreeMap<&'static str, Vec<Arc<dyn AnyKind>>>,
    /// The types of their pulses.
    pulses: BTreeSet<(&'static str, String)>,
    /// The types of their actions, by any rules.
    actions: BTreeSet<(&'static str, String)>,
    runners: BTreeMap<&'static str, Arc<dyn AnyRunner>>,
    bots: Bots,
    standing: StandingRooms,
}

/// Why a kind cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindError {
    /// Its name is no name.
    Name(String),
    /// The same rules are there already.
    Twice(Version),
    /// Its actions, events or pulses are no enum tagged by `type` in snake_case.
    Untagged {
        /// The kind.
        kind: String,
        /// `Action`, `Event` or `Pulse`.
        what: &'static str,
        /// The variant, as far as it can be told.
        variant: String,
    },
    /// One name is a pulse, and an action or an event as well.
    Ambiguous {
        /// The kind.
        kind: String,
        /// The name.
        name: String,
    },
    /// Its refusals have no `code`.
    Codeless(String),
    /// It uses a type name of the protocol itself.
    Reserved {
        /// The kind.
        kind: String,
        /// The name.
        name: String,
    },
    /// It starts jobs, and nothing here runs them.
    Jobs(String),
}

impl std::fmt::Display for KindError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KindError::Name(name) => write!(f, "{name:?} is no kind's name: use 1 to 32 of a-z, 0-9 and _, a letter first"),
            KindError::Twice(version) => write!(f, "{version} are registered twice: raise RULES, or name the kind otherwise"),
            KindError::Untagged { kind, what, variant } => write!(
                f,
                "{what} of {kind:?} must be an enum with #[serde(tag = \"type\", rename_all = \"snake_case\")]; look at {variant}"
            ),
            KindError::Codeless(kind) => {
                write!(
                    f,
                    "Refusal of {kind:?} must carry a `code`: an enum with #[serde(tag = \"code\")], or parlour's `Refused`"
                )
            }
            KindError::Ambiguous { kind, name } => {
                write!(f, "{kind:?} has a pulse {name:?} and an action or event of that name: rename one")
            }
            KindError::Reserved { kind, name } => {
                write!(f, "{kind:?} uses {name:?}, which is a message type of the protocol: rename it")
            }
            KindError::Jobs(kind) => write!(f, "{kind:?} starts jobs, and nothing runs them: register a runner with `.jobs(..)`"),
        }
    }
}

impl std::error::Error for KindError {}

impl Kinds {
    /// No kinds.
    pub fn new() -> Self {
        Self::default()
    }

    /// These kinds and `R`.
    pub fn with<R: Room>(mut self) -> Result<Self, KindError> {
        let kind = KindOf::<R>::new();
        let pulses = check(&kind)?;
        self.pulses.extend(pulses.into_iter().map(|pulse| (kind.name(), pulse)));
        let actions = tags(kind.schemas().action.as_value());
        self.actions.extend(actions.into_iter().flatten().map(|action| (kind.name(), action)));
        let versions = self.kinds.entry(kind.name()).or_default();
        if versions.iter().any(|known| known.version() == kind.version()) {
            return Err(KindError::Twice(kind.version()));
        }
        versions.push(Arc::new(kind));
        versions.sort_by_key(|kind| std::cmp::Reverse(kind.rules())); // stable: of equal rules the first registered is the newest
        Ok(self)
    }

    /// With somebody who does the jobs of `R`.
    pub fn with_runner<R: Room>(mut self, runner: impl Runner<R>) -> Self {
        self.runners.insert(R::KIND, Arc::new(RunnerOf::<R, _>::new(runner)));
        self
    }

    /// With these bots.
    pub fn with_bots(mut self, add: impl FnOnce(&mut Bots)) -> Self {
        add(&mut self.bots);
        self
    }

    /// With rooms that stand open.
    pub fn with_standing(mut self, standing: StandingRooms) -> Result<Self, StandingError> {
        standing.check(&self)?;
        self.standing = standing;
        Ok(self)
    }

    /// What a room of this name is opened as when it is joined, if that stands open.
    pub fn standing(&self, name: &str) -> Option<&Standing> {
        self.standing.get(name)
    }

    /// Whether it is listed by its name: then nobody else opens it.
    pub fn is_listed(&self, name: &str) -> bool {
        self.standing.is_listed(name)
    }

    /// Who may sit in a room besides people.
    pub fn bots(&self) -> &Bots {
        &self.bots
    }

    /// All of them, if there is a runner for each that starts jobs, or will be: for the kinds of these names.
    pub fn complete_with(self, later: &[&str]) -> Result<Self, KindError> {
        let has_runner = |name: &str| self.runners.contains_key(name) || later.contains(&name);
        let has_none = |kind: &&Arc<dyn AnyKind>| kind.has_jobs() && !has_runner(kind.name());
        let lacking = self.kinds.values().flatten().find(has_none).map(|kind| kind.name().to_owned());
        lacking.map_or(Ok(self), |name| Err(KindError::Jobs(name)))
    }

    /// Who does the jobs of this kind.
    pub fn runner(&self, kind: &str) -> Option<&Arc<dyn AnyRunner>> {
        self.runners.get(kind)
    }

    /// The kind of this name, by its newest rules.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn AnyKind>> {
        self.kinds.get(name)?.first()
    }

    /// Whether this kind has pulses of this type.
    pub fn is_pulse(&self, kind: &'static str, name: &str) -> bool {
        !self.pulses.is_empty() && self.pulses.contains(&(kind, name.to_owned()))
    }

    /// Whether this kind has actions of this type.
    pub fn is_action(&self, kind: &'static str, name: &str) -> bool {
        self.actions.contains(&(kind, name.to_owned()))
    }

    /// The very rules something was recorded under.
    pub fn version(&self, version: &Version) -> Option<&Arc<dyn AnyKind>> {
        self.kinds.get(version.kind.as_str())?.iter().find(|kind| kind.version() == *version)
    }

    /// All of them, by name, each by its newest rules.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn AnyKind>> {
        self.kinds.values().filter_map(|versions| versions.first())
    }
}

/// The types of its pulses, if all of it can be spoken.
fn check(kind: &dyn AnyKind) -> Result<BTreeSet<String>, KindError> {
    let name = kind.name();
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
    if !begins || name.len() > 32 || !is_snake_case(name) {
        return Err(KindError::Name(name.to_owned()));
    }
    let schemas = kind.schemas();
    let refusal = schemas.refusal.as_value();
    let has_code = |schema: &Value| schema.pointer("/properties/code").is_some();
    let variants = refusal.get("oneOf").and_then(Value::as_array);
    if !variants.map_or_else(|| has_code(refusal), |variants| variants.iter().all(has_code)) {
        return Err(KindError::Codeless(name.to_owned()));
    }
    let mut pulses = BTreeSet::new();
    let spoken = [("Pulse", schemas.pulse), ("Action", Some(schemas.action)), ("Event", Some(schemas.event))];
    for (what, schema) in spoken.into_iter().filter_map(|(what, schema)| Some((what, schema?))) {
        for tag in tags(schema.as_value()) {
            let tag = tag.map_err(|variant| KindError::Untagged { kind: name.to_owned(), what, variant })?;
            let is_own_resignation = what == "Action" && tag == RESIGN;
            if SYSTEM_TYPES.contains(&tag.as_str()) && !is_own_resignation || tag.starts_with("parlour_") {
                return Err(KindError::Reserved { kind: name.to_owned(), name: tag });
            }
            if what == "Pulse" {
                pulses.insert(tag);
            } else if pulses.contains(&tag) {
                return Err(KindError::Ambiguous { kind: name.to_owned(), name: tag });
            }
        }
    }
    Ok(pulses)
}

/// The `type` of each variant of an enum's schema, or the variant that has none.
pub fn tags(schema: &Value) -> Vec<Result<String, String>> {
    if schema.get("not").and_then(Value::as_object).is_some_and(|not| not.is_empty()) {
        return Vec::new(); // `Never`: a type without values.
    }
    let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else {
        return vec![Err(schema.get("title").and_then(Value::as_str).unwrap_or("the type").to_owned())];
    };
    let tag = |variant: &Value| {
        let tag = variant.pointer("/properties/type/const").and_then(Value::as_str).filter(|tag| is_snake_case(tag));
        tag.map(str::to_owned).ok_or_else(|| variant.to_string())
    };
    variants.iter().map(tag).collect()
}

fn is_snake_case(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
