//! The cluster of one server, in memory: who is connected here and in which rooms.

use super::present::{Present, Row};
use super::{Answer, Clock, Cluster, Connection, Found, Question, stale_ms};
use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_engine::tracking::Tracked;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

pub(super) struct Alone {
    known: Mutex<Known>,
    clock: Clock,
    stale_ms: u64,
    page: usize,
    of_user: usize,
}

struct Known {
    present: Present,
    by_user: BTreeMap<Arc<str>, BTreeSet<ConnId>>,
    by_room: BTreeMap<Arc<str>, BTreeSet<ConnId>>,
}

impl Alone {
    pub(super) fn new(limits: &Limits, clock: Clock) -> Self {
        let known = Known { present: Present::new(0), by_user: BTreeMap::new(), by_room: BTreeMap::new() };
        let (page, of_user) = (limits.page, limits.connections_per_user);
        Self { known: Mutex::new(known), clock, stale_ms: stale_ms(limits), page, of_user }
    }

    fn found(&self, question: &Question) -> Found {
        let now_ms = self.clock.now_ms();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (conns, but, most) = match question {
            Question::OfUser(user) => (known.by_user.get(user.as_str()), None, self.of_user),
            Question::InRoom { room, others_of } => (known.by_room.get(room.as_str()), others_of.as_deref(), self.page),
        };
        let rows = conns.into_iter().flatten().filter_map(|conn| known.present.get(*conn));
        // Who is stale was removed, as far as anybody can see.
        let is_here = |row: &&Row| now_ms.saturating_sub(row.seen_ms) <= self.stale_ms && but != Some(&*row.user);
        let mut rows: Vec<&Row> = rows.filter(is_here).collect();
        rows.sort_by(|one, other| one.session.cmp(&other.session));
        let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        Found::of(rows.into_iter().take(most).map(shown).collect(), total)
    }
}

impl Cluster for Alone {
    fn track(&self, tracked: Tracked) {
        let now_ms = self.clock.now_ms();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).note(tracked, now_ms);
    }

    fn look(&self, question: Question) -> oneshot::Receiver<Answer> {
        let (answer, is_answered) = oneshot::channel();
        // Whoever asked may have gone away.
        let _ = answer.send(Ok(self.found(&question)));
        is_answered
    }

    fn state(&self) -> &'static str {
        "alone"
    }

    fn end(&self) {}
}

impl Known {
    fn note(&mut self, tracked: Tracked, now_ms: u64) {
        match &tracked {
            Tracked::Here { conn, user, .. } => drop(self.by_user.entry(user.clone()).or_default().insert(*conn)),
            Tracked::Enters(conn, room) if self.present.get(*conn).is_some() => {
                self.by_room.entry(room.clone()).or_default().insert(*conn);
            }
            Tracked::Leaves(conn, room) => take_out(&mut self.by_room, room, *conn),
            Tracked::Gone(conn) => {
                if let Some(row) = self.present.get(*conn) {
                    take_out(&mut self.by_user, &row.user, *conn);
                    row.rooms.iter().for_each(|room| take_out(&mut self.by_room, room, *conn));
                }
            }
            Tracked::Enters(..) | Tracked::Heard(_) => {}
        }
        self.present.note(tracked, now_ms);
        // Nobody else is to be told.
        self.present.forget_news();
    }
}

fn take_out(index: &mut BTreeMap<Arc<str>, BTreeSet<ConnId>>, key: &Arc<str>, conn: ConnId) {
    if let Some(conns) = index.get_mut(key) {
        conns.remove(&conn);
        if conns.is_empty() {
            index.remove(key);
        }
    }
}

fn shown(row: &Row) -> Connection {
    let mut rooms: Vec<String> = row.rooms.iter().map(|room| room.to_string()).collect();
    rooms.sort();
    Connection {
        session: row.session.to_string(),
        user: row.user.to_string(),
        rooms,
        connected_ms: row.since_ms,
        seen_ms: row.seen_ms,
        alive: true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::{House, contract};
    use super::*;
    use std::sync::atomic::Ordering;

    #[derive(Default)]
    struct Memory {
        clock: Clock,
    }

    impl House for Memory {
        fn open(&self, limits: &Limits) -> Arc<dyn Cluster> {
            Arc::new(Alone::new(limits, self.clock.clone()))
        }

        fn pass(&self, ms: u64) {
            self.clock.ahead_ms.fetch_add(ms, Ordering::Relaxed);
        }
    }

    contract!(Memory::default());
}
