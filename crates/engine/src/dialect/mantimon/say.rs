//! What the dialect says: each message with its fields, one way to write them all, and how they get their ids.

use super::Out;
use super::names::Name;
use super::time::timestamp;
use crate::io::Now;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Who is spoken to, and what makes the ids of what is said.
pub(super) struct Voice {
    pub(super) user: Option<String>,
    luck: [u8; 32],
    said: u64,
}

/// A message of the dialect: what every one has, and its own fields.
#[derive(Serialize)]
struct Message<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    message_id: &'a str,
    timestamp: String,
    #[serde(flatten)]
    fields: &'a T,
}

#[derive(Serialize)]
pub(super) struct Nothing {}

#[derive(Serialize)]
pub(super) struct GameState<'a> {
    pub(super) game_id: &'a str,
    pub(super) state: &'a Value,
    pub(super) event_id: String,
}

#[derive(Serialize)]
pub(super) struct ActionResult<'a> {
    pub(super) game_id: &'a str,
    pub(super) request_message_id: &'a str,
    pub(super) success: bool,
    pub(super) action_type: &'a str,
    pub(super) changes: Value,
    pub(super) error_code: Option<&'static str>,
    pub(super) error_message: Option<&'a str>,
    pub(super) details: Value,
}

#[derive(Serialize)]
pub(super) struct Error<'a> {
    pub(super) code: &'static str,
    pub(super) message: &'a str,
    pub(super) details: &'a Value,
    pub(super) request_message_id: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct TurnStart<'a> {
    pub(super) game_id: &'a str,
    pub(super) player_id: &'a str,
    pub(super) turn_number: u64,
    pub(super) event_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct TurnTimeout<'a> {
    pub(super) game_id: &'a str,
    pub(super) remaining_seconds: u64,
    pub(super) is_warning: bool,
    pub(super) player_id: &'a str,
    pub(super) deadline: Option<String>,
}

#[derive(Serialize)]
pub(super) struct GameOver<'a> {
    pub(super) game_id: &'a str,
    pub(super) winner_id: Option<&'a str>,
    pub(super) end_reason: &'a str,
    pub(super) final_state: &'a Value,
    pub(super) event_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct OpponentStatus<'a> {
    pub(super) game_id: &'a str,
    pub(super) opponent_id: &'a str,
    pub(super) status: &'static str,
}

#[derive(Serialize)]
pub(super) struct ActionApplied<'a> {
    pub(super) game_id: &'a str,
    pub(super) event_id: &'a str,
    pub(super) player_id: Option<&'a str>,
    pub(super) action_type: &'a str,
    pub(super) changes: &'a Value,
}

impl Voice {
    pub(super) fn new(luck: [u8; 32]) -> Self {
        Self { user: None, luck, said: 0 }
    }

    /// An id that nothing else has.
    pub(super) fn fresh_id(&mut self) -> String {
        self.said += 1;
        uuid(&[&self.luck, &self.said.to_le_bytes()])
    }

    /// The id of what is said about an event: the same whenever this user is told of it.
    pub(super) fn id_of(&self, game: &str, about: &str, kind: &str) -> String {
        uuid(&[self.user.as_deref().unwrap_or_default().as_bytes(), game.as_bytes(), about.as_bytes(), kind.as_bytes()])
    }

    /// Says something, and answers how it was written.
    pub(super) fn say<T: Serialize>(&self, name: Name, id: &str, fields: &T, now: Now, out: &mut Vec<Out>) -> String {
        let message = Message { kind: name.kind, message_id: id, timestamp: timestamp(now.wall_ms), fields };
        let body = serde_json::to_string(&message).expect("a message has only names for keys");
        out.push(Out::Say { event: name.event, body: body.clone() });
        body
    }
}

/// SHA-256 in the shape of a random UUID: any reader of UUIDs takes it.
fn uuid(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// SHA-256 in hex: as long as a native id may be.
pub(super) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
