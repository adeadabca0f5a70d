//! Topics: what happens to public rooms, and to the server, told to who asked for it, at most once in `Limits::topic_ms` and
//! never kept. What is told of rooms is what lists show, and waits in the lobby until it is durable.

use super::Shard;
use super::requests::Asker;
use crate::code::Code;
use crate::command::Topic;
use crate::dialect::native_out::{self as say, Done};
use crate::hall::Sort;
use crate::io::{ConnId, Now};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who hears of what, and what there is to tell.
#[derive(Default)]
pub(super) struct Topics {
    subscribers: BTreeMap<Topic, BTreeSet<ConnId>>,
    by_conn: BTreeMap<ConnId, BTreeSet<Topic>>,
    /// Rooms that changed since it was last told, with their kinds, and whether they were public before.
    changed: BTreeMap<Arc<str>, (&'static str, bool)>,
    /// Kinds of which more changed than is told.
    more: BTreeSet<&'static str>,
    told_ms: u64,
}

impl Topics {
    /// A room's place in the list changed.
    pub(super) fn room_changed(&mut self, room: &Arc<str>, kind: &'static str, was_public: bool, limit: usize) {
        let hears = |topic: &Topic| matches!(topic, Topic::Rooms(of) if of.as_deref().is_none_or(|of| of == kind));
        if self.changed.contains_key(room) || !self.subscribers.keys().any(hears) {
            return;
        }
        if self.changed.len() >= limit {
            self.more.insert(kind);
        } else {
            self.changed.insert(room.clone(), (kind, was_public));
        }
    }

    /// A room is no longer in memory: that it changed is told without saying how.
    pub(super) fn fell_asleep(&mut self, room: &Arc<str>, is_public: bool) {
        if let Some((kind, was_public)) = self.changed.remove(room)
            && (was_public || is_public)
        {
            self.more.insert(kind);
        }
    }

    /// A connection is gone.
    pub(super) fn forget(&mut self, conn: ConnId) {
        for topic in self.by_conn.remove(&conn).unwrap_or_default() {
            self.drop_from(conn, &topic);
        }
    }

    fn drop_from(&mut self, conn: ConnId, topic: &Topic) {
        if let Some(conns) = self.subscribers.get_mut(topic) {
            conns.remove(&conn);
            if conns.is_empty() {
                self.subscribers.remove(topic);
            }
        }
    }

    /// When there is something to tell.
    pub(super) fn due_ms(&self, every_ms: u64) -> Option<u64> {
        let has_news = !self.changed.is_empty() || !self.more.is_empty();
        has_news.then(|| self.told_ms.saturating_add(every_ms))
    }
}

impl Shard {
    pub(super) fn subscribe(&mut self, asker: &Asker, topic: Topic, text: &str, now: Now) {
        let fails = |shard: &mut Self, code| shard.fail(asker.conn, asker.number, asker.reference.as_deref(), code);
        if let Topic::Rooms(Some(kind)) = &topic
            && self.settings.kinds.get(kind).is_none()
        {
            return fails(self, Code::UnknownKind);
        }
        let topics = self.topics.by_conn.entry(asker.conn).or_default();
        if !topics.contains(&topic) && topics.len() >= self.settings.limits.topics_per_connection {
            return fails(self, Code::TooManyTopics);
        }
        topics.insert(topic.clone());
        // What comes soon after is merged, too.
        if self.topics.due_ms(0).is_none() {
            self.topics.told_ms = now.mono_ms;
        }
        self.topics.subscribers.entry(topic.clone()).or_default().insert(asker.conn);
        self.answer_from_lobby(asker, &Done::Plain);
        match topic {
            Topic::Rooms(_) => self.tell_all_shards(asker, text, now),
            Topic::System => self.tell_of_server(asker.conn, "ready"),
        }
    }

    pub(super) fn unsubscribe_topic(&mut self, asker: &Asker, topic: &Topic, text: &str, now: Now) {
        if let Some(topics) = self.topics.by_conn.get_mut(&asker.conn) {
            topics.remove(topic);
        }
        self.topics.drop_from(asker.conn, topic);
        self.answer_from_lobby(asker, &Done::Plain);
        if matches!(topic, Topic::Rooms(_)) {
            self.tell_all_shards(asker, text, now);
        }
    }

    /// Tells what there is to tell, if its time has come.
    pub(super) fn tell_topics(&mut self, now: Now) {
        let every_ms = self.settings.limits.topic_ms;
        if self.topics.due_ms(every_ms).is_none_or(|due_ms| due_ms > now.mono_ms) {
            return;
        }
        self.topics.told_ms = now.mono_ms;
        let changed = std::mem::take(&mut self.topics.changed);
        let more = std::mem::take(&mut self.topics.more);
        let mut entries: Vec<(&'static str, String)> = Vec::with_capacity(changed.len());
        for (room, (kind, was_public)) in changed {
            let Some(hall) = self.by_name.get(&room).and_then(|at| self.halls[*at].as_ref()) else { continue };
            let Some(listing) = &hall.listing else { continue };
            if listing.is_public {
                entries.push((kind, self.loaded_entry(hall).to_string()));
            } else if was_public {
                entries.push((kind, json!({"room_id": &*room, "kind": kind, "status": "gone"}).to_string()));
            }
        }
        for topic in self.topics.subscribers.keys().cloned().collect::<Vec<_>>() {
            let Topic::Rooms(of) = &topic else { continue };
            let is_of = |kind: &str| of.as_deref().is_none_or(|of| of == kind);
            let rooms: Vec<&str> = entries.iter().filter(|(kind, _)| is_of(kind)).map(|(_, entry)| entry.as_str()).collect();
            let more = more.iter().any(|kind| is_of(kind));
            if !rooms.is_empty() || more {
                let payload = format!("\"rooms\":[{}],\"more\":{more}", rooms.join(","));
                self.tell_topic(&topic, &payload, Sort::Passing);
            }
        }
    }

    fn tell_topic(&mut self, topic: &Topic, payload: &str, sort: Sort) {
        let draft = &mut self.lobby.draft;
        let frame = draft.frame(|out| say::topic(out, &topic.to_string(), payload));
        for conn in self.topics.subscribers.get(topic).into_iter().flatten() {
            draft.send_as(sort, *conn, &frame);
        }
    }

    /// A connection reads again that was not sent what was told meanwhile.
    pub(super) fn tell_of_missed(&mut self, conn: ConnId) {
        for topic in self.topics.by_conn.get(&conn).cloned().unwrap_or_default() {
            if matches!(topic, Topic::Rooms(_)) {
                self.say(conn, 0, |out| say::topic(out, &topic.to_string(), "\"rooms\":[],\"more\":true"));
            }
        }
    }

    fn tell_of_server(&mut self, conn: ConnId, status: &str) {
        let frame = self.lobby.draft.frame(|out| say::topic(out, "system", &format!("\"status\":\"{status}\"")));
        self.lobby.draft.send(conn, &frame);
    }

    /// The last that is heard of the server.
    pub(super) fn tell_of_draining(&mut self) {
        self.tell_topic(&Topic::System, "\"status\":\"draining\"", Sort::Answer);
    }
}
