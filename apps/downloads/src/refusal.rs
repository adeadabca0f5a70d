//! Why something is refused: a code for programs, a sentence for people.

use crate::item::Status;
use parlour_room::wire;

/// Every reason for which a queue refuses a configuration or an action.
#[wire(refusal)]
#[allow(missing_docs, reason = "the doc comment of each variant is its text")]
pub enum Refusal {
    /// A queue has 1 to 256 seats.
    BadSeats {},
    /// 1 to 60 downloads can run at one time.
    BadParallel {},
    /// A speed limit is a number of bytes a second up to 2^50, at least 1024; 0 is none.
    BadSpeedLimit {},
    /// The largest file is 1 to 2^50 bytes.
    BadMaxBytes {},
    /// At most 16 downloads can be suggested.
    TooManySuggestions {},
    /// Give at least one setting.
    NothingToSet {},
    /// An address has at most 1024 characters.
    UrlTooLong {},
    /// An address begins with http:// or https://.
    UrlNotHttp {},
    /// An address must not hold a user or a password.
    UrlHasCredentials {},
    /// This is no address: it needs a host, perhaps a port, and only characters that an address may have.
    UrlMalformed {},
    /// A key has 1 to 64 lower-case letters, digits, `-` and `_`, and begins with a letter or a digit.
    BadKey {},
    /// A folder is one name of at most 120 bytes, without slashes, control characters, a dot at either end, or reserved names.
    BadFolder {},
    /// A file's name has at most 120 bytes, without slashes, control characters, a dot at either end, or reserved names.
    BadName {},
    /// A SHA-256 has 64 hex digits.
    BadSha256 {},
    /// A client's id has 1 to 64 printable ASCII characters without quotes and backslashes.
    BadClientId {},
    /// This client_id was used for another download.
    ClientIdUsed {},
    /// Another download goes to the same file: give this one another name or folder.
    PathTaken {},
    /// The list is full: remove or clear what is finished.
    QueueFull {},
    /// What was removed is still being put away: try again in a moment.
    StillTidying {},
    /// There is no such download.
    NoSuchDownload {},
    /// That cannot be done with a download that is {status}.
    WrongStatus { status: Status },
    /// Name each download of the list at most once.
    BadOrder {},
    /// Nothing is finished.
    NothingFinished {},
    /// The queue runs already.
    AlreadyRunning {},
    /// The queue is paused already.
    AlreadyPaused {},
    /// The queue is stopped already.
    AlreadyStopped {},
    /// The queue does not run.
    NotRunning {},
    /// The queue is not paused.
    NotPaused {},
    /// A scan is under way already.
    AlreadyScanning {},
    /// No scan is under way.
    NotScanning {},
}
