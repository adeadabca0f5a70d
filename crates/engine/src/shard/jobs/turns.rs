//! Whose job runs next: kinds of rooms take turns, and so do the rooms of a kind; none has more than its share, so that jobs
//! which take long, or are never answered, leave a place to others. Each step costs as much as finding a room by its name.

use crate::io::JobId;
use crate::limits::Limits;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The jobs that wait to be run, and those that run.
#[derive(Default)]
pub(super) struct Turns {
    kinds: BTreeMap<&'static str, OfKind>,
    rooms: BTreeMap<Arc<str>, OfRoom>,
    /// Those that run, wanted or not.
    running: BTreeMap<JobId, (&'static str, Arc<str>)>,
}

#[derive(Default)]
struct OfKind {
    /// The rooms that have a job to run and have not got their share.
    rooms: VecDeque<Arc<str>>,
    running: usize,
}

#[derive(Default)]
struct OfRoom {
    ready: VecDeque<JobId>,
    running: usize,
    /// Whether it is among the rooms of its kind.
    is_in_turn: bool,
}

impl Turns {
    /// A job waits, after the others of its room.
    pub(super) fn wait(&mut self, id: JobId, kind: &'static str, room: &Arc<str>, limits: &Limits) {
        self.rooms.entry(room.clone()).or_default().ready.push_back(id);
        self.line_up(kind, room, limits);
    }

    /// The next job to run, which runs from here on: of the kind of which the fewest run.
    pub(super) fn next(&mut self, limits: &Limits) -> Option<JobId> {
        if self.running.len() >= limits.jobs_running {
            return None;
        }
        let waiting = self.kinds.iter_mut().filter(|(_, of)| !of.rooms.is_empty() && of.running < limits.jobs_running_per_kind);
        let (&kind, of_kind) = waiting.min_by_key(|(_, of)| of.running)?;
        let room = of_kind.rooms.pop_front()?;
        let of_room = self.rooms.get_mut(&room).expect("a room in turn has jobs that wait");
        let id = of_room.ready.pop_front().expect("a room in turn has jobs that wait");
        (of_room.is_in_turn, of_room.running, of_kind.running) = (false, of_room.running + 1, of_kind.running + 1);
        self.running.insert(id, (kind, room.clone()));
        self.line_up(kind, &room, limits);
        Some(id)
    }

    /// A job that runs has ended.
    pub(super) fn ended(&mut self, id: JobId, limits: &Limits) {
        let Some((kind, room)) = self.running.remove(&id) else { return };
        let (of_kind, of_room) = (self.kinds.get_mut(kind), self.rooms.get_mut(&room));
        of_kind.into_iter().for_each(|of| of.running -= 1);
        of_room.into_iter().for_each(|of| of.running -= 1);
        self.line_up(kind, &room, limits);
        self.tidy(&room);
    }

    /// A job of this room is no longer to be run. Whether it runs already.
    pub(super) fn forget(&mut self, id: JobId, kind: &'static str, room: &Arc<str>) -> bool {
        if let Some(of_room) = self.rooms.get_mut(room) {
            of_room.ready.retain(|ready| *ready != id);
            if of_room.is_in_turn && of_room.ready.is_empty() {
                of_room.is_in_turn = false;
                self.kinds.entry(kind).or_default().rooms.retain(|other| other != room);
            }
        }
        self.tidy(room);
        self.running.contains_key(&id)
    }

    /// A room takes its turn if it has a job to run and not its share of those that run.
    fn line_up(&mut self, kind: &'static str, room: &Arc<str>, limits: &Limits) {
        let Some(of_room) = self.rooms.get_mut(room) else { return };
        if !of_room.is_in_turn && !of_room.ready.is_empty() && of_room.running < limits.jobs_running_per_room {
            of_room.is_in_turn = true;
            self.kinds.entry(kind).or_default().rooms.push_back(room.clone());
        }
    }

    /// Of a room without jobs nothing is kept.
    fn tidy(&mut self, room: &Arc<str>) {
        if self.rooms.get(room).is_some_and(|of| of.ready.is_empty() && of.running == 0) {
            self.rooms.remove(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [&str; 3] = ["quest", "downloads", "chat"];

    fn limits() -> Limits {
        Limits { jobs_running: 8, jobs_running_per_kind: 6, jobs_running_per_room: 4, ..Limits::default() }
    }

    fn room(number: usize) -> (&'static str, Arc<str>) {
        (KINDS[number % KINDS.len()], format!("room-{number}").into())
    }

    fn all(turns: &mut Turns, limits: &Limits) -> Vec<u64> {
        std::iter::from_fn(|| turns.next(limits)).map(|id| id.0).collect()
    }

    #[test]
    fn a_room_and_a_kind_have_their_share_and_leave_a_place_to_others() {
        let (mut turns, limits) = (Turns::default(), limits());
        for id in 0..20 {
            let (kind, name) = room(if id < 10 { 0 } else { 3 });
            turns.wait(JobId(id), kind, &name, &limits);
        }
        assert_eq!(all(&mut turns, &limits), [0, 10, 1, 11, 2, 12], "two rooms of one kind");
        let (kind, name) = room(1);
        turns.wait(JobId(50), kind, &name, &limits);
        assert_eq!(all(&mut turns, &limits), [50], "another kind");
        turns.ended(JobId(10), &limits);
        assert_eq!(all(&mut turns, &limits), [3], "whose turn it is");
        turns.ended(JobId(11), &limits);
        assert_eq!(all(&mut turns, &limits), [13], "a room alone has four at most");
    }

    proptest! {
        #[test]
        fn every_job_runs_once_within_the_shares_and_nothing_is_kept_in_the_end(
            steps in prop::collection::vec((0u8..4, 0usize..9), 1..200),
        ) {
            let (mut turns, limits) = (Turns::default(), limits());
            let (mut waiting, mut running, mut last) = (BTreeMap::new(), BTreeMap::new(), 0);
            let check = |turns: &mut Turns, waiting: &mut BTreeMap<JobId, usize>, running: &mut BTreeMap<JobId, usize>| {
                while let Some(id) = turns.next(&limits) {
                    running.insert(id, waiting.remove(&id).expect("it waited"));
                }
                let of_kind = |kind: &str| running.values().filter(|number| room(**number).0 == kind).count();
                let of_room = |number: usize| running.values().filter(|other| **other == number).count();
                prop_assert!(running.len() <= 8, "all together");
                prop_assert!(KINDS.iter().all(|kind| of_kind(kind) <= 6) && (0..9).all(|number| of_room(number) <= 4), "shares");
                let may_run = |number: &usize| of_kind(room(*number).0) < 6 && of_room(*number) < 4;
                prop_assert!(running.len() == 8 || !waiting.values().any(may_run), "one that may run waits");
                Ok(())
            };
            for (what, number) in steps {
                let (kind, name) = room(number);
                match what {
                    0 | 1 => {
                        last += 1;
                        waiting.insert(JobId(last), number);
                        turns.wait(JobId(last), kind, &name, &limits);
                    }
                    2 => if let Some(id) = running.iter().find(|(_, of)| **of == number).map(|(id, _)| *id) {
                        prop_assert!(turns.forget(id, kind, &name));
                        running.remove(&id);
                        turns.ended(id, &limits);
                    },
                    _ => if let Some(id) = waiting.iter().find(|(_, of)| **of == number).map(|(id, _)| *id) {
                        prop_assert!(!turns.forget(id, kind, &name));
                        waiting.remove(&id);
                    },
                }
                check(&mut turns, &mut waiting, &mut running)?;
            }
            while let Some((id, _)) = running.pop_first() {
                turns.ended(id, &limits);
                check(&mut turns, &mut waiting, &mut running)?;
            }
            prop_assert!(waiting.is_empty() && turns.rooms.is_empty() && turns.running.is_empty());
            prop_assert!(turns.kinds.values().all(|of| of.rooms.is_empty() && of.running == 0));
        }
    }
}
