//! Rooms come and go: reading them, holding back what is not durable, letting go what is.

use super::lines::SentOnce;
use super::play::stamp;
use super::requests::{Asker, Asking};
use super::{Planted, Shard};
use crate::code::Code;
use crate::dialect::native_out::{self as say, Failure};
use crate::hall::{Asked, Hall, Phase, Read, RoomClock, ViewFault, Waiting, read};
use crate::io::{Now, Output, Reply};
use crate::store::{EndedRow, History, ReadError, Snapshot};
use parlour_room::{Fault, Played};
use std::collections::VecDeque;
use std::sync::Arc;

impl Shard {
    pub(super) fn hall(&mut self, at: usize) -> &mut Hall {
        self.halls[at].as_mut().expect("a room that something points to is there")
    }

    /// The room of this name, which is being read if it was not here.
    pub(super) fn find(&mut self, name: &str) -> Result<usize, Code> {
        if let Some(at) = self.by_name.get(name) {
            return Ok(*at);
        }
        if !self.has_room_for_one_more() {
            return Err(Code::TooManyRooms);
        }
        if self.loads >= self.settings.limits.loads {
            return Err(Code::TooManyWaiting);
        }
        self.loads += 1;
        let name: Arc<str> = name.into();
        let at = self.free_halls.pop().unwrap_or_else(|| {
            self.halls.push(None);
            self.halls.len() - 1
        });
        self.halls[at] = Some(Box::new(Hall::new(name.clone())));
        self.by_name.insert(name.clone(), at);
        self.make_bed(at);
        self.outputs.push_back(Output::Load(name));
        Ok(at)
    }

    pub(super) fn loaded(&mut self, room: &Arc<str>, result: Result<Option<History>, ReadError>, now: Now) {
        let Some(&at) = self.by_name.get(room) else { return };
        let hall = self.halls[at].as_mut().expect("named rooms are there");
        let Phase::Loading(waiting) = &mut hall.phase else { return };
        let mut waiting = std::mem::take(waiting);
        hall.phase = Phase::Absent;
        self.loads -= 1;
        let frozen = hall.frozen.is_some();
        let was_due = self.was_due(room);
        match result {
            Err(ReadError::Failed(why)) => {
                self.outputs.push_back(Output::Note(format!("room {room}: {why}")));
                self.missed_a_room(now);
                self.send_away(at, Code::JournalDown.as_str());
                return self.refuse_waiting(at, waiting, Code::JournalDown);
            }
            Err(damaged @ ReadError::Damaged { .. }) => self.broken(at, Code::RoomUnreadable, damaged.to_string()),
            Ok(history) => match read(&self.settings.kinds, room, history.as_ref(), now.wall_ms) {
                // Nobody follows a room that never was; of one that is gone they are told.
                Read::Absent => self.send_away(at, Code::RoomNotFound.as_str()),
                Read::Broken(code, why) => self.broken(at, code, why),
                Read::Table { taken_over: Some(_), .. } if self.draining.is_some() => {
                    self.send_away(at, Code::Draining.as_str());
                    return self.refuse_waiting(at, waiting, Code::Draining);
                }
                Read::Table { kind, table, snapshot_bytes, tail_bytes, tail_records, taken_over } => {
                    let hall = self.hall(at);
                    // Read again after a panic: it was here all the time, and so its time went on.
                    let passed_ms = if hall.has_clock { hall.clock.room_ms(now.mono_ms) } else { 0 };
                    let room_ms = table.about().at_ms.max(passed_ms);
                    hall.has_clock = true;
                    hall.take_table(kind, table);
                    self.counts.rooms_loaded += 1;
                    let hall = self.hall(at);
                    (hall.snapshot_bytes, hall.tail_bytes, hall.tail_records) = (snapshot_bytes, tail_bytes, tail_records);
                    hall.clock = RoomClock { mono_ms: now.mono_ms, room_ms };
                    hall.rest.wake_at = history.and_then(|history| history.wake_at);
                    self.counts.rooms_woken += u64::from(was_due);
                    self.list_as_kept(at);
                    self.refollow(at);
                    if let Some(played) = taken_over {
                        self.outputs.push_back(Output::Note(format!("room {room} was taken over by newer rules")));
                        self.record(at, *played);
                        self.keep_listing(at);
                        self.snapshot(at); // so that from now on nobody needs the old rules' snapshot
                    }
                    self.watch_everybody(at);
                    self.play_jobs(at, now);
                    if !frozen && self.draining.is_none() {
                        self.wake(at, now);
                    }
                }
            },
        }
        while let Some(next) = waiting.pop_front() {
            // One of them may make the rules panic; then the others wait for the room to be read once more.
            if let Phase::Loading(again) = &mut self.hall(at).phase {
                again.push_back(next);
                continue;
            }
            match next {
                Waiting::Frame(conn, Asked { text, number, room }) => {
                    let asking = Asking { text: &text, number, room: room.as_ref(), found: Some(at) };
                    self.request(conn, asking, now);
                }
                Waiting::Seek(seeker) => self.seek_in(*seeker, at, now),
                Waiting::Call(from, by, entropy, call) => self.call(from, by, entropy, call, now),
            }
        }
        self.touch(at);
        self.forget_if_absent(at);
    }

    fn broken(&mut self, at: usize, code: Code, why: String) {
        self.counts.divergences += 1;
        let name = self.hall(at).name.clone();
        self.outputs.push_back(Output::Note(format!("room {name} is frozen: {why}")));
        // Whoever follows it would wait for ever for what never comes.
        self.send_away(at, code.as_str());
        self.hall(at).phase = Phase::Broken(code);
        self.hall(at).frozen = Some(why);
    }

    /// Records that the room was away, and lets its time go on accordingly.
    fn wake(&mut self, at: usize, now: Now) {
        let hall = self.halls[at].as_mut().expect("just loaded");
        let Phase::Open { table, .. } = &mut hall.phase else { return };
        if table.about().ended.is_some() {
            return;
        }
        match table.wake(stamp(hall.clock, now)) {
            Ok(played) => {
                hall.clock = RoomClock { mono_ms: now.mono_ms, room_ms: played.record.at_ms };
                self.record(at, played);
            }
            Err(fault) => self.trouble(at, &fault, now),
        }
        self.fire_due(at, now);
    }

    /// Those who followed a room that was read again hold what its table says they hold.
    fn refollow(&mut self, at: usize) {
        let hall = self.halls[at].as_mut().expect("just loaded");
        let Phase::Open { table, .. } = &hall.phase else { return };
        let about = table.about();
        for follow in hall.follows.iter_mut() {
            let seat = follow.viewer.seat();
            let member = about.members.get(&*follow.user).filter(|member| Some(member.seat) == seat);
            follow.since = member.map_or(0, |member| member.since_order);
            follow.viewer = member.map_or(parlour_room::Viewer::Spectator, |member| parlour_room::Viewer::Seat(member.seat));
        }
    }

    /// Whoever still waits for a room to be read waits in vain.
    pub(super) fn refuse_all_waiting(&mut self, code: Code) {
        for at in 0..self.halls.len() {
            if let Some(Phase::Loading(waiting)) = self.halls[at].as_mut().map(|hall| &mut hall.phase) {
                let waiting = std::mem::take(waiting);
                self.refuse_waiting(at, waiting, code);
            }
        }
    }

    fn refuse_waiting(&mut self, at: usize, waiting: VecDeque<Waiting>, code: Code) {
        for waiting in waiting {
            match waiting {
                Waiting::Frame(conn, Asked { text, number, .. }) => {
                    let reference =
                        crate::dialect::native::decode(&text, &self.settings.limits).reference.map(|r| r.into_owned());
                    self.say(conn, number, |out| say::failed(out, reference.as_deref(), &code.into()));
                }
                Waiting::Seek(seeker) => {
                    let Asker { conn, number, reference, .. } = seeker.asker;
                    self.fail(conn, number, reference.as_deref(), code);
                }
                Waiting::Call(from, ..) => self.outputs.push_back(Output::Reply { to: from, reply: Reply::Failed(code.into()) }),
            }
        }
        self.forget_if_absent(at);
    }

    /// A name that was asked for and is no room leaves nothing behind.
    fn forget_if_absent(&mut self, at: usize) {
        if !matches!(self.hall(at).phase, Phase::Absent) {
            return;
        }
        self.settle(at);
        self.put_away_draft(at);
        self.dirty.retain(|dirty| *dirty != at);
        self.forget(at);
    }

    /// Hands a record to the journal, and what it brought about to those it concerns.
    pub(super) fn record(&mut self, at: usize, played: Played) {
        self.keep_history(at, &played);
        let commit = self.commit;
        let hall = self.halls[at].as_mut().expect("a room that plays is there");
        hall.last_commit = commit;
        hall.undurable.push_back((commit, None));
        hall.tail_bytes += played.record.input.len() + RECORD_OVERHEAD;
        hall.tail_records += 1;
        hall.views_are_old = true;
        hall.tell(&played.told);
        self.counts.events += u64::try_from(played.told.len()).unwrap_or(u64::MAX);
        let name = hall.name.clone();
        if played.ended {
            self.counts.rooms_closed[usize::from(played.record.cause == parlour_room::Cause::Closed)] += 1;
            let outcome =
                hall.table().and_then(|table| table.about().ended.map(|ended| ended.outcome.clone())).unwrap_or_default();
            self.batch.ended.push(EndedRow { room: name.clone(), outcome });
        }
        let have_left = played.record.cause == parlour_room::Cause::Left;
        self.batch.records.push((name, played.record));
        self.dismiss(at, &played.removed, have_left);
        self.set_timer(at);
        self.keep_wake_row(at, played.ended);
        self.touch(at);
        self.relist(at, played.ended);
        if played.ended {
            self.snapshot(at);
        }
    }

    /// What a room made of something that no client asked of it. A record may have a fault, too: of a clock that failed.
    pub(super) fn happened(&mut self, at: usize, outcome: Result<Option<Played>, Fault>, now: Now) -> Happened {
        let (happened, fault) = match outcome {
            Ok(None) => (Happened::Nothing, None),
            Ok(Some(played)) => {
                let fault = played.fault.clone();
                self.record(at, played);
                (Happened::Played, fault)
            }
            Err(fault) => (Happened::Failed, Some(fault)),
        };
        if let Some(fault) = fault {
            self.trouble(at, &fault, now);
        }
        happened
    }

    /// The table as it is now goes with this turn's batch. Only the last snapshot of a turn is kept.
    pub(super) fn snapshot(&mut self, at: usize) {
        let hall = self.halls[at].as_mut().expect("a room to be snapshotted is there");
        let Phase::Open { table, .. } = &hall.phase else { return };
        let seq = table.about().seq;
        let body = match table.snapshot() {
            Ok(body) => body,
            Err(fault) => {
                // A state that cannot be written cannot be read again either: better frozen now than lost later.
                let why = format!("its state cannot be snapshotted: {fault}");
                self.outputs.push_back(Output::Note(format!("room {} is frozen: {why}", hall.name)));
                (hall.tail_bytes, hall.tail_records) = (0, 0);
                hall.frozen = Some(why);
                return;
            }
        };
        (hall.snapshot_bytes, hall.tail_bytes, hall.tail_records) = (body.len(), 0, 0);
        hall.last_commit = self.commit;
        let room = hall.name.clone();
        self.snapshots.insert(room.clone(), Snapshot::new(room, seq, body));
    }

    /// The room takes part in the end of this turn.
    pub(super) fn touch(&mut self, at: usize) {
        self.stays(at);
        let hall = self.halls[at].as_mut().expect("a room that is touched is there");
        if !hall.is_dirty {
            hall.is_dirty = true;
            self.dirty.push(at);
        }
    }

    /// Views that are lacking, then answers that wait for them.
    pub(super) fn settle(&mut self, at: usize) {
        let limits = &self.settings.limits;
        let Some(hall) = self.halls[at].as_mut() else { return };
        let faults = hall.settle(limits.view_bytes, &mut self.differ);
        let is_heavy = hall.tail_bytes > limits.snapshot_tail_bytes.max(2 * hall.snapshot_bytes);
        if is_heavy || hall.tail_records >= limits.snapshot_tail_records {
            self.snapshot(at);
        }
        for fault in faults {
            self.note_view_fault(at, fault);
        }
    }

    pub(super) fn note_view_fault(&mut self, at: usize, fault: ViewFault) {
        let name = self.hall(at).name.clone();
        let what = match fault {
            ViewFault::Panicked => "its rules panicked making a view".to_owned(),
            ViewFault::TooBig(bytes) => format!("a view has {bytes} bytes, more than is sent"),
        };
        self.outputs.push_back(Output::Note(format!("room {name}: {what}")));
    }

    /// What was computed from the room in this turn leaves now, or waits for the disk.
    pub(super) fn put_away_draft(&mut self, at: usize) {
        let durable = if self.settings.planted == Some(Planted::AnswerEarly) { u64::MAX } else { self.durable };
        let Some(hall) = self.halls[at].as_mut() else { return };
        hall.is_dirty = false;
        let commit = hall.last_commit;
        if hall.draft.is_empty() {
            if commit > durable {
                self.awaiting.push_back((commit, at));
            }
            return;
        }
        let next = self.drafts.pop().unwrap_or_default();
        let draft = std::mem::replace(&mut hall.draft, next);
        if commit <= durable {
            let room = hall.name.clone();
            return self.let_go(&room, draft);
        }
        self.owes(&draft, true);
        self.hall(at).held.push_back((commit, draft));
        self.awaiting.push_back((commit, at));
    }

    pub(super) fn durable(&mut self, commit: u64) {
        self.durable = self.durable.max(commit);
        while let Some((awaited, at)) = self.awaiting.front().copied().filter(|(awaited, _)| *awaited <= self.durable) {
            self.awaiting.pop_front();
            let Some(hall) = self.halls[at].as_mut() else { continue };
            hall.is_durable_to(awaited);
            while let Some(hall) = self.halls[at].as_mut() {
                let Some((_, draft)) = hall.held.pop_front_if(|(commit, _)| *commit <= awaited) else { break };
                let room = hall.name.clone();
                self.owes(&draft, false);
                self.let_go(&room, draft);
            }
            self.match_jobs(at);
            // It may have been too far ahead for its clocks.
            self.set_timer(at);
            self.all_is_durable(at);
        }
        self.let_go_of_lobby();
        if self.draining.is_some_and(|commit| commit <= self.durable) {
            self.leaves_now = true;
        }
    }

    fn all_is_durable(&mut self, at: usize) {
        let durable = self.durable;
        if self.halls[at].as_ref().is_none_or(|hall| hall.last_commit > durable) || self.falls_asleep(at) {
            return;
        }
        let hall = self.hall(at);
        if hall.must_reload {
            hall.must_reload = false;
            let name = hall.name.clone();
            self.outputs.push_back(Output::Load(name));
        } else {
            self.ask_bots(at);
        }
    }

    pub(super) fn let_go(&mut self, room: &Arc<str>, mut draft: crate::hall::Draft) {
        let (mut sent, limit) = (SentOnce::default(), self.settings.limits.forward_bytes);
        for parcel in draft.parcels.drain(..) {
            let conn = parcel.conn;
            let Some(place) = self.places.get(&conn).copied() else { continue };
            let session = self.sessions[place].as_mut().expect("places are kept");
            if let Some(to) = session.stands_for {
                self.lines.tell(to, room, &draft.bytes, parcel, &mut sent, limit);
            } else {
                self.queue(place, room, parcel.sort, &draft.bytes[parcel.frame]);
            }
        }
        for (to, reply) in draft.replies.drain(..) {
            self.outputs.push_back(Output::Reply { to, reply });
        }
        draft.clear();
        if self.drafts.len() < DRAFTS_KEPT && draft.kept_bytes() < DRAFT_BYTES_KEPT {
            self.drafts.push(draft);
        }
    }

    /// The rules failed over a request: what its sender is told.
    pub(super) fn faulted(&mut self, at: usize, fault: &Fault, now: Now) -> Failure {
        self.trouble(at, fault, now);
        Code::Internal.into()
    }

    /// The rules failed. A spoiled table is read again; too many failures freeze the room.
    pub(super) fn trouble(&mut self, at: usize, fault: &Fault, now: Now) {
        self.counts.panics += 1;
        let (durable, limits) = (self.durable, &self.settings.limits);
        let hall = self.halls[at].as_mut().expect("a room in trouble is there");
        let name = hall.name.clone();
        self.outputs.push_back(Output::Note(format!("room {name}: {fault}")));
        hall.panics.push_back(now.mono_ms);
        while hall.panics.front().is_some_and(|first| now.mono_ms.saturating_sub(*first) > limits.panics_ms) {
            hall.panics.pop_front();
        }
        if hall.panics.len() >= limits.panics && hall.frozen.is_none() {
            let why = format!("its rules failed {} times within {} s; last: {fault}", limits.panics, limits.panics_ms / 1000);
            self.outputs.push_back(Output::Note(format!("room {name} is frozen: {why}")));
            hall.frozen = Some(why);
        }
        let is_spoiled = hall.table().is_some_and(|table| table.is_spoiled());
        if is_spoiled {
            // Nobody plays on it any more; what is asked waits until the room was read again, with all that is still being
            // written.
            hall.phase = Phase::Loading(VecDeque::new());
            self.loads += 1;
            hall.must_reload = hall.last_commit > durable;
            if !hall.must_reload {
                self.outputs.push_back(Output::Load(name));
            }
        }
        self.touch(at);
    }
}

/// Whether something was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Nothing,
    Played,
    Failed,
}

/// What a record weighs beside its input, roughly: its other columns.
const RECORD_OVERHEAD: usize = 64;
/// Drafts kept for the next turn, so that their buffers need not be made anew.
const DRAFTS_KEPT: usize = 256;
/// A draft with a larger buffer is given back.
const DRAFT_BYTES_KEPT: usize = 64 * 1024;
