//! The fourteen codes of the dialect, and which of them a failure of the native protocol becomes.

use super::names::REFUSALS;
use crate::dialect::frame::Answer;
use serde_json::{Value, json};

macro_rules! codes {
    ($($name:ident $text:literal $message:literal,)*) => {
        /// A failure, as the dialect names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Code { $($name,)* }

        impl Code {
            #[cfg(test)]
            pub(super) const ALL: &'static [Code] = &[$(Code::$name,)*];

            pub(super) fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// The fixed text for people.
            pub(super) fn message(self) -> &'static str {
                match self { $(Code::$name => $message,)* }
            }
        }
    };
}

codes! {
    AuthenticationFailed "authentication_failed" "The token is not valid here: get a new one and connect again.",
    ConnectionClosed "connection_closed" "This connection, or its part in the game, is over.",
    RateLimited "rate_limited" "You ask for more than you may at a time: wait a moment.",
    GameNotFound "game_not_found" "There is no game of this name that you may join.",
    NotInGame "not_in_game" "You are not in this game: join it first.",
    AlreadyInGame "already_in_game" "You are in as many unfinished games as you may be: finish or resign one.",
    GameFull "game_full" "Every seat is taken; you may spectate.",
    GameEnded "game_ended" "The game is over.",
    InvalidAction "invalid_action" "The action is not one of this game, or its fields are not as documented.",
    NotYourTurn "not_your_turn" "It is not your turn.",
    ActionNotAllowed "action_not_allowed" "The rules do not allow this now.",
    InvalidMessage "invalid_message" "The message is not an object with a type, a message_id and fields as documented.",
    UnknownMessageType "unknown_message_type" "There is no such message.",
    InternalError "internal_error" "The server could not do this now; nothing of it was kept.",
}

/// Why something was not done.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) details: Value,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, message: code.message().to_owned(), details: json!({}) }
    }
}

impl Refusal {
    /// One that the dialect has only a general word for.
    pub(super) fn because(code: Code, word: &str) -> Self {
        Self { details: json!({ "code": word }), ..code.into() }
    }

    /// The end of a connection, or of its part in a game.
    pub(super) fn ended(reason: &str, game: Option<&str>) -> Self {
        let mut details = json!({ "reason": reason });
        if let Some(game) = game {
            details["game_id"] = game.into();
        }
        Self { details, ..Code::ConnectionClosed.into() }
    }

    /// What the native protocol answered. Where the rules of a room say why, in a text of theirs for this player, it stays.
    pub(super) fn of(answer: &Answer<'_>) -> Self {
        let known = REFUSALS.iter().find(|(word, _)| *word == answer.code);
        let mut refusal = match known {
            Some((_, code)) => Self::from(*code),
            None => {
                let general = Self::because(general(&answer.kind), &answer.code);
                if answer.kind == "illegal" { Self { message: answer.message.to_string(), ..general } } else { general }
            }
        };
        if let Some(retry_after_ms) = answer.retry_after_ms {
            refusal.details["retry_after_ms"] = retry_after_ms.into();
        }
        refusal
    }
}

fn general(kind: &str) -> Code {
    match kind {
        "invalid" => Code::InvalidMessage,
        "illegal" | "denied" => Code::ActionNotAllowed,
        "limited" => Code::RateLimited,
        "not_found" => Code::GameNotFound,
        "expired" => Code::AuthenticationFailed,
        _ => Code::InternalError,
    }
}
