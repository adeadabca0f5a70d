//! `hello`: by which a client says who it is, where it wants to go, and that it knows more than the original's do.

use super::answer::{Answer, Status};
use serde::Deserialize;
use serde_json::Value;

/// The version of this dialect.
const VERSION: u64 = 1;
/// The longest `session`.
const SESSION_BYTES: usize = 64;

/// What it says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    token: Option<String>,
    #[serde(default = "first")]
    v: Value,
    #[serde(default)]
    last_seq: Option<String>,
    #[serde(default)]
    room: Option<String>,
    #[serde(default)]
    session: Option<String>,
}

fn first() -> Value {
    VERSION.into()
}

/// The same once it was looked at.
#[derive(Debug)]
pub(super) struct Hello {
    pub(super) token: Option<String>,
    pub(super) last_seq: Option<String>,
    pub(super) room: Option<String>,
    pub(super) session: Option<String>,
}

impl Hello {
    pub(super) fn read(data: &str) -> Result<Self, Answer> {
        let invalid = |code, why| Answer::failed(Status::Invalid, code, why);
        let told = serde_json::from_str::<Data>(data);
        let Data { token, v, last_seq, room, session } = told.map_err(|_| {
            invalid("invalid_message", "hello takes token, v, last_seq, room and session: all texts but v, which is a number.")
        })?;
        match &v {
            v if v.as_u64() == Some(VERSION) => {}
            v if v.is_i64() || v.is_u64() => return Err(invalid("unsupported_version", "The only version is 1.")),
            _ => return Err(invalid("invalid_message", "v is a whole number.")),
        }
        if session.as_ref().is_some_and(|session| session.is_empty() || session.len() > SESSION_BYTES) {
            return Err(invalid("invalid_message", "A session has 1 to 64 bytes."));
        }
        Ok(Self { token, last_seq, room, session })
    }
}
