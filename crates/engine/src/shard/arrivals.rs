//! Who comes: a connection begins a session, its token is looked at, and it is greeted. "bytes -> framing -> session".

use super::Shard;
use crate::code::Code;
use crate::dialect::native_out as say;
use crate::io::{Address, ConnId, Identity, Now, Output};
use crate::session::{Phase, Session};
use std::sync::Arc;

impl Shard {
    pub(super) fn opened(&mut self, conn: ConnId, address: Option<Address>, entropy: [u8; 32], now: Now) {
        let mut session = Session::new(conn, entropy, now.mono_ms, &self.settings.limits);
        self.limiter.arrive(&mut session.purse, address);
        self.seat_session(session);
        self.counts.connections += 1;
        self.counts.connections_opened += 1;
    }

    pub(super) fn verify(&mut self, conn: ConnId, token: String) {
        if let Some(session) = self.session(conn) {
            session.phase = Phase::Verifying;
            self.outputs.push_back(Output::Verify { conn, token });
        }
    }

    pub(super) fn verified(&mut self, conn: ConnId, result: Result<Identity, Code>, now: Now) {
        let is_possible = |who: &Identity| who.is_possible(&self.settings.limits);
        let result = result.and_then(|who| if is_possible(&who) { Ok(who) } else { Err(Code::AuthenticationFailed) });
        let Some(session) = self.session(conn) else { return };
        if session.phase != Phase::Verifying {
            return self.refreshed(conn, result);
        }
        match result {
            Ok(who) => self.greet(conn, who, None),
            Err(code) => {
                let reference = session.auth_reference.take();
                *self.counts.auth_failures.entry(code.as_str()).or_default() += 1;
                if self.is_refused_on_wire(conn, code) {
                    self.is_junk(conn, now);
                } else {
                    self.say(conn, 0, |out| say::failed(out, reference.as_deref(), &code.into()));
                    return self.hang_up(conn, if code.retry() { 1013 } else { 1008 }, code.as_str());
                }
            }
        }
        let conn = self.take_up_stash(conn, now);
        self.take_posted(conn, now);
    }

    pub(super) fn greet(&mut self, conn: ConnId, who: Identity, token: Option<&str>) {
        let settings = self.settings.clone();
        let Some(session) = self.places.get(&conn).and_then(|place| self.sessions[*place].as_mut()) else { return };
        if let Err(refused) = self.limiter.recognise(&mut session.purse, &who.user) {
            let (reference, refused) = (session.auth_reference.take(), self.count_refused(refused));
            self.is_refused_on_wire(conn, refused.code);
            self.fail(conn, 0, reference.as_deref(), refused);
            return self.hang_up(conn, 1013, refused.code.as_str());
        }
        self.is_known_on_wire(conn);
        let Some(session) = self.session(conn) else { return };
        session.phase = Phase::Live;
        let (user, id, reference) = (who.user.clone(), session.id.clone(), session.auth_reference.take());
        session.who = Some(Arc::new(who));
        self.holds(conn);
        self.track_here(conn);
        self.say(conn, 0, |out| say::connected(out, &user, &id, token, &settings.server, &settings.limits));
        if let Some(reference) = reference {
            self.say(conn, 0, |out| say::done(out, &reference, &say::Done::Plain));
        }
    }
}
