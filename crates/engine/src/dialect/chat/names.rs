//! Every name of the dialect that another system or another app chose: easy to change, and nowhere else.

/// The name of a room follows.
pub(super) const ROOM_PATH: &str = "/ws/room/";

/// Other names of types.
pub(super) const ALIASES: &[(&str, &str)] = &[("chat_message", "chat")];

/// Messages of rooms that need not say in which room, if it is clear, and their fields: others are not passed on.
pub(super) const MESSAGES: &[(&str, &[&str])] = &[("chat", &["content", "reply_to"]), ("typing", &["is_typing"])];

/// Where the room is named in a payload.
pub(super) const ROOM: &str = "room_id";

/// In a view: how many members the room has.
pub(super) const MEMBERS: &str = "members";

pub(super) const UNKNOWN_TYPE: &str = "UNKNOWN_TYPE";
pub(super) const AMBIGUOUS: &str = "ambiguous";
pub(super) const AMBIGUOUS_TEXT: &str = "You are in several rooms: say in which, by room_id.";

/// Codes of the native protocol and of rooms that are not merely written in capitals here.
pub(super) const CODES: &[(&str, &str)] = &[
    ("binary_unsupported", "INVALID_MESSAGE"),
    ("invalid_action", "INVALID_MESSAGE"),
    ("invalid_batch", "INVALID_MESSAGE"),
    ("invalid_pulse", "INVALID_MESSAGE"),
    ("invalid_nonce", "INVALID_MESSAGE"),
    ("internal", "HANDLER_ERROR"),
    ("role_required", "FORBIDDEN"),
    ("pulse_refused", "FORBIDDEN"),
    ("not_allowed", "FORBIDDEN"),
    ("not_below_you", "FORBIDDEN"),
    ("not_yours", "FORBIDDEN"),
    ("banned", "FORBIDDEN"),
    ("too_long", "TOO_LARGE"),
];

/// The same, by the kind of the failure, of what is not in that table.
pub(super) const KINDS: &[(&str, &str)] = &[("limited", "RATE_LIMITED")];

/// How texts begin.
pub(super) const PREFIXES: &[(&str, &str)] = &[
    ("INVALID_MESSAGE", "Invalid message format: "),
    ("UNKNOWN_TYPE", "Unknown message type: "),
    ("HANDLER_ERROR", "Handler error: "),
    ("UNSUPPORTED_VERSION", "Unsupported protocol version: "),
];

/// A success, in `compat`.
pub(super) const DELIVERED: &str = "delivered";
