//! What things are called: in the dialect, and in the rooms that it shows. All that would have to change with either is here.

use serde_json::Value;

/// The kind of room that it shows.
pub(super) const KIND: &str = "quest";
/// What a view of one has.
pub(super) const VIEW_FIELDS: [&str; 7] = ["step", "section", "narrative", "rules", "decision", "character", "party"];
/// The game of those who name none.
pub(super) const DEFAULT_GAME: &str = "casys-default";
/// What the user is called by the HTTP API who is a guest there.
pub(super) const GUEST: &str = "guest";
/// The pulse of the narrator at work.
pub(super) const NARRATING: &str = "narrating";
/// The event that the narrator has no words.
pub(super) const NARRATION_FAILED: &str = "narration_failed";
/// The reason for which one is out of a room that begins a new life.
pub(super) const OPENED_ANEW: &str = "opened_again";

pub(super) const MESSAGE_ERROR: &str = "message_error";
pub(super) const CHOICE_ERROR: &str = "choice_error";
pub(super) const ACTION_ERROR: &str = "action_error";
pub(super) const NARRATION_ERROR: &str = "narration_error";

/// What the text of a roll that a client made up has in it, in small letters.
pub(super) const ROLLED: &str = "jet de";

/// What a quest waits for, and what that is called here: nothing, where it waits for nothing.
pub(super) const AWAITING: [(&str, &str); 2] = [("user_input", "user_input"), ("dice_roll", "dice_roll")];
/// What comes next, and what that is called here.
pub(super) const NEXT_ACTIONS: [(&str, &str); 2] = [("choice", "user_first"), ("dice", "dice_first")];
/// The types of choices that dice decide.
pub(super) const DICE_CHOICES: [&str; 2] = ["dice", "mixed"];
/// What may be rolled for by HTTP.
pub(super) const DICE: [&str; 3] = ["chance", "combat", "2d6"];
/// What whoever initialises a game may choose of its configuration.
pub(super) const SETTINGS: [&str; 6] = ["party", "seats", "vote_seconds", "turn_seconds", "hero", "narrated"];
/// Where feedback may stand in a body.
pub(super) const FEEDBACK: [&str; 5] = ["feedback", "content", "text", "message", "comment"];

/// The other name of a thing in a table.
pub(super) fn called(table: &[(&str, &'static str)], name: Option<&Value>) -> Value {
    let name = name.and_then(Value::as_str);
    table.iter().find(|(known, _)| Some(*known) == name).map_or(Value::Null, |(_, called)| (*called).into())
}

/// Who plays a game without saying who they are: all of them are one player, as they were to the original.
pub(super) fn player_of(game: &str) -> String {
    format!("casys:{game}")
}

/// What to remember for those who name no game later.
pub(super) fn memory(game: &str, session: Option<&str>) -> String {
    format!("{game} {}", session.unwrap_or_default())
}

/// What was remembered: a game, and the session for which it was initialised.
pub(super) fn recall(remembered: Option<&str>) -> (String, Option<String>) {
    let (game, session) = remembered.and_then(|text| text.split_once(' ')).unwrap_or((DEFAULT_GAME, ""));
    (game.to_owned(), Some(session.to_owned()).filter(|session| !session.is_empty()))
}

/// Whether a client may call its session so.
pub(super) fn is_session(session: &str) -> bool {
    let is_session_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !session.is_empty() && session.len() <= crate::limits::CASYS_SESSION_BYTES && session.bytes().all(is_session_byte)
}
