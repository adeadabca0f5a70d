//! Who a connection is, while it goes on: a newer token of the same user, tokens that are taken back, and what becomes of a
//! connection when its user comes by another one.

use super::Shard;
use crate::code::Code;
use crate::dialect::native_out as say;
use crate::forward::{Body, ShardId, home};
use crate::io::{ConnId, Identity, Output};
use crate::revocation::Revocation;
use crate::session::Phase;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a user's second connection does to the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Second {
    /// Both go on.
    #[default]
    Joins,
    /// The first is told so and closed.
    Replaces,
}

/// Of users whose home is this shard, the one connection each may have, and its shard. Empty where they may have more.
pub(super) type Holders = BTreeMap<Arc<str>, (ShardId, ConnId)>;

impl Shard {
    /// A token came on a connection that is somebody already. It goes on as it was until the token was looked at.
    pub(super) fn refresh(&mut self, conn: ConnId, reference: Option<&str>, token: String) {
        let Some(session) = self.session(conn) else { return };
        if session.is_refreshing {
            return self.fail(conn, 0, reference, Code::AuthenticationPending);
        }
        session.is_refreshing = true;
        session.auth_reference = reference.map(str::to_owned);
        self.outputs.push_back(Output::Verify { conn, token });
    }

    /// That token was looked at. One that is not good, or another user's, changes nothing.
    pub(super) fn refreshed(&mut self, conn: ConnId, result: Result<Identity, Code>) {
        let Some(session) = self.session(conn).filter(|session| session.phase == Phase::Live && session.is_refreshing) else {
            return;
        };
        session.is_refreshing = false;
        let reference = session.auth_reference.take();
        let judged = match result {
            Ok(who) if session.who.as_ref().is_none_or(|before| before.user != who.user) => Err(Code::OtherUser),
            judged => judged,
        };
        match judged {
            Ok(who) => {
                session.who = Some(Arc::new(who));
                if let Some(reference) = reference {
                    self.say(conn, 0, |out| say::done(out, &reference, &say::Done::Plain));
                }
            }
            Err(code) => {
                *self.counts.auth_failures.entry(code.as_str()).or_default() += 1;
                self.fail(conn, 0, reference.as_deref(), code);
            }
        }
    }

    /// Tokens are taken back: who is here by one of them is told so, and is here no longer.
    pub(super) fn revoked(&mut self, revocation: &Revocation) {
        let covered = |who: &Arc<Identity>| revocation.covers(who);
        let own = self.sessions.iter().flatten().filter(|session| session.stands_for.is_none());
        let conns: Vec<ConnId> =
            own.filter(|session| session.who.as_ref().is_some_and(covered)).map(|session| session.conn).collect();
        conns.into_iter().for_each(|conn| self.end_with(conn, Code::TokenRevoked));
    }

    /// A connection is somebody's from here on: where a user may have one only, it is that one.
    pub(super) fn holds(&mut self, conn: ConnId) {
        self.tell_home(conn, Body::Holds);
    }

    /// It is gone.
    pub(super) fn holds_not(&mut self, conn: ConnId) {
        self.tell_home(conn, Body::HoldsNot);
    }

    /// Where there may be one only, the user's home decides which: so that of two which come at once, on two shards, one stays.
    fn tell_home(&mut self, conn: ConnId, word: fn(ConnId, Arc<str>) -> Body) {
        let (place, again_ms) = (self.settings.place, self.settings.limits.forward_again_ms);
        if self.settings.second == Second::Joins {
            return;
        }
        let Some(session) = self.session(conn).filter(|session| session.stands_for.is_none() && !session.is_call()) else {
            return;
        };
        let Some(user) = session.who.as_ref().map(|who| Arc::from(who.user.as_str())) else { return };
        match home(&user, place.shards) {
            to if to == place.shard => self.hears_who_holds(to, &word(conn, user)),
            to => self.lines.say(to, word(conn, user), self.now.mono_ms, again_ms),
        }
    }

    /// What a shard tells the home of a user, or that home tells a shard.
    pub(super) fn hears_who_holds(&mut self, from: ShardId, body: &Body) {
        match body {
            Body::Holds(conn, user) => match self.holders.insert(user.clone(), (from, *conn)) {
                Some((holder, before)) if before != *conn => self.tell_replaced(holder, before),
                _ => {}
            },
            Body::HoldsNot(conn, user) => {
                if self.holders.get(user).is_some_and(|(_, holding)| holding == conn) {
                    self.holders.remove(user);
                }
            }
            Body::Replaced(conn) => self.end_with(*conn, Code::Replaced),
            Body::Request(_) | Body::Gone(_) | Body::Anew(..) | Body::Notices(_) => unreachable!("heard elsewhere"),
        }
    }

    fn tell_replaced(&mut self, holder: ShardId, conn: ConnId) {
        if holder == self.settings.place.shard {
            return self.end_with(conn, Code::Replaced);
        }
        let again_ms = self.settings.limits.forward_again_ms;
        self.lines.say(holder, Body::Replaced(conn), self.now.mono_ms, again_ms);
    }

    fn end_with(&mut self, conn: ConnId, code: Code) {
        self.fail(conn, 0, None, code);
        self.hang_up(conn, 1008, code.as_str());
    }
}
