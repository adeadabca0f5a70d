//! What the rules and the table say of a request on one durable state: the only source of what a refusal may be.

use super::Judge;
use crate::model::{Past, State};
use parlour_room::inbox::INBOX_WINDOW_MS;
use parlour_room::{AnyTable, As, Fault, Joining, Rejected, Stamp, Who};
use serde_json::{Value, json};

/// A refusal's kind, code, text and details, as far as they are the rules' own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) &'static str, pub(super) String, pub(super) Option<(String, Option<String>)>);

impl Judge {
    pub(super) fn act_verdicts(past: &Past, state: &State, user: &str, id: Option<&str>, action: &str) -> Vec<Refused> {
        // Whether an id is still known depends on the room time at which it came, which only the shard knows.
        let try_at = |at_ms: u64| {
            let mut table = restore(past, state)?;
            table.act(Stamp { at_ms, ts_ms: 0 }, user, id, action).err().map(refused)
        };
        [state.at_ms, state.at_ms + INBOX_WINDOW_MS + 1].into_iter().filter_map(try_at).collect()
    }

    pub(super) fn join_verdict(past: &Past, state: &State, user: &str, wanted: As) -> Option<Refused> {
        let mut table = restore(past, state)?;
        let who = Who { user, name: user, bot: false };
        let admitted = if state.members.contains_key(user) { Ok(wanted) } else { table.admit(who, wanted) };
        match admitted {
            Ok(As::Player(seat)) => {
                let joining = Joining { who, bot: None, seat, nonce: None };
                table.join(Stamp { at_ms: state.at_ms, ts_ms: 0 }, joining).err().map(refused)
            }
            Ok(As::Spectator) => None,
            Err(rejected) => Some(refused(rejected)),
        }
    }
}

pub(super) fn restore(past: &Past, state: &State) -> Option<Box<dyn AnyTable>> {
    past.lives[state.life].kind.restore(&state.snapshot).ok()
}

pub(super) fn refused(rejected: Rejected) -> Refused {
    let plain = |kind, code: &str| Refused(kind, code.to_owned(), None);
    match rejected {
        Rejected::Invalid => plain("invalid", "invalid_action"),
        Rejected::IdReused => plain("invalid", "id_reused"),
        Rejected::Illegal(refusal) => {
            Refused("illegal", refusal.code, Some((refusal.message, refusal.details.map(String::from))))
        }
        Rejected::NotAdmitted(refusal) => {
            Refused("denied", refusal.code, Some((refusal.message, refusal.details.map(String::from))))
        }
        Rejected::Full => plain("denied", "game_full"),
        Rejected::SeatTaken => plain("denied", "seat_taken"),
        Rejected::NoSuchSeat => plain("invalid", "no_such_seat"),
        Rejected::SeatedElsewhere(_) => plain("illegal", "seated_elsewhere"),
        Rejected::NotMember => plain("denied", "not_in_room"),
        Rejected::Ended => plain("illegal", "room_closed"),
        Rejected::Fault(Fault::Panicked | Fault::Unsound(_) | Fault::Spoiled | Fault::Misfit) => plain("internal", "internal"),
    }
}

impl Refused {
    /// Whether this is what a client was told.
    pub(super) fn is(&self, payload: &Value) -> bool {
        let Refused(kind, code, own) = self;
        let own_is = |(message, details): &(String, Option<String>)| {
            let details = details.as_deref().map_or(Value::Null, |details| serde_json::from_str(details).unwrap_or(json!("?")));
            payload["message"] == **message && payload["details"] == details
        };
        payload["kind"] == *kind && payload["code"] == **code && own.as_ref().is_none_or(own_is)
    }
}
