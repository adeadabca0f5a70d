//! The codes of the dialect's errors, and which of them a failure of the native protocol becomes.

use crate::dialect::frame::Answer;

macro_rules! codes {
    ($($name:ident $text:literal $status:literal $message:literal,)*) => {
        /// A failure, as the dialect names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Code { $($name,)* }

        impl Code {
            pub(super) fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// The fixed text for people.
            pub(super) fn message(self) -> &'static str {
                match self { $(Code::$name => $message,)* }
            }

            /// What answers an HTTP request with it.
            fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }
        }
    };
}

codes! {
    InvalidJson "invalid_json" 422 "Send JSON, as text.",
    InvalidMessage "invalid_message" 422 "A message is an object with an action, which is a string, and data, an object or null.",
    InvalidBody "invalid_body" 422 "The body must be an object with the fields that are documented.",
    UnknownAction "unknown_action" 422 "The actions are join, leave, ping, pong and status.",
    InvalidRoom "invalid_room" 422 "A room is a string of 1 to 80 bytes that is not blank.",
    UnknownRoom "unknown_room" 404 "The rooms are downloads, queue, scan, system, errors, and download:ID of one in the list.",
    TooManyRooms "too_many_rooms" 429 "This connection is in as many rooms as it may: leave one.",
    QueueNotFound "queue_not_found" 404 "There is no download queue of this name that you may see.",
    QueueClosed "queue_closed" 409 "This queue is no longer there for you.",
    QueueFull "queue_full_of_members" 409 "As many users control this queue as may.",
    RateLimited "rate_limited" 429 "You ask for more than you may at a time: wait a moment.",
    AuthenticationRequired "authentication_required" 401 "Say who you are: bring a token.",
    AuthenticationFailed "authentication_failed" 401 "The token is not valid here: get a new one and connect again.",
    Forbidden "forbidden" 403 "You may not do this.",
    NotFound "not_found" 404 "There is nothing here.",
    WrongMethod "method_not_allowed" 405 "This cannot be asked by this method.",
    NothingToRetry "nothing_to_retry" 409 "No download has failed.",
    Unavailable "unavailable" 503 "This cannot be done just now: try again.",
    InternalError "internal_error" 500 "The server could not do this; nothing of it was kept.",
}

/// Failures of the server that the dialect has a word for. What is not here is told by its sort.
const KNOWN: &[(&str, Code)] = &[
    ("authentication_required", Code::AuthenticationRequired),
    ("room_not_found", Code::QueueNotFound),
    ("invalid_name", Code::QueueNotFound),
    ("room_closed", Code::QueueClosed),
    ("not_in_room", Code::QueueClosed),
    ("game_full", Code::QueueFull),
    ("role_required", Code::Forbidden),
    ("invalid_action", Code::InvalidBody),
];
/// Refusals of a queue that are none of its state: what was sent is wrong, or there is no such thing.
const OF_FIELDS: &[&str] = &["url_", "bad_"];
const OF_NOTHING: &[&str] = &["no_such_download"];

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
    /// What answers an HTTP request with it.
    pub(super) status: u16,
    pub(super) retry_after_ms: Option<u64>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        let (word, message) = (code.as_str().to_owned(), code.message().to_owned());
        Self { code: word, message, status: code.status(), retry_after_ms: None }
    }
}

impl Refusal {
    /// What the native protocol answered. What the rules of the queue say stays as they said it.
    pub(super) fn of(answer: &Answer<'_>) -> Self {
        let retry_after_ms = answer.retry_after_ms;
        let known = KNOWN.iter().find(|(word, _)| *word == answer.code).map(|(_, code)| *code);
        if let (None, "illegal") = (known, &*answer.kind) {
            let begins = |starts: &[&str]| starts.iter().any(|start| answer.code.starts_with(start));
            let status = match () {
                () if begins(OF_NOTHING) => 404,
                () if begins(OF_FIELDS) => 422,
                () => 409,
            };
            return Self { code: answer.code.to_string(), message: answer.message.to_string(), status, retry_after_ms };
        }
        Self { retry_after_ms, ..known.unwrap_or_else(|| general(&answer.kind)).into() }
    }

    /// What is said before it is known who this is.
    pub(super) fn of_nobody(answer: &Answer<'_>) -> Self {
        match &*answer.code {
            "authentication_required" => Code::AuthenticationRequired.into(),
            _ if answer.kind == "unavailable" => Code::Unavailable.into(),
            _ if answer.kind == "limited" => Refusal::of(answer),
            _ => Code::AuthenticationFailed.into(),
        }
    }
}

fn general(kind: &str) -> Code {
    match kind {
        "invalid" => Code::InvalidMessage,
        "illegal" | "denied" => Code::Forbidden,
        "limited" => Code::RateLimited,
        "not_found" => Code::QueueNotFound,
        "expired" => Code::AuthenticationFailed,
        "unavailable" => Code::Unavailable,
        _ => Code::InternalError,
    }
}
