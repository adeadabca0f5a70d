//! The cluster of several servers, in Redis. A thread of its own tells Redis what the loops told, in calls of many connections
//! each, and answers what is asked; nobody else ever waits for Redis. When it is lost the thread goes on trying, and tells all of
//! it anew to the one that comes back: that may be empty.

mod store;

#[cfg(test)]
mod tests;

use super::present::{News, Present};
use super::{Answer, Clock, Cluster, Question, Unreachable, stale_ms};
use crate::voice::tell;
use ::redis::{Client, RedisError, RedisResult};
use parlour_engine::limits::Limits;
use parlour_engine::tracking::Tracked;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use store::Store;
use tokio::sync::oneshot;

/// How many connections are told in one call: nobody else is served by Redis meanwhile.
const TOLD_AT_ONCE: usize = 64;
/// How many calls are made before questions are looked at again.
const CALLS_AT_ONCE: usize = 16;
/// How long saying goodbye for everybody may take when the server ends.
const END: Duration = Duration::from_secs(3);

pub(super) struct Redis {
    desk: Arc<Desk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What lies between those who tell and ask and the thread.
struct Desk {
    papers: Mutex<Papers>,
    changed: Condvar,
    clock: Clock,
}

struct Papers {
    present: Present,
    /// At most as many as requests of the HTTP API may wait.
    asked: VecDeque<(Question, oneshot::Sender<Answer>)>,
    is_connected: bool,
    /// Everything it was to be told it was told.
    ends: bool,
}

impl Redis {
    pub(super) fn start(address: &str, shown: &str, limits: &Limits, clock: Clock) -> io::Result<Self> {
        let client = Client::open(address).map_err(io::Error::other)?;
        let present = Present::new(limits.cluster_goodbyes);
        let papers = Papers { present, asked: VecDeque::new(), is_connected: false, ends: false };
        let desk = Arc::new(Desk { papers: Mutex::new(papers), changed: Condvar::new(), clock });
        let clerk = Clerk {
            desk: desk.clone(),
            client,
            shown: shown.to_owned(),
            limits: limits.clone(),
            stale_ms: stale_ms(limits),
            is_told_lost: false,
            prune_at: Instant::now(),
        };
        let thread = thread::Builder::new().name("cluster".to_owned()).spawn(move || clerk.run())?;
        Ok(Self { desk, thread: Mutex::new(Some(thread)) })
    }
}

impl Cluster for Redis {
    fn track(&self, tracked: Tracked) {
        let now_ms = self.desk.clock.now_ms();
        self.desk.papers().present.note(tracked, now_ms);
        self.desk.changed.notify_one();
    }

    fn look(&self, question: Question) -> oneshot::Receiver<Answer> {
        let (answer, is_answered) = oneshot::channel();
        let mut papers = self.desk.papers();
        if papers.is_connected && !papers.ends {
            papers.asked.push_back((question, answer));
            self.desk.changed.notify_one();
        } else {
            // Whoever asked may have gone away.
            let _ = answer.send(Err(Unreachable));
        }
        is_answered
    }

    fn state(&self) -> &'static str {
        if self.desk.papers().is_connected { "connected" } else { "lost" }
    }

    fn end(&self) {
        self.desk.papers().ends = true;
        self.desk.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // If it panicked, that was said on stderr, and all of this may be lost.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to do, or until then. Whether the server ends.
    fn wait(&self, until: Instant) -> bool {
        let mut papers = self.papers();
        loop {
            let has_work = papers.is_connected && (papers.present.has_news() || !papers.asked.is_empty());
            let patience = until.saturating_duration_since(Instant::now());
            if papers.ends || has_work || patience.is_zero() {
                return papers.ends;
            }
            papers = self.changed.wait_timeout(papers, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The thread that talks to Redis.
struct Clerk {
    desk: Arc<Desk>,
    client: Client,
    /// The address without its password.
    shown: String,
    limits: Limits,
    stale_ms: u64,
    is_told_lost: bool,
    /// When stale connections are to be removed next.
    prune_at: Instant,
}

impl Clerk {
    fn run(mut self) {
        let retry = Duration::from_millis(self.limits.cluster_retry_ms);
        loop {
            let tried_at = Instant::now();
            match Store::connect(&self.client, &self.limits, &self.desk.clock).and_then(|store| self.serve(store)) {
                Ok(()) => return,
                Err(error) => self.is_lost(&error),
            }
            if self.desk.wait(tried_at + retry) {
                return;
            }
        }
    }

    /// Serves until the server ends, or until Redis is lost.
    fn serve(&mut self, mut store: Store) -> RedisResult<()> {
        self.desk.papers().present.is_to_be_told_anew();
        while self.tell_some(&mut store)? {}
        self.is_found();
        let retry = Duration::from_millis(self.limits.cluster_retry_ms);
        loop {
            let ends = self.desk.wait((Instant::now() + retry).min(self.prune_at));
            if ends {
                return self.say_goodbye(&mut store);
            }
            let had_news = self.tell_some(&mut store)?;
            self.answer(&mut store)?;
            if self.prune_at <= Instant::now() {
                self.prune_at = Instant::now() + Duration::from_millis(self.limits.cluster_heartbeat_ms);
                store.prune(self.stale_ms)?;
            } else if !had_news {
                store.ping()?;
            }
        }
    }

    /// Tells what is to be told, but not for ever: whether there was anything.
    fn tell_some(&self, store: &mut Store) -> RedisResult<bool> {
        for calls in 0..CALLS_AT_ONCE {
            let news = self.desk.papers().present.next(TOLD_AT_ONCE);
            if news.is_empty() {
                return Ok(calls > 0);
            }
            if let Err(error) = write(store, &news) {
                self.desk.papers().present.untold(news);
                return Err(error);
            }
        }
        Ok(true)
    }

    /// Answers what is asked once everything was told that was told before.
    fn answer(&self, store: &mut Store) -> RedisResult<()> {
        if self.desk.papers().present.has_news() {
            return Ok(());
        }
        let asked = std::mem::take(&mut self.desk.papers().asked);
        for (question, answer) in asked {
            let found = store.look(&question, &self.limits, self.stale_ms);
            let error = found.as_ref().err().cloned();
            let _ = answer.send(found.map_err(|_| Unreachable));
            if let Some(error) = error {
                return Err(error);
            }
        }
        Ok(())
    }

    fn say_goodbye(&self, store: &mut Store) -> RedisResult<()> {
        let until = Instant::now() + END;
        self.desk.papers().present.all_go();
        while Instant::now() < until && self.tell_some(store)? {}
        Ok(())
    }

    fn is_lost(&mut self, error: &RedisError) {
        let asked = {
            let mut papers = self.desk.papers();
            papers.is_connected = false;
            std::mem::take(&mut papers.asked)
        };
        for (_, answer) in asked {
            let _ = answer.send(Err(Unreachable));
        }
        if !std::mem::replace(&mut self.is_told_lost, true) {
            let why = if error.is_timeout() { "it does not answer in time".to_owned() } else { error.to_string() };
            tell(&format!(
                "cluster: {} cannot be reached: {why}. Play goes on without it, and it is tried again. See that it runs, and \
                 that the setting `cluster` names it.",
                self.shown
            ));
        }
    }

    /// It was told everything.
    fn is_found(&mut self) {
        self.desk.papers().is_connected = true;
        if std::mem::take(&mut self.is_told_lost) {
            tell(&format!("cluster: {} is there again, and knows every connection of this server", self.shown));
        }
    }
}

fn write(store: &mut Store, news: &News) -> RedisResult<()> {
    store.forget(&news.goodbyes)?;
    store.keep(&news.rows)
}
