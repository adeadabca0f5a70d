//! Every name that the dialect takes from elsewhere, in tables: what its messages are called, and which events, fields of a view
//! and refusals of a room mean what in it. A game that uses these names can be played; nothing else here knows a game.

use super::code::Code;

/// What a message is called: its `type`, and the event by which it comes over Socket.IO.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) kind: &'static str,
    pub(super) event: &'static str,
}

pub(super) const GAME_STATE: Name = Name { kind: "game_state", event: "game:state" };
pub(super) const ACTION_RESULT: Name = Name { kind: "action_result", event: "game:action_result" };
pub(super) const ERROR: Name = Name { kind: "error", event: "game:error" };
pub(super) const TURN_START: Name = Name { kind: "turn_start", event: "game:turn_start" };
pub(super) const TURN_TIMEOUT: Name = Name { kind: "turn_timeout", event: "game:turn_timeout" };
pub(super) const GAME_OVER: Name = Name { kind: "game_over", event: "game:game_over" };
pub(super) const OPPONENT_STATUS: Name = Name { kind: "opponent_status", event: "game:opponent_status" };
pub(super) const HEARTBEAT_ACK: Name = Name { kind: "heartbeat_ack", event: "game:heartbeat_ack" };
/// An addition to the eight types of the original, in strict mode only.
pub(super) const ACTION_APPLIED: Name = Name { kind: "action_applied", event: "game:action_applied" };

/// What a client may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Join,
    Action,
    Resign,
    Heartbeat,
    Spectate,
    LeaveSpectate,
}

pub(super) const REQUESTS: &[(Name, Asked)] = &[
    (Name { kind: "join_game", event: "game:join" }, Asked::Join),
    (Name { kind: "action", event: "game:action" }, Asked::Action),
    (Name { kind: "resign", event: "game:resign" }, Asked::Resign),
    (Name { kind: "heartbeat", event: "game:heartbeat" }, Asked::Heartbeat),
    (Name { kind: "spectate", event: "game:spectate" }, Asked::Spectate),
    (Name { kind: "leave_spectate", event: "game:leave_spectate" }, Asked::LeaveSpectate),
];

/// The kinds of room that count as games: those of which a user may have only so many, and which are joined again by themselves.
pub(super) const KINDS: &[&str] = &["cards"];

/// Where in a view it stands how far the game is ...
pub(super) const PHASE: &str = "phase";
/// ... and when nobody is waited for who is away: then `user_left` is all that is heard of it.
pub(super) const IDLE_PHASES: &[&str] = &["waiting", "rematch", "over"];

/// What an event of a room means here, beside being told as `action_applied`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A game has begun: an earlier one is no longer what a view shows.
    Begun,
    Turn,
    Warning,
    Timeout,
    Away,
    Back,
    Gone,
    Over,
}

pub(super) const EVENTS: &[(&str, Meaning)] = &[
    ("game_begun", Meaning::Begun),
    ("turn_started", Meaning::Turn),
    ("turn_warning", Meaning::Warning),
    ("turn_timeout", Meaning::Timeout),
    ("away", Meaning::Away),
    ("back", Meaning::Back),
    ("forfeited", Meaning::Gone),
    ("game_over", Meaning::Over),
];

/// The fields of these events.
pub(super) const SEAT: &str = "seat";
pub(super) const TURN: &str = "turn";
pub(super) const REMAINING_SECONDS: &str = "remaining_seconds";
pub(super) const WINNER: &str = "winner";
pub(super) const REASON: &str = "reason";

/// Why a game ended: the room's word, and the dialect's where it has another.
pub(super) const END_REASONS: &[(&str, &str)] = &[("no_monsters", "no_pokemon"), ("forfeit", "timeout"), ("closed", "draw")];

/// Refusals, of the server and of rooms, which the dialect has a word for. What is not here is told by its sort.
pub(super) const REFUSALS: &[(&str, Code)] = &[
    ("not_your_turn", Code::NotYourTurn),
    ("invalid_action", Code::InvalidAction),
    ("not_in_room", Code::NotInGame),
    ("room_not_found", Code::GameNotFound),
    ("invalid_name", Code::GameNotFound),
    ("game_full", Code::GameFull),
    ("room_closed", Code::GameEnded),
    ("game_over", Code::GameEnded),
    ("rate_limited", Code::RateLimited),
    ("invalid_message", Code::InvalidMessage),
    ("id_reused", Code::InvalidMessage),
    ("authentication_required", Code::AuthenticationFailed),
    ("authentication_failed", Code::AuthenticationFailed),
    ("internal", Code::InternalError),
];

/// Why the server ends a connection that had said who it is.
pub(super) const ENDINGS: &[&str] = &["replaced", "token_expired", "token_revoked"];

/// How an action is given up.
pub(super) const RESIGN: &str = "resign";

/// An action as clients of the original name it, in compat mode: what it may be here, the likeliest first. A name that is not
/// here passes as it is.
pub(super) struct Foreign {
    pub(super) name: &'static str,
    pub(super) own: &'static [Own],
}

/// Refusals which say that something else was meant.
pub(super) const MISTAKEN: &[&str] = &["setup_is_over", "setup_first", "not_an_item", "not_an_ally", "not_a_field"];

/// An action of the room, and from which fields its own are taken: the first that is there.
pub(super) struct Own {
    pub(super) kind: &'static str,
    pub(super) fields: &'static [(&'static str, &'static [&'static str])],
}

const CARD: (&str, &[&str]) = ("card", &["card", "card_id", "card_instance_id", "instance_id"]);
const MONSTER: (&str, &[&str]) = ("monster", &["monster", "pokemon_id", "target_pokemon_id", "target_id"]);
const TARGET: (&str, &[&str]) = ("target", &["target", "target_id", "target_pokemon_id"]);
const BENCHED: (&str, &[&str]) = ("to", &["to", "new_active_id", "bench_pokemon_id", "pokemon_id", "target_id"]);

pub(super) const FOREIGN: &[Foreign] = &[
    Foreign { name: "play_pokemon", own: &[Own { kind: "place", fields: &[CARD] }, Own { kind: "play_basic", fields: &[CARD] }] },
    Foreign { name: "evolve", own: &[Own { kind: "evolve", fields: &[CARD, MONSTER] }] },
    Foreign { name: "attach_energy", own: &[Own { kind: "attach", fields: &[MONSTER] }] },
    Foreign {
        name: "play_trainer",
        own: &[
            Own { kind: "play_item", fields: &[CARD, TARGET] },
            Own { kind: "play_ally", fields: &[CARD, TARGET] },
            Own { kind: "play_field", fields: &[CARD] },
        ],
    },
    Foreign { name: "use_ability", own: &[Own { kind: "use_ability", fields: &[MONSTER, ("target", &["target"])] }] },
    Foreign {
        name: "attack",
        own: &[Own { kind: "attack", fields: &[("attack", &["attack", "attack_index", "index"]), TARGET] }],
    },
    Foreign { name: "retreat", own: &[Own { kind: "retreat", fields: &[BENCHED] }] },
    Foreign { name: "pass", own: &[Own { kind: "ready", fields: &[] }, Own { kind: "end_turn", fields: &[] }] },
    Foreign { name: "select_active", own: &[Own { kind: "choose_active", fields: &[BENCHED] }] },
];
