//! Pulses: shown to whom the rules name, kept by nobody but the last of each kind for those who come later. They wait behind the
//! room's last record like everything computed from a room; else nothing is promised of them.

use super::Shard;
use super::requests::Asker;
use crate::code::Code;
use crate::dialect::native_out::{self as say, Done, Failure, split};
use crate::hall::{Follow, Hall, Phase};
use crate::io::{ConnId, Now, Output};
use crate::pulses::{Bounds, News, Sender};
use parlour_room::{Rejected, Shown, Viewer};
use std::sync::Arc;

impl Shard {
    /// Whether a message of this type is a pulse of this room's kind.
    pub(super) fn is_pulse(&self, at: usize, name: &str) -> bool {
        match self.halls[at].as_ref().map(|hall| &hall.phase) {
            Some(Phase::Open { kind, .. }) => self.settings.kinds.is_pulse(kind.name(), name),
            _ => false,
        }
    }

    /// Whether a message of this type, from a member of this room, is nothing that its kind knows.
    pub(super) fn is_unknown(&mut self, at: usize, user: &str, name: &str) -> bool {
        let is_member = self.seat_of(at, user).is_ok();
        match self.halls[at].as_ref().map(|hall| &hall.phase) {
            Some(Phase::Open { kind, .. }) => is_member && !self.settings.kinds.is_action(kind.name(), name),
            _ => false,
        }
    }

    pub(super) fn pulse(&mut self, at: usize, asker: &Asker, pulse: &str, now: Now) {
        match self.try_pulse(at, asker, pulse, now) {
            Ok(()) => self.answer(at, asker, &Done::Plain),
            Err(failure) => self.refuse(at, asker, failure),
        }
    }

    fn try_pulse(&mut self, at: usize, asker: &Asker, pulse: &str, now: Now) -> Result<(), Failure> {
        let seat = self.seat_of(at, &asker.who.user)?;
        if self.hall(at).frozen.is_some() {
            return Err(Code::RoomFrozen.into());
        }
        if self.hall(at).table().is_some_and(|table| table.about().ended.is_some()) {
            return Err(Code::RoomClosed.into());
        }
        let from = Sender::Member(asker.who.user.as_str().into(), seat);
        match self.spread(at, from, pulse, Some(asker.conn), now) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Code::PulseRefused.into()),
            Err(Rejected::Fault(fault)) => Err(self.faulted(at, &fault, now)),
            Err(_) => Err(Code::InvalidPulse.into()),
        }
    }

    /// A job tells of its progress, and it is time to show it. One that is no longer open is not heard, nor is one whose pulse
    /// the rules show to nobody. A pulse that is none is told to the operator.
    pub(super) fn show_job_pulse(&mut self, room: &Arc<str>, key: &str, since: u64, pulse: &str, now: Now) {
        let Some(&at) = self.by_name.get(room) else { return };
        let from = Sender::Job(key.to_owned(), since);
        let is_open = self.hall(at).table().is_some_and(|table| from.is_there(table));
        if !is_open {
            return;
        }
        match self.spread(at, from, pulse, None, now) {
            Ok(_) => {}
            Err(Rejected::Fault(fault)) => self.trouble(at, &fault, now),
            Err(_) => self.outputs.push_back(Output::Note(format!("room {room}: job {key:?} told what is no pulse of its kind"))),
        }
    }

    /// Shows a pulse to whom the rules name; whether they name anybody.
    fn spread(&mut self, at: usize, from: Sender, pulse: &str, cause: Option<ConnId>, now: Now) -> Result<bool, Rejected> {
        let limits = &self.settings.limits;
        let bounds = Bounds { count: limits.pulses_per_room, ms: limits.pulse_ms, again_ms: limits.pulse_again_ms };
        if pulse.len() > limits.pulse_bytes {
            return Err(Rejected::Invalid);
        }
        let hall = self.halls[at].as_mut().expect("a room that pulses is there");
        let Some(table) = hall.table() else { return Err(Rejected::Invalid) };
        let seq = table.about().seq;
        let Some(shown) = table.pulse(from.source(), pulse)? else { return Ok(false) };
        let (kind, now_ms) = (split(&shown.body).0.to_owned(), now.mono_ms);
        let fades = shown.fades.clone().filter(|_| matches!(from, Sender::Member(..)));
        let news = News { kind: &kind, body: shown.body.clone(), seq, now_ms, fades };
        if hall.pulses.keep(from.clone(), news, bounds) {
            hall.show_pulse(&from, &shown, |follow| Some(follow.conn) != cause);
        }
        self.set_fading(at);
        self.touch(at);
        Ok(true)
    }

    /// Who saw a pulse that was to be followed by another one, and was not, is told that it is over.
    pub(super) fn fade_pulses(&mut self, now: Now) {
        while let Some((due_ms, at)) = self.fading.first().copied().filter(|(due_ms, _)| *due_ms <= now.mono_ms) {
            self.fading.remove(&(due_ms, at));
            let Some(hall) = self.halls[at].as_mut().filter(|hall| hall.fading == Some(due_ms)) else { continue };
            hall.fading = None;
            for (from, last) in hall.pulses.faded(now.mono_ms) {
                // If the rules show it to nobody any more, they who saw it have been told of more than that.
                let Some(Ok(Some(shown))) = hall.table().map(|table| table.pulse(from.source(), &last)) else { continue };
                let Sender::Member(user, _) = &from else { continue };
                hall.show_pulse(&from, &shown, |follow| follow.user != *user);
            }
            self.touch(at);
            self.set_fading(at);
        }
    }

    fn set_fading(&mut self, at: usize) {
        let Some(hall) = self.halls[at].as_mut() else { return };
        let due_ms = hall.pulses.fades_ms();
        if hall.fading == due_ms {
            return;
        }
        if let Some(old_ms) = hall.fading {
            self.fading.remove(&(old_ms, at));
        }
        hall.fading = due_ms;
        self.fading.extend(due_ms.map(|due_ms| (due_ms, at)));
    }

    /// Who comes in late, or lost track, is shown what is still shown.
    pub(super) fn greet_with_pulses(&mut self, at: usize, conn: ConnId, viewer: Viewer, now: Now) {
        let ms = self.settings.limits.pulse_ms;
        let hall = self.halls[at].as_mut().expect("a room that is joined is there");
        let Phase::Open { table, .. } = &hall.phase else { return };
        let about = table.about();
        let holder = viewer.seat().and_then(|seat| about.members.holder(seat));
        let since = holder.map_or(0, |(_, member)| member.since);
        for (from, body) in hall.pulses.greeting(table.as_ref(), viewer, since, now.mono_ms, ms) {
            let frame = hall.draft.frame(|out| say::pulse(out, &hall.name, from.source(), &body));
            hall.draft.send_news(conn, &frame);
        }
    }
}

impl Hall {
    /// A pulse, to whom the rules name among these.
    fn show_pulse(&mut self, from: &Sender, shown: &Shown, is_told: impl Fn(&Follow) -> bool) {
        let frame = self.draft.frame(|out| say::pulse(out, &self.name, from.source(), &shown.body));
        for follow in self.follows.iter().filter(|follow| is_told(follow) && shown.audience.includes(follow.viewer)) {
            self.draft.send_news(follow.conn, &frame);
        }
    }
}
