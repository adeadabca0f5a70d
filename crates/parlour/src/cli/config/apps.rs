//! The settings of what does the jobs of rooms. A runner is made from them when a server starts: see
//! [`crate::Parlour::jobs_from`].

use super::keys::{FILE_NAME, TEXT, Value, YES_OR_NO};
use parlour_downloads_worker::Network;
use std::ops::RangeInclusive;

const NETWORKS: &str = "a list of networks like 10.1.0.0/16; in a variable with commas between them";

/// One of them.
pub(super) struct App {
    pub(super) name: &'static str,
    /// Empty: none.
    pub(super) default: &'static str,
    pub(super) kind: Is,
    pub(super) doc: &'static str,
}

/// What it may be.
pub(super) enum Is {
    Text,
    /// Text that is never shown.
    Secret,
    Path,
    Truth,
    /// Networks, none or several.
    Networks,
    Number(RangeInclusive<u64>),
}

/// All of them, in the order of their documentation.
pub(super) const ALL: &[App] = &[
    App {
        name: "downloads.library",
        default: "",
        kind: Is::Path,
        doc: "The folder that download queues put files into. Unless set, `library` in the folder of the data.",
    },
    App {
        name: "downloads.allow_private",
        default: "false",
        kind: Is::Truth,
        doc: "Whether files may be fetched from private networks and from this machine: members choose the addresses.",
    },
    App {
        name: "downloads.allow_networks",
        default: "",
        kind: Is::Networks,
        doc: "Private networks from which files may be fetched although `downloads.allow_private` is not set.",
    },
    App {
        name: "downloads.patience_ms",
        default: "30000",
        kind: Is::Number(100..=600_000),
        doc: "For how long a host may send nothing: then a download fails with `stalled`.",
    },
    App {
        name: "downloads.warn_percent",
        default: "90",
        kind: Is::Number(0..=100),
        doc: "From so many percent of the library's disk in use on its queues are told that it is nearly full.",
    },
    App {
        name: "downloads.reserve_bytes",
        default: "1073741824",
        kind: Is::Number(0..=1 << 50),
        doc: "So much of the library's disk stays free: a download fails with `disk_full` before it takes that, too.",
    },
    App {
        name: "downloads.max_file_bytes",
        default: "17179869184",
        kind: Is::Number(1..=1 << 50),
        doc: "The largest file that is fetched, whatever a queue takes: a larger one fails with `too_large`.",
    },
    App {
        name: "narrator.url",
        default: "",
        kind: Is::Text,
        doc: "Where a model is asked to narrate quests, without `/chat/completions`: https://, or http:// on this machine.",
    },
    App { name: "narrator.key", default: "", kind: Is::Secret, doc: "The key it asks for." },
    App { name: "narrator.key_file", default: "", kind: Is::Path, doc: "The file that holds the key instead." },
    App { name: "narrator.model", default: "default", kind: Is::Text, doc: "Which model there narrates." },
    App {
        name: "narrator.timeout_ms",
        default: "30000",
        kind: Is::Number(100..=600_000),
        doc: "How long one narration may take, all attempts together.",
    },
    App {
        name: "narrator.tokens_per_call",
        default: "600",
        kind: Is::Number(16..=100_000),
        doc: "The most tokens of one answer.",
    },
    App {
        name: "narrator.tokens_per_game",
        default: "60000",
        kind: Is::Number(0..=100_000_000),
        doc: "The most tokens of one game, as far as they can be told from the length of questions and answers.",
    },
];

pub(super) fn of(name: &str) -> Option<&'static App> {
    ALL.iter().find(|app| app.name == name)
}

impl App {
    /// What it may be, in words.
    pub(super) fn allowed(&self) -> String {
        match &self.kind {
            Is::Text => TEXT.to_owned(),
            Is::Secret => "text that is never shown".to_owned(),
            Is::Path => FILE_NAME.to_owned(),
            Is::Truth => YES_OR_NO.to_owned(),
            Is::Networks => NETWORKS.to_owned(),
            Is::Number(range) => format!("a whole number from {} to {}", range.start(), range.end()),
        }
    }

    /// A value as text, if it may be this one.
    pub(super) fn read(&self, value: Value) -> Result<String, String> {
        match &self.kind {
            Is::Text => value.text(),
            Is::Secret => String::from_utf8(value.bytes()?).map_err(|_| "must be UTF-8".to_owned()),
            Is::Path => value.path()?.into_string().map_err(|_| "must be UTF-8".to_owned()),
            Is::Truth => value.truth().map(|truth| truth.to_string()),
            Is::Networks => {
                let texts = value.texts(NETWORKS)?;
                let wrong = texts.iter().find_map(|text| text.parse::<Network>().err());
                wrong.map_or_else(|| Ok(texts.join(",")), |error| Err(format!("must be {NETWORKS}: {error}")))
            }
            Is::Number(range) => {
                let number = value.number(&self.allowed())?;
                let fits = range.contains(&number).then(|| number.to_string());
                fits.ok_or_else(|| format!("must be {}, not {number}", self.allowed()))
            }
        }
    }
}
