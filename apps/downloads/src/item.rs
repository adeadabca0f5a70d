//! One download.

use crate::action::Id;
use crate::fault::Fault;
use parlour_room::{Secret, kept, wire};

/// How it is with a download.
#[derive(Copy)]
#[wire]
pub enum Status {
    /// It waits for its turn.
    Pending,
    /// It is being fetched.
    Active,
    /// It waits to be resumed.
    Paused,
    /// The file is there, whole.
    Completed,
    /// It did not work; it can be tried again.
    Failed,
    /// Somebody stopped it; it can be tried again.
    Cancelled,
}

impl Status {
    /// Whether nothing will happen to it by itself, nor by resuming.
    pub fn is_finished(self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::Cancelled)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Status::Pending => "pending",
            Status::Active => "active",
            Status::Paused => "paused",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        })
    }
}

#[derive(Debug, PartialEq)]
#[kept]
pub(crate) struct Item {
    pub(crate) id: Id,
    pub(crate) key: String,
    pub(crate) client_id: Option<String>,
    /// What only members may know.
    pub(crate) target: Secret<Target>,
    pub(crate) status: Status,
    /// Paused together with the queue, and resumed with it.
    pub(crate) is_held: bool,
    /// How often it was begun, so that there may be something unfinished of it.
    pub(crate) runs: u32,
    pub(crate) bytes_done: u64,
    pub(crate) bytes_total: Option<u64>,
    pub(crate) fault: Option<Fault>,
}

/// Where a download is from and where it goes to.
#[derive(Debug, PartialEq)]
#[kept]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) sha256: Option<String>,
}

impl Target {
    /// From the library's root on.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }

    pub(crate) fn text_bytes(&self) -> usize {
        self.url.len() + self.folder.len() + self.name.len()
    }
}

impl Item {
    pub(crate) fn new(id: Id, key: String, client_id: Option<String>, target: Target) -> Self {
        Self {
            id,
            key,
            client_id,
            target: Secret::new(target),
            status: Status::Pending,
            is_held: false,
            runs: 0,
            bytes_done: 0,
            bytes_total: None,
            fault: None,
        }
    }

    /// The name of the job that fetches it.
    pub(crate) fn job(&self) -> String {
        format!("fetch-{}", self.id)
    }

    /// What counts of it for [`TEXT_BYTES`](crate::limits::TEXT_BYTES).
    pub(crate) fn text_bytes(&self) -> usize {
        self.key.len() + self.client_id.as_ref().map_or(0, String::len) + self.target.reveal().text_bytes()
    }

    /// From 0 to 100, if it is known how much there is.
    pub(crate) fn percent(&self) -> Option<u32> {
        percent(self.bytes_done, self.bytes_total?)
    }
}

/// From 0 to 100; nothing of nothing is all of it.
pub fn percent(done: u64, total: u64) -> Option<u32> {
    if total == 0 {
        return Some(100);
    }
    let percent = u128::from(done.min(total)) * 100 / u128::from(total);
    u32::try_from(percent).ok()
}
