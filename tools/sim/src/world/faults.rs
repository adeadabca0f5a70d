//! What goes wrong: crashes that keep some prefix of what was written, clean restarts, clocks that jump; and the end, where
//! everything must be whole.

use super::{Event, FAULTS_END_MS, World};
use crate::disk::without_inboxes;
use crate::fleet::Fleet;
use crate::{Planted, kinds};
use parlour_engine::forward::Place;
use parlour_engine::limits::Limits;
use parlour_engine::rebuild::rebuild;
use parlour_engine::shard::{self, Second, Settings};
use parlour_engine::store::History;
use parlour_engine::wire::Mode;

impl World {
    pub(super) fn plan_faults(&mut self) {
        for _ in 0..self.luck.range(1, 4) {
            let at = self.luck.range(500, FAULTS_END_MS);
            let crash = if self.luck.percent(75) { Event::Stall } else { Event::Crash };
            self.after(at, crash);
        }
        for _ in 0..self.luck.range(0, 2) {
            let at = self.luck.range(500, FAULTS_END_MS);
            self.after(at, Event::Drain);
        }
        for _ in 0..self.luck.range(0, 2) {
            let at = self.luck.range(500, FAULTS_END_MS - 6_000);
            self.after(at, Event::Cut);
        }
        for _ in 0..self.luck.range(0, 2) {
            let at = self.luck.range(500, FAULTS_END_MS);
            self.after(at, Event::Jump);
        }
    }

    /// For a while nothing passes between the shards; sometimes for longer than a request waits.
    pub(super) fn cuts_line(&mut self) {
        let lasts = self.luck.range(50, 6_000);
        self.cut_until_ms = self.t_ms + lasts;
    }

    pub(super) fn boots(&mut self) {
        if self.fleet.is_none() {
            self.process += 1;
            self.unsettled_ms = self.t_ms;
            self.mono_skew_ms = self.luck.range(0, 1_000_000);
            self.wall_skew_ms = self.wall_skew_ms + self.luck.range(0, 2000) - 1000;
            (self.synced, self.reported, self.loading) = (0, 0, 0);
            (self.is_syncing, self.is_draining, self.stalls, self.wake_at) = (false, false, false, None);
            self.cut_until_ms = 0;
            let shards = if self.luck.percent(70) { 2 } else { 1 };
            let mut fleet = Fleet::new(&self.settings(), shards);
            fleet.begins(self.now());
            self.fleet = Some(fleet);
        }
    }

    /// The disk makes everybody wait, and then the process dies.
    pub(super) fn stalls(&mut self) {
        self.stalls = true;
        let until = self.luck.range(10, 500);
        self.after(until, Event::Crash);
    }

    /// The process dies. Of what was written and not reported, some prefix is found again.
    pub(super) fn crashes(&mut self) -> Result<(), String> {
        if self.fleet.is_none() {
            return Ok(());
        }
        self.counts_sleep();
        self.fleet = None;
        let waiting = self.disk.waiting();
        let kept = self.luck.index(waiting + 1);
        self.judge.tally.add("crashes");
        if kept > 0 || self.synced > self.reported {
            self.judge.tally.add("crashes that kept unreported batches");
        }
        if kept < waiting {
            self.judge.tally.add("crashes that lost unreported batches");
        }
        self.disk.sync(kept, &mut self.judge.model)?;
        self.disk.crash();
        self.rows_look_in_time()?;
        self.is_over();
        let down = self.luck.range(20, 2500);
        self.after(down, Event::Boot);
        Ok(())
    }

    /// The server ended in good order: its journal was closed, so all of it is written.
    pub(super) fn drained(&mut self) -> Result<(), String> {
        self.judge.tally.add("drains");
        self.disk.sync(usize::MAX, &mut self.judge.model)?;
        self.rows_look_in_time()?;
        self.counts_sleep();
        self.fleet = None;
        self.is_over();
        let down = self.luck.range(20, 1000);
        self.after(down, Event::Boot);
        Ok(())
    }

    fn is_over(&mut self) {
        self.process += 1;
        self.judge.crashed();
        self.calls.clear();
        let conns: Vec<_> = self.links.keys().copied().collect();
        for conn in conns {
            if let Some(link) = self.links.get_mut(&conn) {
                link.is_cut = true;
            }
            let delay = self.luck.range(0, 300);
            self.after(delay, Event::HungUp(conn));
        }
    }

    /// The machine slept, or its clock was set.
    pub(super) fn jumps(&mut self) {
        self.judge.tally.add("time jumps");
        let slept = self.luck.range(100, 700_000);
        if self.luck.percent(70) {
            self.mono_skew_ms += slept;
        }
        if self.luck.percent(70) {
            self.wall_skew_ms += slept;
        } else {
            self.wall_skew_ms -= slept.min(5000);
        }
        self.after(0, Event::Wake(self.process));
    }

    /// What a load gives, with what is planted.
    pub(super) fn plant(&self, room: &str, history: History) -> History {
        let past = self.judge.model.past(room).filter(|_| self.plan.planted == Some(Planted::LostInbox));
        match past.and_then(|past| past.states.last_key_value()) {
            Some((seq, state)) => without_inboxes(room, history, (*seq, state.snapshot.clone())),
            None => history,
        }
    }

    fn settings(&mut self) -> Settings {
        // A room that lost its inbox must not be found out by the snapshot of it as it falls asleep.
        let may_sleep = self.plan.planted != Some(Planted::LostInbox);
        self.output_bytes = usize::try_from(self.luck.range(2_000, 20_000)).expect("small");
        let limits = Limits {
            output_bytes: self.output_bytes,
            behind_ms: 3_000,
            snapshot_tail_bytes: 600,
            panics: usize::MAX,
            undurable_per_room: usize::try_from(self.luck.range(2, 14)).expect("small"),
            idle_ms: if may_sleep { self.luck.range(20, 2500) } else { u64::from(u32::MAX) },
            wake_soon_ms: self.luck.range(0, 400),
            sleep_tail_bytes: usize::try_from(self.luck.range(0, 500)).expect("small"),
            due_rooms: usize::try_from(self.luck.range(1, 3)).expect("small"),
            due_retry_ms: self.luck.range(1, 100),
            rooms: if self.luck.percent(20) { 3 } else { 100 },
            connection_tokens: 40,
            connection_tokens_per_s: 100,
            user_tokens: 90,
            user_tokens_per_s: 200,
            address_tokens: 120,
            address_tokens_per_s: 300,
            opening_tokens: 1,
            opening_tokens_per_s: 1,
            strikes: 60,
            forward_again_ms: 40,
            cluster_heartbeat_ms: 2_000,
            forward_ms: 3_000,
            forward_bytes: usize::try_from(self.luck.range(1_500, 20_000)).expect("small"),
            ..Limits::default()
        };
        let planted = match self.plan.planted {
            Some(Planted::AnswerEarly) => Some(shard::Planted::AnswerEarly),
            Some(Planted::RefuseEarly) => Some(shard::Planted::RefuseEarly),
            Some(Planted::LostInbox) | None => None,
        };
        Settings {
            kinds: kinds(),
            limits,
            server: "sim".to_owned(),
            second: Second::default(),
            mode: Mode::default(),
            tracks: true,
            planted,
            place: Place::ALONE,
        }
    }

    /// Everything is quiet: nothing is owed, held or lost, and every room can be read.
    pub(super) fn ends(&mut self) -> Result<(), String> {
        self.judge.is_quiet()?;
        self.nobody_oversleeps()?;
        self.counts_sleep();
        self.judge.nobody_is_missed()?;
        if let Some(called) = self.calls.values().next() {
            return Err(format!("P1: a call was never answered: {:?}", called.call));
        }
        let held = self.fleet.as_ref().map_or(0, Fleet::held);
        if held > 0 {
            return Err(format!("{held} answers are held for ever"));
        }
        let acked = self.judge.all_acked_are_kept()?;
        self.judge.tally.add_many("acknowledged ids found in the end", acked);
        for room in self.disk.rooms() {
            let read = |history: Option<History>| {
                let history = history.ok_or_else(|| format!("{room} is gone"))?;
                rebuild(&kinds(), &room, &history).map_err(|broken| format!("P6: {room}: {broken}"))
            };
            let (loaded, replayed) = (read(self.disk.load(&room))?.1.snapshot(), read(self.disk.life(&room))?.1.snapshot());
            let table = read(self.disk.life(&room))?.1;
            let (about, listing) = (table.about(), self.disk.listing(&room).ok_or_else(|| format!("{room} is in no list"))?);
            let free = about.seats.saturating_sub(u32::try_from(about.members.len()).unwrap_or(u32::MAX));
            let free = if about.ended.is_some() { 0 } else { free };
            if (listing.kind, listing.config, listing.free) != (about.kind, table.config_hash(), free) {
                return Err(format!("{room} has {free} free seats, and is listed as {listing:?}"));
            }
            if loaded != replayed {
                return Err(format!("P6: {room}: snapshot and tail are not what all records give"));
            }
        }
        Ok(())
    }
}
