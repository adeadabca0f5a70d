//! What a room shows and never keeps: the last pulse of each type from each sender, in memory only, for those who come later.

use parlour_room::{AnyTable, Audience, Shown, Source, Viewer};
use std::collections::VecDeque;
use std::sync::Arc;

/// The pulses that greet who comes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pulses(VecDeque<Pulse>);

#[derive(Debug)]
struct Pulse {
    from: Sender,
    kind: String,
    body: String,
    /// The room's last record when it came: who took a seat later was not meant.
    seq: u64,
    mono_ms: u64,
    /// When it was shown to those who were here; since then it may have been sent again.
    shown_ms: u64,
    /// When it is over, and the pulse that says so.
    fades: Option<(u64, String)>,
}

/// A pulse that comes in.
pub(crate) struct News<'a> {
    pub(crate) kind: &'a str,
    pub(crate) body: String,
    pub(crate) seq: u64,
    pub(crate) now_ms: u64,
    pub(crate) fades: Option<(u64, String)>,
}

/// Who sent a pulse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A member; pulses of theirs end with their tenure, or when they are here no more.
    Member(Arc<str>, parlour_room::Seat),
    /// A job that the record of this number started; its pulses end with it.
    Job(String, u64),
}

impl Sender {
    pub(crate) fn source(&self) -> Source<'_> {
        match self {
            Sender::Member(_, seat) => Source::Member(*seat),
            Sender::Job(key, _) => Source::Job(key),
        }
    }

    /// Whether it still sends, as far as the table knows.
    pub(crate) fn is_there(&self, table: &dyn AnyTable) -> bool {
        let about = table.about();
        match self {
            Sender::Member(user, seat) => about.members.get(&**user).is_some_and(|member| member.seat == *seat),
            Sender::Job(key, since) => about.jobs.get(key).is_some_and(|job| job.since == *since),
        }
    }
}

/// How many pulses a room keeps at most, and for how long a member's.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) count: usize,
    pub(crate) ms: u64,
    /// For so long the same again is not shown.
    pub(crate) again_ms: u64,
}

impl Pulses {
    /// The last of its type from its sender replaces the one before it. Whether it is to be shown: it says something new, or
    /// something that was not said just now.
    pub(crate) fn keep(&mut self, from: Sender, news: News<'_>, bounds: Bounds) -> bool {
        let News { kind, body, seq, now_ms, fades } = news;
        let before = self.0.iter().position(|pulse| pulse.from == from && pulse.kind == kind).and_then(|at| self.0.remove(at));
        let is_again = |before: &Pulse| before.body == body && now_ms.saturating_sub(before.shown_ms) < bounds.again_ms;
        let again = before.filter(is_again);
        let (is_shown, shown_ms) = (again.is_none(), again.map_or(now_ms, |before| before.shown_ms));
        let fades = fades.map(|(after_ms, last)| (now_ms.saturating_add(after_ms), last));
        self.0.push_back(Pulse { from, kind: kind.to_owned(), body, seq, mono_ms: now_ms, shown_ms, fades });
        self.forget_old(now_ms, bounds.ms);
        while self.0.len() > bounds.count {
            self.0.pop_front();
        }
        is_shown
    }

    /// When the first of those is over that say so.
    pub(crate) fn fades_ms(&self) -> Option<u64> {
        self.0.iter().filter_map(|pulse| pulse.fades.as_ref().map(|(due_ms, _)| *due_ms)).min()
    }

    /// Those that are over: from whom, and what says so.
    pub(crate) fn faded(&mut self, now_ms: u64) -> Vec<(Sender, String)> {
        let is_over = |pulse: &Pulse| pulse.fades.as_ref().is_some_and(|(due_ms, _)| *due_ms <= now_ms);
        let mut over = Vec::new();
        while let Some(pulse) = self.0.iter().position(is_over).and_then(|at| self.0.remove(at)) {
            over.extend(pulse.fades.map(|(_, last)| (pulse.from, last)));
        }
        over
    }

    fn forget_old(&mut self, now_ms: u64, ms: u64) {
        let is_lasting = |pulse: &Pulse| matches!(pulse.from, Sender::Job(..)) || pulse.fades.is_some();
        let is_old = |pulse: &Pulse| !is_lasting(pulse) && now_ms.saturating_sub(pulse.mono_ms) > ms;
        self.0.retain(|pulse| !is_old(pulse));
    }

    /// A member is here no more.
    pub(crate) fn forget(&mut self, user: &str) {
        self.0.retain(|pulse| !matches!(&pulse.from, Sender::Member(of, _) if **of == *user));
    }

    /// What somebody who comes in as this viewer may see, if their tenure began with record `since`: the rules are asked again,
    /// and what was meant for seats is not shown to who took one later.
    pub(crate) fn greeting(
        &mut self,
        table: &dyn AnyTable,
        viewer: Viewer,
        since: u64,
        now_ms: u64,
        ms: u64,
    ) -> Vec<(Sender, String)> {
        self.forget_old(now_ms, ms);
        self.0.retain(|pulse| pulse.from.is_there(table));
        let shown = self.0.iter().filter_map(|pulse| {
            let Shown { body, audience, .. } = table.pulse(pulse.from.source(), &pulse.body).ok()??;
            let is_meant = match &audience {
                Audience::Everybody => true,
                Audience::Seats(_) => since <= pulse.seq && audience.includes(viewer),
            };
            is_meant.then(|| (pulse.from.clone(), body))
        });
        shown.collect()
    }
}
