//! The one public table of codes: what a failure is called, what it means, and whether trying again can help. Every dialect
//! maps from it.

/// What sort of failure, the same words in every dialect's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The message is not what it must be.
    Invalid,
    /// The rules do not allow it now.
    Illegal,
    /// Whoever asks may not.
    Denied,
    /// Too much at a time.
    Limited,
    /// There is no such thing.
    NotFound,
    /// It came too late.
    Expired,
    /// It cannot be done just now.
    Unavailable,
    /// The server's or the rules' own fault.
    Internal,
}

impl Kind {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Illegal => "illegal",
            Kind::Denied => "denied",
            Kind::Limited => "limited",
            Kind::NotFound => "not_found",
            Kind::Expired => "expired",
            Kind::Unavailable => "unavailable",
            Kind::Internal => "internal",
        }
    }

    /// The HTTP status that carries it.
    pub fn http_status(self) -> u16 {
        match self {
            Kind::Invalid => 400,
            Kind::Illegal => 409,
            Kind::Denied => 403,
            Kind::Limited => 429,
            Kind::NotFound => 404,
            Kind::Expired => 401,
            Kind::Unavailable => 503,
            Kind::Internal => 500,
        }
    }
}

macro_rules! codes {
    ($($name:ident $text:literal $kind:ident $retry:literal $message:literal,)*) => {
        /// A failure of the server itself; the rules of a room have codes of their own beside these.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $(#[doc = $message] $name,)* }

        impl Code {
            /// All of them, for documentation.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// Its name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What sort of failure it is.
            pub fn kind(self) -> Kind {
                match self { $(Code::$name => Kind::$kind,)* }
            }

            /// Whether the same request may succeed later.
            pub fn retry(self) -> bool {
                match self { $(Code::$name => $retry,)* }
            }

            /// The fixed text for people.
            pub fn message(self) -> &'static str {
                match self { $(Code::$name => $message,)* }
            }
        }
    };
}

codes! {
    InvalidMessage "invalid_message" Invalid false "The message is not a JSON object with a type and fields as documented.",
    UnsupportedVersion "unsupported_version" Invalid false "This server speaks version 1: leave v out or send 1.",
    UnknownType "unknown_type" Invalid false "There is no such message; a room's own action must name its room.",
    BinaryUnsupported "binary_unsupported" Invalid false "Send text frames: this protocol is JSON.",
    InvalidAction "invalid_action" Invalid false "The action does not match this kind's schema, which GET /v1/kinds shows.",
    NotAtomic "not_atomic" Invalid false "This kind of room keeps or drops no batch whole: send it without atomic.",
    InvalidBatch "invalid_batch" Invalid false "A batch has 1 to 32 actions, each an object.",
    InvalidPulse "invalid_pulse" Invalid false "The pulse does not match this kind's schema, or is longer than the server takes.",
    InvalidConfig "invalid_config" Invalid false "The configuration does not match its schema, which GET /v1/kinds shows.",
    InvalidName "invalid_name" Invalid false "A room's name has 1 to 64 characters, unless configured, of a-z A-Z 0-9 . - and _.",
    InvalidNonce "invalid_nonce" Invalid false "A nonce is a string of at most 64 bytes.",
    UnknownKind "unknown_kind" Invalid false "This server has no such kind of room; GET /v1/kinds lists those it has.",
    UnknownTopic "unknown_topic" Invalid false "The topics are rooms, rooms:KIND and system.",
    NoHistory "no_history" Invalid false "Rooms of this kind keep no history.",
    OtherLife "other_life" Invalid false "This position is of another life of the room: leave before out.",
    UnknownBot "unknown_bot" Invalid false "There is no bot of this name.",
    BotNotSeated "bot_not_seated" Denied false "The rules of this room give no seat to a bot there.",
    IdReused "id_reused" Invalid false "This message id was already used for something else: take a new one.",
    RoomExists "room_exists" Illegal false "A room of this name is open: join it, or choose another name.",
    RoomClosed "room_closed" Illegal false "The room has ended; it can be viewed, but nothing can be played in it.",
    PulseRefused "pulse_refused" Illegal false "The rules show this to nobody just now.",
    SeatedElsewhere "seated_elsewhere" Illegal false "You hold another seat in this room: leave it first.",
    AuthenticationRequired "authentication_required" Denied false "Say who you are first: send a token.",
    AuthenticationFailed "authentication_failed" Denied false "The token is not valid here.",
    TokenTooLong "token_too_long" Denied false "The token is longer than this server looks at.",
    KeysUnavailable "keys_unavailable" Unavailable true "The key of this token cannot be had just now: try again in a moment.",
    TokenExpired "token_expired" Expired false "The token has expired: get a new one and connect again.",
    TokenRevoked "token_revoked" Denied false "This token was taken back: get a new one and connect again.",
    AuthenticationPending "authentication_pending" Illegal true "Another token of this connection is being looked at.",
    OtherUser "other_user" Denied false "This token is another user's: connect anew to be somebody else.",
    Replaced "replaced" Denied false "You connected from elsewhere, and you may have one connection here.",
    TooManyRevocations "too_many_revocations" Limited false "As many revocations are kept as may be: take some back.",
    NotKept "not_kept" Unavailable true "It could not be written to disk, so it does not count.",
    RoleRequired "role_required" Denied false "Your token's role does not allow this.",
    GameFull "game_full" Denied true "Every seat is taken; you may join as a spectator.",
    SeatTaken "seat_taken" Denied true "This seat is taken.",
    NoSuchSeat "no_such_seat" Invalid false "The room has no such seat.",
    NotInRoom "not_in_room" Denied false "You hold no seat in this room: join it first.",
    RoomNotFound "room_not_found" NotFound false "There is no room of this name that you may see.",
    TooManyRooms "too_many_rooms" Limited true "This server has as many rooms open as it may.",
    TooManyFollowed "too_many_followed" Limited true "This connection follows as many rooms as it may: unsubscribe from one.",
    TooManyTopics "too_many_topics" Limited true "This connection hears of as many topics as it may: unsubscribe from one.",
    TooManyInRoom "too_many_in_room" Limited true "This room has as many people in it as it may.",
    TooManyConnections "too_many_connections" Limited true "You have as many connections open as you may: close one.",
    RateLimited "rate_limited" Limited true "You ask for more than you may at a time: wait retry_after_ms.",
    OpeningTooFast "opening_too_fast" Limited true "You or your address opened too many rooms: join one, or wait retry_after_ms.",
    TooManyCalls "too_many_calls" Limited true "Too many requests of the HTTP API are waiting for their answers.",
    TooManyWaiting "too_many_waiting" Limited true "Too many requests are waiting for this room.",
    RoomFrozen "room_frozen" Unavailable true "The room is frozen after a fault in its rules and waits for its operator.",
    RoomUnreadable "room_unreadable" Unavailable true "The room's journal cannot be played here; its operator can see why.",
    OtherRules "other_rules" Unavailable false "The room was recorded under other rules than this server has.",
    Draining "draining" Unavailable true "This server is shutting down: connect again.",
    RoomNotReached "room_not_reached" Unavailable true "The room did not answer in time: repeat it with the same id.",
    NotTracked "not_tracked" Unavailable false "This server keeps no count of connections: start it with --cluster alone or redis://HOST.",
    ClusterDown "cluster_down" Unavailable true "The cluster's Redis cannot be reached just now.",
    JournalDown "journal_down" Unavailable true "The journal cannot be read just now.",
    Internal "internal" Internal true "Something went wrong in the rules of this room; nothing of it was kept.",
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_distinct_snake_case_and_says_something() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code:?}");
            assert!(code.message().ends_with('.'), "{code:?}");
        }
    }
}
