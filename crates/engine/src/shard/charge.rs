//! What requests cost, and who asks too much: at the entry of a request, before anything of it is done.

use super::Shard;
use crate::code::Code;
use crate::dialect::native::Request;
use crate::dialect::native_out::Failure;
use crate::io::{Call, CallId, ConnId, Identity, Now, Output, Reply};
use crate::limiter::Refused;

impl Shard {
    /// Takes what a message costs; if that is not there it is answered, and so done with.
    pub(super) fn is_affordable(&mut self, conn: ConnId, request: &Request<'_>, bytes: usize, now: Now) -> bool {
        let weight = request.command.as_ref().map_or(1, |command| command.weight());
        let cost = self.limiter.cost(weight, bytes);
        match self.charge(conn, cost, now) {
            Ok(()) => true,
            Err(refused) => {
                self.fail(conn, 0, request.reference.as_deref(), refused);
                self.strike(conn, TOO_MANY, now);
                false
            }
        }
    }

    /// Takes what a control frame costs: who sends too many gets no answer to them.
    pub(super) fn is_heeded(&mut self, conn: ConnId, now: Now) -> bool {
        let is_heeded = self.charge(conn, 1, now).is_ok();
        if !is_heeded {
            self.strike(conn, "too many control frames", now);
        }
        is_heeded
    }

    /// A message that is none: it is answered, and counts against its sender.
    pub(super) fn junk(&mut self, conn: ConnId, number: u64, reference: Option<&str>, code: Code, now: Now) {
        self.fail(conn, number, reference, code);
        self.strike(conn, "too many messages that are none", now);
    }

    /// The same of one that was answered already.
    pub(super) fn is_junk(&mut self, conn: ConnId, now: Now) {
        // Whether or not that is there, it cannot be answered again.
        let _ = self.charge(conn, 1, now);
        self.strike(conn, "too many messages that are none", now);
    }

    /// A frame that is no text.
    pub(super) fn binary(&mut self, conn: ConnId, now: Now) {
        if self.charge(conn, 1, now).map_err(|refused| self.fail(conn, 0, None, refused)).is_ok() {
            return self.junk(conn, 0, None, Code::BinaryUnsupported, now);
        }
        self.strike(conn, TOO_MANY, now);
    }

    /// Takes what a request of the HTTP API costs; if that is not there it is answered, and so done with.
    pub(super) fn is_call_affordable(&mut self, from: CallId, by: &Identity, call: &Call, now: Now) -> bool {
        let cost = match call {
            Call::Counts => return true,
            Call::List(names) => 1 + u64::try_from(names.len() / NAMES_PER_TOKEN).unwrap_or(u64::MAX),
            Call::Open(_) | Call::Close(_) | Call::Show(_) | Call::Members { .. } => 1,
        };
        let Err(refused) = self.limiter.charge_user(&by.user, cost, now.mono_ms) else { return true };
        self.count_refused(refused);
        self.outputs.push_back(Output::Reply { to: from, reply: Reply::Failed(refused.into()) });
        false
    }

    /// Takes what opening a room costs.
    pub(super) fn may_open(&mut self, user: &str, conn: Option<ConnId>, now: Now) -> Result<(), Failure> {
        let place = conn.and_then(|conn| self.places.get(&conn).copied());
        let purse = place.and_then(|place| self.sessions[place].as_ref()).map(|session| &session.purse);
        self.limiter.charge_opening(user, purse, now.mono_ms).map_err(|refused| self.count_refused(refused).into())
    }

    pub(super) fn count_refused(&mut self, refused: Refused) -> Refused {
        self.counts.rate_limited[refused.scope as usize] += 1;
        refused
    }

    pub(super) fn charge(&mut self, conn: ConnId, cost: u64, now: Now) -> Result<(), Refused> {
        let Some(session) = self.places.get(&conn).and_then(|place| self.sessions[*place].as_mut()) else { return Ok(()) };
        self.limiter.charge(&mut session.purse, cost, now.mono_ms).map_err(|refused| self.count_refused(refused))
    }

    fn strike(&mut self, conn: ConnId, why: &'static str, now: Now) {
        let Some(session) = self.places.get(&conn).and_then(|place| self.sessions[*place].as_mut()) else { return };
        if self.limiter.strike(&mut session.purse, now.mono_ms) {
            self.hang_up(conn, 1008, why);
        }
    }
}

/// Of a list so many rooms cost as much as one request.
const NAMES_PER_TOKEN: usize = 50;
/// Why a connection ends that goes on although it was told when to.
const TOO_MANY: &str = "too many requests";
