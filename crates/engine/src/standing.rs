//! Rooms that stand open: names that need nobody to open them, because who joins one finds it there.

use crate::schema::Kinds;
use std::collections::BTreeMap;

/// The user that such rooms are opened by. Nobody else may be called so, so no player can close them as their opener.
pub const HOUSE: &str = "parlour";

/// Which names stand open, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandingRooms {
    exact: BTreeMap<String, Standing>,
    /// What every other name is.
    any: Option<Standing>,
}

/// What a room is opened as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its kind.
    pub kind: String,
    /// Its configuration, as JSON.
    pub config: String,
}

/// Why rooms cannot stand open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandingError {
    /// There is no such kind here.
    UnknownKind(String),
    /// It takes no such configuration.
    Config(Standing),
}

impl std::fmt::Display for StandingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StandingError::UnknownKind(kind) => write!(f, "there is no kind {kind:?} here"),
            StandingError::Config(Standing { kind, config }) => write!(f, "the kind {kind:?} takes no configuration {config}"),
        }
    }
}

impl std::error::Error for StandingError {}

impl StandingRooms {
    /// With a room of this name.
    pub fn with(mut self, name: &str, kind: &str, config: &str) -> Self {
        self.exact.insert(name.to_owned(), Standing { kind: kind.to_owned(), config: config.to_owned() });
        self
    }

    /// With every name that is not listed, as this kind's rooms are unless configured.
    pub fn with_any(mut self, kind: &str) -> Self {
        self.any = Some(Standing { kind: kind.to_owned(), config: "{}".to_owned() });
        self
    }

    /// What the room of this name is, if it stands open.
    pub fn get(&self, name: &str) -> Option<&Standing> {
        self.exact.get(name).or(self.any.as_ref())
    }

    /// Whether the name is a listed one: what it is nobody else decides.
    pub fn is_listed(&self, name: &str) -> bool {
        self.exact.contains_key(name)
    }

    /// Whether these kinds can be opened so.
    pub(crate) fn check(&self, kinds: &Kinds) -> Result<(), StandingError> {
        for standing in self.exact.values().chain(&self.any) {
            let kind = kinds.get(&standing.kind).ok_or_else(|| StandingError::UnknownKind(standing.kind.clone()))?;
            kind.canonical_config(&standing.config).ok_or_else(|| StandingError::Config(standing.clone()))?;
        }
        Ok(())
    }
}
