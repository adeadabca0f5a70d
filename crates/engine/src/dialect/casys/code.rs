//! What failed, and how it is said: every error has its type, the status, a text and a code.

use super::Out;
use crate::code::{Code, Kind};
use crate::dialect::frame::Answer;
use serde_json::{Value, json};

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) text: String,
    kind: String,
    retry_after_ms: Option<u64>,
}

impl Refusal {
    /// One of the dialect's own.
    pub(super) fn own(kind: &str, code: &str, text: &str) -> Self {
        Self { code: code.to_owned(), text: text.to_owned(), kind: kind.to_owned(), retry_after_ms: None }
    }

    pub(super) fn invalid(code: &str, text: &str) -> Self {
        Self::own("invalid", code, text)
    }

    /// One of the server's, or of the room's.
    pub(super) fn of(answer: &Answer<'_>) -> Self {
        let retry_after_ms = answer.retry_after_ms;
        Self { retry_after_ms, ..Self::own(&answer.kind, &answer.code, &answer.message) }
    }

    pub(super) fn anonymous() -> Self {
        Self::own("expired", "authentication_required", "Say who you are: by a token.")
    }

    pub(super) fn no_game() -> Self {
        Self::invalid("game_id_required", "Name the game: game_id.")
    }

    pub(super) fn not_found() -> Self {
        Self::own("not_found", "game_not_found", "There is no such game.")
    }

    pub(super) fn too_many() -> Self {
        Self::own("limited", "rate_limited", "Too much is waiting to be answered.")
    }

    /// Of who is out of the game: for a reason that is a code of the server's, or for another.
    pub(super) fn out(reason: &str) -> Self {
        match Code::ALL.iter().find(|code| code.as_str() == reason) {
            Some(Code::RoomNotFound) => Self::not_found(),
            Some(code) => Self::own(code.kind().as_str(), reason, code.message()),
            None => Self::own("denied", reason, "You are in this game no longer."),
        }
    }

    /// Whether it is a fault inside, after which a connection does not go on.
    pub(super) fn is_fault(&self) -> bool {
        self.kind == Kind::Internal.as_str() || self.code == Code::RoomUnreadable.as_str()
    }

    /// Whether another attempt may fare better.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.kind.as_str(), "limited" | "unavailable") && !self.is_fault()
    }

    /// With what a connection ends that cannot go on.
    pub(super) fn close_code(&self) -> u16 {
        match (self.is_fault(), self.is_passing()) {
            (true, _) => 1011,
            (false, true) => 1013,
            (false, false) => 1008,
        }
    }

    /// What the close says.
    pub(super) fn reason(&self) -> &'static str {
        match self.close_code() {
            1011 => "internal_error",
            1013 => "try_again",
            _ => match self.code.as_str() {
                "authentication_required" => "authentication_required",
                "game_id_required" => "game_id_required",
                "game_not_found" => "game_not_found",
                _ => "not_in_game",
            },
        }
    }

    /// What it is by HTTP.
    pub(super) fn status(&self) -> u16 {
        match (self.kind.as_str(), self.code.as_str()) {
            (_, "authentication_required" | "authentication_failed" | "token_too_long" | "token_revoked") => 401,
            (_, "not_in_room" | "leader_only") | ("denied", _) => 403,
            ("unprocessable", _) => 422,
            ("illegal", _) => 409,
            ("method", _) => 405,
            ("limited", _) => 429,
            ("not_found", _) => 404,
            ("expired", _) => 401,
            ("unavailable", _) => 503,
            ("internal", _) => 500,
            _ => 400,
        }
    }

    /// The body of a response.
    pub(super) fn detail(&self) -> String {
        self.with_more(json!({"detail": self.text, "code": self.code}))
    }

    fn with_more(&self, mut body: Value) -> String {
        if let Some(retry_after_ms) = self.retry_after_ms {
            body["retry_after_ms"] = retry_after_ms.into();
        }
        body.to_string()
    }
}

/// Says that something failed.
fn said(kind: &str, refusal: &Refusal) -> String {
    refusal.with_more(json!({"type": kind, "status": "error", "error": refusal.text, "code": refusal.code}))
}

pub(super) fn say(kind: &str, refusal: &Refusal, out: &mut Vec<Out>) {
    out.push(super::say(said(kind, refusal)));
}
