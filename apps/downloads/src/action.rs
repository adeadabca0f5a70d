//! What a member may ask.

use parlour_room::wire;

/// The name of a download in its room: `d1`, `d2`, ...
#[derive(PartialOrd, Ord)]
#[wire]
pub struct Id(pub String);

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything a member can do. Without an `id`, pausing, resuming and stopping are about the whole queue.
#[wire(action)]
pub enum Action {
    /// Adds a download at the end of the queue. With the `client_id` and all else of an earlier one nothing happens.
    Add {
        /// Where it is: `http://` or `https://`, without a user or a password.
        url: String,
        /// The series it belongs to: lower-case letters, digits, `-` and `_`.
        key: String,
        /// The folder of the library that it goes to; the key, unless given.
        folder: Option<String>,
        /// The file's name; unless given, what the address ends with, or the key.
        name: Option<String>,
        /// What the file must be: SHA-256, 64 hex digits.
        sha256: Option<String>,
        /// The client's own name for this request.
        client_id: Option<String>,
    },
    /// Takes a download off the list, and deletes what is unfinished of its file.
    Remove {
        /// Which.
        id: Id,
    },
    /// Takes every download off the list that is completed, failed or cancelled.
    Clear {},
    /// Pauses; what was received is kept.
    Pause {
        /// Which; all, unless given.
        id: Option<Id>,
    },
    /// Goes on.
    Resume {
        /// Which; all that the pause of the queue stopped, unless given.
        id: Option<Id>,
    },
    /// Cancels a download; or stops the queue, and what is active waits again.
    Stop {
        /// Which; the queue, unless given.
        id: Option<Id>,
    },
    /// Starts the queue.
    Start {},
    /// Puts a failed or cancelled download back into the queue.
    Retry {
        /// Which.
        id: Id,
    },
    /// Puts these first, in this order; the others follow as they were.
    Reorder {
        /// Which, each once.
        ids: Vec<Id>,
    },
    /// Changes how much is done at one time.
    Settings {
        /// So many downloads at one time.
        parallel: Option<u32>,
        /// So many bytes a second for all of them, shared evenly by the places there are; 0: as fast as they can.
        speed_limit_bytes_s: Option<u64>,
    },
    /// Looks through the library.
    Scan {},
    /// Stops looking.
    CancelScan {},
}
