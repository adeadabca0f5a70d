//! What a client asked: "Command -> session". Each request that can be correlated gets exactly one answer.

use super::Shard;
use super::members::Wish;
use super::play::By;
use crate::code::Code;
use crate::command::Command;
use crate::dialect::native;
use crate::dialect::native_out::{self as say, Done, Failure};
use crate::hall::{Asked, Phase, To, Waiting};
use crate::io::{ConnId, Identity, Now};
use crate::session::Session;
use parlour_room::{Seat, Seed};
use std::borrow::Cow;
use std::sync::Arc;

/// Who asks, and where the answer goes.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(super) conn: ConnId,
    pub(super) who: Arc<Identity>,
    /// The request's number, if it came from another shard; else 0.
    pub(super) number: u64,
    pub(super) reference: Option<String>,
    /// Whether a room was opened for it, and whether this was answered before: where it asked for any room of a kind.
    pub(super) found: Option<(bool, bool)>,
}

impl Asker {
    pub(super) fn to(&self) -> To {
        To { conn: self.conn, number: self.number, reference: self.reference.clone() }
    }

    pub(super) fn by(&self) -> By<'_> {
        By { opener: &self.who.user, who: &self.who, conn: Some(self.conn) }
    }
}

/// A message as it is asked: `room` is the one that another shard read in it or chose, `found` the one it waited for.
#[derive(Clone, Copy, Default)]
pub(super) struct Asking<'a> {
    pub(super) text: &'a str,
    pub(super) number: u64,
    pub(super) room: Option<&'a Arc<str>>,
    pub(super) found: Option<usize>,
}

impl Shard {
    /// One message.
    pub(super) fn request(&mut self, conn: ConnId, asking: Asking<'_>, now: Now) {
        let settings = self.settings.clone();
        let request = native::decode(asking.text, &settings.limits);
        // What another shard sends on was charged there.
        let is_new = asking.found.is_none() && asking.number == 0;
        if is_new && !self.is_affordable(conn, &request, asking.text.len(), now) {
            return;
        }
        let (number, reference) = (asking.number, request.reference.as_deref());
        let Some(session) = self.session(conn) else { return };
        let who = session.who.clone();
        let command = match (request.command, who) {
            (Ok(Command::Auth(token)), Some(_)) => return self.refresh(conn, reference, token.into_owned()),
            (Ok(Command::Auth(token)), None) => {
                session.auth_reference = reference.map(str::to_owned);
                let token = token.into_owned();
                return self.verify(conn, token);
            }
            (_, None) => return self.junk(conn, number, reference, Code::AuthenticationRequired, now),
            (Err(code), Some(_)) => return self.junk(conn, number, reference, code, now),
            (Ok(command), Some(who)) => (command, who),
        };
        let (command, who) = command;
        let asker = Asker { conn, who, number, reference: reference.map(str::to_owned), found: None };
        let room = match &command {
            Command::Auth(_) => unreachable!("handled above"),
            Command::Ping => {
                self.say(conn, 0, say::pong);
                return self.succeed(&asker);
            }
            Command::List(list) => return self.list(asker, list),
            Command::Subscribe(topic) => return self.subscribe(&asker, topic.clone(), asking.text, now),
            Command::UnsubscribeTopic(topic) => return self.unsubscribe_topic(&asker, topic, asking.text, now),
            Command::Find(find) => match self.meeting_place(find) {
                Ok(place) if number == 0 && !self.is_home_of(&place) => {
                    return self.send_on_if_it_stays(&asker, &place, &command, asking.text, now);
                }
                Ok(_) => return self.find_room(asker, find, now),
                Err(code) => return self.fail(conn, number, reference, code),
            },
            _ if asking.room.is_some() => Cow::Borrowed(asking.room.map_or("", |room| room)),
            Command::Open(open) => {
                let luck = seed(self.session(conn));
                match self.name_for(open, &asker.who.user, luck) {
                    Ok(name) => Cow::Owned(name),
                    Err(code) => return self.fail(conn, number, reference, code),
                }
            }
            Command::Join { room, .. } | Command::Leave(room) | Command::Unsubscribe(room) | Command::Legal(room) => room.clone(),
            Command::Act { room, .. } | Command::Batch { room, .. } | Command::History { room, .. } => room.clone(),
            Command::Resign { room, .. } => room.clone(),
        };
        if number == 0 && !self.is_home_of(&room) {
            return self.send_on_if_it_stays(&asker, &room, &command, asking.text, now);
        }
        let Some(at) = asking.found.or_else(|| self.room_for(&room, conn, asking, reference)) else { return };
        let plays =
            !matches!(command, Command::Legal(_) | Command::History { .. } | Command::Unsubscribe(_) | Command::Join { .. });
        if plays && self.draining.is_some() {
            // Rooms were put away: what would be played now could not be answered any more.
            return self.refuse(at, &asker, Code::Draining);
        }
        let has_own_rule = matches!(command, Command::Open(_) | Command::Join { .. } | Command::History { .. });
        if !has_own_rule && self.is_hidden(at, &asker) {
            return self.refuse(at, &asker, Code::RoomNotFound);
        }
        let before = self.hall(at).draft.bytes.len();
        match command {
            Command::Auth(_)
            | Command::Ping
            | Command::List(_)
            | Command::Find(_)
            | Command::Subscribe(_)
            | Command::UnsubscribeTopic(_) => unreachable!("answered above"),
            Command::Open(open) => {
                let seed = seed(self.session(conn));
                self.open_for(at, &asker, &open, seed, now);
            }
            Command::Join { wanted, nonce, after, opens, patches, .. } => {
                let luck = |shard: &mut Self| seed(shard.session(conn));
                if let Err(failure) = if opens { self.open_if_it_stands(at, &asker, wanted, luck, now) } else { Ok(()) } {
                    return self.refuse(at, &asker, failure);
                }
                let wish = Wish { wanted, nonce: nonce.as_deref(), after: after.as_ref(), patches };
                self.join(at, &asker, wish, now);
            }
            Command::Leave(_) => self.leave(at, &asker, now),
            Command::Unsubscribe(_) => self.unsubscribe(at, &asker),
            Command::History { before, limit, .. } => self.history(at, &asker, before.as_ref(), limit),
            Command::Legal(_) => self.legal(at, &asker, now),
            Command::Act { own: Some(kind), action, .. } if self.is_pulse(at, &kind) => self.pulse(at, &asker, &action, now),
            Command::Act { own: Some(kind), .. } if self.is_unknown(at, &asker.who.user, &kind) => {
                self.refuse(at, &asker, Code::UnknownType);
            }
            Command::Act { id, action, events, .. } => self.act(at, &asker, id.as_deref(), &action, events, now),
            Command::Resign { id, .. } => self.resign(at, &asker, id.as_deref(), now),
            Command::Batch { id, atomic, actions, .. } => self.batch(at, &asker, id.as_deref(), atomic, &actions, now),
        }
        let after = self.halls[at].as_ref().map_or(0, |hall| hall.draft.bytes.len());
        self.said(conn, after.saturating_sub(before));
    }

    /// A server that shuts down answers what it has sent on, and sends on no more.
    fn send_on_if_it_stays(&mut self, asker: &Asker, room: &str, command: &Command<'_>, text: &str, now: Now) {
        if self.draining.is_some() {
            return self.fail(asker.conn, asker.number, asker.reference.as_deref(), Code::Draining);
        }
        self.send_on(asker, room, command, text, now);
    }

    /// Counts what a request has made this connection be owed, until the end of the turn tells exactly.
    pub(super) fn said(&mut self, conn: ConnId, bytes: usize) {
        let Some(session) = self.session(conn).filter(|_| bytes > 0) else { return };
        let is_first = session.said == 0;
        session.said += bytes;
        if is_first {
            self.talkers.push(conn);
        }
    }

    /// The room, if it is here; else the request waits until it was read.
    fn room_for(&mut self, room: &str, conn: ConnId, asking: Asking<'_>, reference: Option<&str>) -> Option<usize> {
        let Asking { text, number, room: chosen, .. } = asking;
        let at = match self.find(room) {
            Ok(at) => at,
            Err(code) => {
                self.fail(conn, number, reference, code);
                return None;
            }
        };
        let limit = self.settings.limits.waiting_per_room;
        let Phase::Loading(waiting) = &mut self.hall(at).phase else { return Some(at) };
        if waiting.len() < limit {
            waiting.push_back(Waiting::Frame(conn, Asked { text: text.to_owned(), number, room: chosen.cloned() }));
        } else {
            self.fail(conn, number, reference, Code::TooManyWaiting);
        }
        None
    }

    fn legal(&mut self, at: usize, asker: &Asker, now: Now) {
        let seat = match self.seat_of(at, &asker.who.user) {
            Ok(seat) => seat,
            Err(code) => return self.refuse(at, asker, code),
        };
        let frozen = self.hall(at).frozen.is_some();
        let ended = self.hall(at).table().is_some_and(|table| table.about().ended.is_some());
        match self.hall(at).table().map(|table| table.legal(seat)) {
            _ if frozen => self.answer(at, asker, &Done::Legal { actions: &[], ended }),
            Some(Ok(actions)) => self.answer(at, asker, &Done::Legal { actions: &actions, ended }),
            Some(Err(fault)) => {
                let failure = self.faulted(at, &fault, now);
                self.refuse(at, asker, failure);
            }
            None => self.refuse(at, asker, Code::RoomNotFound),
        }
    }

    /// The seat of this user in a room that can be looked at.
    pub(super) fn seat_of(&mut self, at: usize, user: &str) -> Result<Seat, Code> {
        match &self.hall(at).phase {
            Phase::Open { table, .. } => table.about().members.get(user).map(|member| member.seat).ok_or(Code::NotInRoom),
            Phase::Broken(code) => Err(*code),
            Phase::Absent | Phase::Loading(_) => Err(Code::RoomNotFound),
        }
    }

    /// Says that something was done, where no room is the source of the answer.
    pub(super) fn succeed(&mut self, asker: &Asker) {
        if let Some(reference) = asker.reference.as_deref() {
            self.say(asker.conn, asker.number, |out| say::done(out, reference, &Done::Plain));
        }
    }

    /// Says that something failed, where no room is the source of the answer.
    pub(super) fn fail(&mut self, conn: ConnId, number: u64, reference: Option<&str>, failure: impl Into<Failure>) {
        self.say(conn, number, |out| say::failed(out, reference, &failure.into()));
    }

    /// An answer computed from a room, other than to an action.
    pub(super) fn answer(&mut self, at: usize, asker: &Asker, done: &Done<'_>) {
        self.settle_before_answer(at, asker.conn);
        let answer = asker.reference.as_deref().map(|reference| move |out: &mut Vec<u8>| say::done(out, reference, done));
        self.hall(at).answer(asker.conn, asker.number, answer);
        self.touch(at);
    }

    /// A refusal computed from a room, other than of an action.
    pub(super) fn refuse(&mut self, at: usize, asker: &Asker, failure: impl Into<Failure>) {
        self.settle_before_answer(at, asker.conn);
        let failure = failure.into();
        if self.settings.planted == Some(super::Planted::RefuseEarly) {
            return self.say(asker.conn, asker.number, |out| say::failed(out, asker.reference.as_deref(), &failure));
        }
        let answer = |out: &mut Vec<u8>| say::failed(out, asker.reference.as_deref(), &failure);
        self.hall(at).answer(asker.conn, asker.number, Some(answer));
        self.touch(at);
    }

    /// Answers go out in the order of their requests: what this connection is still owed by the room comes first.
    pub(super) fn settle_before_answer(&mut self, at: usize, conn: ConnId) {
        if self.hall(at).owes(conn) {
            self.settle(at);
        }
    }
}

fn seed(session: Option<&mut Session>) -> Seed {
    session.expect("whoever asks has a session").seed()
}
