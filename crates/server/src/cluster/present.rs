//! What this server's loops told, as it is now, and what of it Redis was not told yet: for each connection the newest state, so
//! however long Redis is lost there is no more of it than there are connections.

use parlour_engine::io::ConnId;
use parlour_engine::tracking::Tracked;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

/// A connection of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) session: Arc<str>,
    pub(super) user: Arc<str>,
    /// In the order in which it came into them.
    pub(super) rooms: Vec<Arc<str>>,
    pub(super) since_ms: u64,
    pub(super) seen_ms: u64,
}

/// A connection that has gone: its session and its user.
pub(super) type Goodbye = (Arc<str>, Arc<str>);

/// What Redis is to be told next.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) goodbyes: Vec<Goodbye>,
    pub(super) rows: Vec<Row>,
}

impl News {
    pub(super) fn is_empty(&self) -> bool {
        self.goodbyes.is_empty() && self.rows.is_empty()
    }
}

/// Who is connected here.
#[derive(Debug)]
pub(super) struct Present {
    rows: BTreeMap<ConnId, Row>,
    changed: BTreeSet<ConnId>,
    goodbyes: VecDeque<Goodbye>,
    goodbyes_max: usize,
    /// Everybody after this one is to be told anew.
    anew_after: Option<Bound<ConnId>>,
}

impl Present {
    pub(super) fn new(goodbyes_max: usize) -> Self {
        let (rows, changed) = (BTreeMap::new(), BTreeSet::new());
        Self { rows, changed, goodbyes: VecDeque::new(), goodbyes_max, anew_after: None }
    }

    pub(super) fn get(&self, conn: ConnId) -> Option<&Row> {
        self.rows.get(&conn)
    }

    /// Takes in what was told at this time.
    pub(super) fn note(&mut self, tracked: Tracked, now_ms: u64) {
        match tracked {
            Tracked::Here { conn, session, user } => {
                self.rows.insert(conn, Row { session, user, rooms: Vec::new(), since_ms: now_ms, seen_ms: now_ms });
                self.changed.insert(conn);
            }
            Tracked::Enters(conn, room) => self.change(conn, |row| {
                row.rooms.retain(|of| *of != room);
                row.rooms.push(room);
            }),
            Tracked::Leaves(conn, room) => self.change(conn, |row| row.rooms.retain(|of| *of != room)),
            Tracked::Heard(heard) => {
                for (conn, ago_ms) in heard {
                    self.change(conn, |row| row.seen_ms = row.seen_ms.max(now_ms.saturating_sub(ago_ms)));
                }
            }
            Tracked::Gone(conn) => {
                self.changed.remove(&conn);
                if let Some(row) = self.rows.remove(&conn) {
                    self.says_goodbye((row.session, row.user));
                }
            }
        }
    }

    fn change(&mut self, conn: ConnId, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.rows.get_mut(&conn) {
            change(row);
            self.changed.insert(conn);
        }
    }

    /// Of too many the oldest are forgotten: there they go stale.
    fn says_goodbye(&mut self, goodbye: Goodbye) {
        self.goodbyes.push_back(goodbye);
        while self.goodbyes.len() > self.goodbyes_max {
            self.goodbyes.pop_front();
        }
    }

    /// Nothing that was told is known there any more.
    pub(super) fn is_to_be_told_anew(&mut self) {
        self.changed.clear();
        self.anew_after = Some(Bound::Unbounded);
    }

    /// Everybody is gone.
    pub(super) fn all_go(&mut self) {
        self.changed.clear();
        self.anew_after = None;
        for (_, row) in std::mem::take(&mut self.rows) {
            // Not more than there are connections: for once all of them are said.
            self.goodbyes.push_back((row.session, row.user));
        }
    }

    /// There is nobody to tell.
    pub(super) fn forget_news(&mut self) {
        self.changed.clear();
        self.goodbyes.clear();
    }

    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty() || !self.goodbyes.is_empty() || self.anew_after.is_some()
    }

    /// The next so many that Redis is to be told. If that fails, `untold`.
    pub(super) fn next(&mut self, most: usize) -> News {
        let goodbyes: Vec<Goodbye> = self.goodbyes.drain(..most.min(self.goodbyes.len())).collect();
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(conn) = self.changed.pop_first()
        {
            rows.extend(self.rows.get(&conn).cloned());
        }
        if let Some(after) = self.anew_after {
            let mut rest = self.rows.range((after, Bound::Unbounded));
            let more: Vec<(&ConnId, &Row)> = rest.by_ref().take(most - rows.len()).collect();
            let last = more.last().map(|(conn, _)| Bound::Excluded(**conn));
            rows.extend(more.into_iter().map(|(_, row)| row.clone()));
            self.anew_after = rest.next().and(last.or(Some(after)));
        }
        News { goodbyes, rows }
    }

    /// It could not be told. Whoever connects again tells all rows anew; of who has gone nobody else would say so.
    pub(super) fn untold(&mut self, news: News) {
        for goodbye in news.goodbyes.into_iter().rev() {
            if self.goodbyes.len() < self.goodbyes_max {
                self.goodbyes.push_front(goodbye);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(number: u64) -> Tracked {
        Tracked::Here { conn: ConnId(number), session: format!("s-{number}").into(), user: "ada".into() }
    }

    fn told(present: &mut Present, most: usize) -> (Vec<String>, Vec<String>) {
        let News { goodbyes, rows } = present.next(most);
        (
            goodbyes.iter().map(|(session, _)| session.to_string()).collect(),
            rows.iter().map(|row| row.session.to_string()).collect(),
        )
    }

    #[test]
    fn each_connection_is_told_once_as_it_is_now_and_anew_in_pages_when_all_was_lost() {
        let mut present = Present::new(9);
        (0..5).for_each(|number| present.note(here(number), 10));
        (0..3).for_each(|number| present.note(Tracked::Enters(ConnId(1), format!("room-{number}").into()), 11));
        present.note(Tracked::Gone(ConnId(4)), 12);
        assert_eq!(told(&mut present, 3), (vec!["s-4".to_owned()], ["s-0", "s-1", "s-2"].map(str::to_owned).to_vec()));
        assert_eq!(told(&mut present, 3).1, ["s-3"]);
        assert!(!present.has_news() && present.next(3).is_empty());
        present.is_to_be_told_anew();
        present.note(Tracked::Heard(vec![(ConnId(3), 5)]), 40);
        assert_eq!(told(&mut present, 3).1, ["s-3", "s-0", "s-1"]);
        present.note(here(7), 50);
        let rest: Vec<String> = std::iter::from_fn(|| present.has_news().then(|| told(&mut present, 2).1)).flatten().collect();
        assert!(["s-2", "s-3", "s-7"].iter().all(|session| rest.contains(&(*session).to_owned())), "{rest:?}");
        assert_eq!(present.get(ConnId(3)).map(|row| row.seen_ms), Some(35));
    }

    #[test]
    fn of_those_who_have_gone_only_so_many_are_remembered_for_a_redis_that_is_lost() {
        let mut present = Present::new(2);
        for number in 0..1000 {
            present.note(here(number), 1);
            present.note(Tracked::Gone(ConnId(number)), 1);
        }
        let news = present.next(9);
        assert_eq!(news.goodbyes.iter().map(|(session, _)| &**session).collect::<Vec<_>>(), ["s-998", "s-999"]);
        present.untold(news);
        assert_eq!(told(&mut present, 9).0, ["s-998", "s-999"]);
        assert!(!present.has_news());
    }
}
