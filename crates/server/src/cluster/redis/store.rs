//! One connection to Redis and what is said on it: every call is one run of `cluster.lua`, whole or not at all.

use super::super::present::{Goodbye, Row};
use super::super::{Clock, Connection, Found, Question};
use parlour_engine::limits::Limits;
use redis::{Client, Cmd, FromRedisValue, RedisResult};
use std::time::Duration;

const SCRIPT: &str = include_str!("cluster.lua");
/// How many stale connections one call removes: nobody else is served by Redis meanwhile.
const PRUNED_AT_ONCE: u64 = 100;

/// Whoever is shown, as the script tells it: session, user, since when, seen when, silent for how long, rooms.
type Shown = (String, String, u64, u64, u64, Vec<String>);

pub(super) struct Store {
    connection: redis::Connection,
    script: String,
    clock: Clock,
    ttl_ms: u64,
}

impl Store {
    pub(super) fn connect(client: &Client, limits: &Limits, clock: &Clock) -> RedisResult<Self> {
        let patience = Duration::from_millis(limits.cluster_reply_ms);
        let mut connection = client.get_connection_with_timeout(patience)?;
        connection.set_read_timeout(Some(patience))?;
        connection.set_write_timeout(Some(patience))?;
        let script = redis::cmd("SCRIPT").arg("LOAD").arg(SCRIPT).query(&mut connection)?;
        Ok(Self { connection, script, clock: clock.clone(), ttl_ms: limits.cluster_ttl_ms })
    }

    /// Writes connections as they are now; each lives from now on.
    pub(super) fn keep(&mut self, rows: &[Row]) -> RedisResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let now_ms = self.clock.now_ms();
        let mut call = self.call("keep");
        for row in rows {
            call.arg(&*row.session).arg(&*row.user).arg(now_ms.saturating_sub(row.since_ms));
            call.arg(now_ms.saturating_sub(row.seen_ms)).arg(row.rooms.len());
            for room in &row.rooms {
                call.arg(&**room);
            }
        }
        self.run(&call)
    }

    /// Removes connections that have gone.
    pub(super) fn forget(&mut self, goodbyes: &[Goodbye]) -> RedisResult<()> {
        if goodbyes.is_empty() {
            return Ok(());
        }
        let mut call = self.call("forget");
        for (session, user) in goodbyes {
            call.arg(&**session).arg(&**user);
        }
        self.run(&call)
    }

    /// Removes connections, whosever they are, that nobody has heard from for so long.
    pub(super) fn prune(&mut self, stale_ms: u64) -> RedisResult<()> {
        loop {
            let mut call = self.call("prune");
            call.arg(stale_ms).arg(PRUNED_AT_ONCE);
            if self.run::<u64>(&call)? < PRUNED_AT_ONCE {
                return Ok(());
            }
        }
    }

    pub(super) fn look(&mut self, question: &Question, limits: &Limits, stale_ms: u64) -> RedisResult<Found> {
        let call = match question {
            Question::OfUser(user) => {
                let mut call = self.call("of_user");
                call.arg(user).arg(limits.connections_per_user);
                call
            }
            Question::InRoom { room, others_of } => {
                let mut call = self.call("in_room");
                call.arg(room).arg(limits.page).arg(others_of);
                call
            }
        };
        let (total, shown): (u64, Vec<Shown>) = self.run(&call)?;
        let connections = shown.into_iter().map(|(session, user, connected_ms, seen_ms, silent_ms, rooms)| {
            let alive = silent_ms <= stale_ms;
            Connection { session, user, rooms, connected_ms, seen_ms, alive }
        });
        Ok(Found::of(connections.collect(), total))
    }

    /// Whether it is there.
    pub(super) fn ping(&mut self) -> RedisResult<()> {
        redis::cmd("PING").query(&mut self.connection)
    }

    fn call(&self, what: &str) -> Cmd {
        let mut call = redis::cmd("EVALSHA");
        call.arg(&self.script).arg(0).arg(what).arg(self.clock.ahead_ms()).arg(self.ttl_ms);
        call
    }

    fn run<T: FromRedisValue>(&mut self, call: &Cmd) -> RedisResult<T> {
        call.query(&mut self.connection)
    }
}
