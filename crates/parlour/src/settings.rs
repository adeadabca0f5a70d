//! What runners are made from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The settings that a runner may ask for, each with its default where nothing was configured; `docs/configuration.md` lists
/// them.
pub struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl Settings {
    /// The folder of the server's journal.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A setting that has a value.
    ///
    /// # Panics
    ///
    /// If there is no setting of this name: that is a slip in the program.
    pub fn text(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name).unwrap_or_else(|| panic!("{name} is a setting"));
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The same of one that is a whole number. `None` where it has no value.
    ///
    /// # Panics
    ///
    /// If there is no setting of this name.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// The same of one that is true or false, and false where it has no value.
    ///
    /// # Panics
    ///
    /// If there is no setting of this name.
    pub fn truth(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}
