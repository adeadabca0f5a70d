//! The writer's thread: "append" on its way to "durable". While one group is synced the next gathers, so the slower the disk the
//! larger the groups.

use super::{AppendError, Journal};
use crate::meters::{Measured, Times};
use parlour_engine::forward::ShardId;
use parlour_engine::store::Batch;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Who is told what became of the batches of which shard.
pub type Tell = Box<dyn Fn(ShardId, Committed) + Send>;

/// What became of a shard's batches in one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Everything up to this commit is on disk.
    Durable {
        /// The highest commit of that shard in the group.
        commit: u64,
    },
    /// Nothing from this commit on will be reported durable, ever; what was reported before stays. The process should end and
    /// recover.
    Failed {
        /// The lowest commit of that shard in the group.
        commit: u64,
        /// For the log.
        why: String,
    },
}

/// Owns a journal on a thread of its own. Dropping it is [`stop`](Self::stop).
///
/// Its queue has no limit of its own: a shard stops taking input when its state is too far ahead of the disk.
#[derive(Debug)]
pub struct Writer {
    queue: Option<Sender<Batch>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the thread. It calls `tell` once per group and shard, on itself: what takes long there holds up the next group.
    pub fn start(journal: Box<dyn Journal>, tell: Tell) -> std::io::Result<Self> {
        let (queue, batches) = channel();
        let counters = Arc::new(Counters::default());
        let work = Work { journal, tell, counters: Arc::clone(&counters), poisoned: None, may_fold: true };
        let thread = thread::Builder::new().name("journal".into()).spawn(move || work.run(&batches))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    /// Hands a batch over; never waits. Commits of one shard must rise from call to call.
    pub fn submit(&self, batch: Batch) {
        let queue = self.queue.as_ref().expect("it is taken in drop only");
        queue.send(batch).expect("the thread catches every panic and ends when this sender is gone");
    }

    /// What was written since the start, for the metrics; never waits.
    pub fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { commits, batches, records, bytes, nanos, fold_nanos, .. } = &*self.counters;
        Totals {
            commits: read(commits),
            batches: read(batches),
            records: read(records),
            bytes: read(bytes),
            busy: Duration::from_nanos(read(nanos)),
            folding: Duration::from_nanos(read(fold_nanos)),
        }
    }

    /// How long each group took to write and sync.
    pub(crate) fn appends(&self) -> Measured {
        self.counters.appends.read()
    }

    /// Writes what was submitted, reports it, closes the journal, and returns when all of that is done.
    pub fn stop(self) {}
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // The thread catches every panic; if one got out all the same there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// What a writer has written since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Groups, each one transaction and one sync.
    pub commits: u64,
    /// Batches in them.
    pub batches: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of the records' inputs and the snapshots' bodies.
    pub bytes: u64,
    /// Time spent writing and syncing.
    pub busy: Duration,
    /// Time spent folding.
    pub folding: Duration,
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    batches: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    nanos: AtomicU64,
    fold_nanos: AtomicU64,
    appends: Times,
}

struct Work {
    journal: Box<dyn Journal>,
    tell: Tell,
    counters: Arc<Counters>,
    /// Set by what failed first: a journal that broke off half-way is not touched again.
    poisoned: Option<String>,
    /// Whether there may be something to fold without anything being written before: at first there may, from an earlier start.
    may_fold: bool,
}

impl Work {
    fn run(mut self, batches: &Receiver<Batch>) {
        let mut group = Vec::new();
        let mut last = BTreeMap::from([(ShardId(0), 0)]);
        loop {
            // Folding fills the time in which nothing waits. Under load there is one step for each group.
            let waiting = if self.may_fold { batches.try_recv() } else { batches.recv().map_err(Into::into) };
            match waiting {
                Ok(first) => {
                    group.push(first);
                    group.extend(batches.try_iter());
                    last.extend(group.iter().map(|batch| (batch.shard, batch.commit)));
                    let written = self.commit(&group);
                    for (shard, report) in reports(&group, written.as_ref().err()) {
                        self.report(shard, report);
                    }
                    group.clear();
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return,
            }
            if let Err(why) = self.fold() {
                for (shard, commit) in &last {
                    self.report(*shard, Committed::Failed { commit: commit + 1, why: why.clone() });
                }
            }
            group.clear();
        }
    }

    fn report(&mut self, shard: ShardId, report: Committed) {
        if catch_unwind(AssertUnwindSafe(|| (self.tell)(shard, report))).is_err() {
            // A report that got lost must not be followed by one that covers it.
            self.poisoned.get_or_insert_with(|| "a report could not be delivered".into());
        }
    }

    /// One step. What was written longest ago is not what anybody waits for, but a journal that fails at it is no better than one
    /// that fails at a commit.
    fn fold(&mut self) -> Result<(), String> {
        if self.poisoned.is_some() {
            self.may_fold = false;
            return Ok(());
        }
        let start = Instant::now();
        let folded = self.guarded(|journal| journal.fold());
        self.may_fold = folded == Ok(true);
        self.counters.fold_nanos.fetch_add(nanos(start.elapsed()), Ordering::Relaxed);
        folded.map(drop).map_err(|error| error.to_string())
    }

    fn commit(&mut self, group: &[Batch]) -> Result<(), String> {
        if let Some(why) = &self.poisoned {
            return Err(AppendError::Dead(why.clone()).to_string());
        }
        let start = Instant::now();
        match self.guarded(|journal| journal.append(group)) {
            Ok(()) => {
                self.count(group, start.elapsed());
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn guarded<T>(&mut self, work: impl FnOnce(&mut dyn Journal) -> Result<T, AppendError>) -> Result<T, AppendError> {
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut *self.journal)));
        let done = done.unwrap_or_else(|panic| Err(AppendError::Failed(format!("its thread panicked: {}", words(&*panic)))));
        if let Err(AppendError::Failed(why) | AppendError::Dead(why)) = &done {
            self.poisoned = Some(why.clone());
        }
        done
    }

    fn count(&self, group: &[Batch], busy: Duration) {
        let add = |counter: &AtomicU64, more: u64| counter.fetch_add(more, Ordering::Relaxed);
        let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.counters.appends.note(busy, 1);
        add(&self.counters.commits, 1);
        add(&self.counters.batches, length(group.len()));
        add(&self.counters.records, group.iter().map(|batch| length(batch.records.len())).sum());
        let inputs = group.iter().flat_map(|batch| &batch.records).map(|(_, record)| length(record.input.len()));
        let bodies = group.iter().flat_map(|batch| &batch.snapshots).map(|snapshot| length(snapshot.body.len()));
        add(&self.counters.bytes, inputs.chain(bodies).sum());
        add(&self.counters.nanos, nanos(busy));
    }
}

/// What each shard with batches in the group is told.
fn reports(group: &[Batch], failure: Option<&String>) -> BTreeMap<ShardId, Committed> {
    let mut reports: BTreeMap<ShardId, Committed> = BTreeMap::new();
    for Batch { shard, commit, .. } in group {
        let report = reports.entry(*shard).or_insert_with(|| match failure {
            None => Committed::Durable { commit: *commit },
            Some(why) => Committed::Failed { commit: *commit, why: why.clone() },
        });
        match report {
            Committed::Durable { commit: highest } => *highest = (*highest).max(*commit),
            Committed::Failed { commit: lowest, .. } => *lowest = (*lowest).min(*commit),
        }
    }
    reports
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_writing_is_reported_and_nothing_is_written_after_it() {
        struct Bomb(Sender<u64>);
        impl Journal for Bomb {
            fn append(&mut self, batches: &[Batch]) -> Result<(), AppendError> {
                self.0.send(batches[0].commit).unwrap();
                assert!(batches[0].commit < 2, "boom");
                Ok(())
            }
        }
        let (tried, tries) = channel();
        let (writer, reports) = reporting(Box::new(Bomb(tried)));
        for commit in 1..=3 {
            writer.submit(Batch { commit, ..Batch::default() });
            match reports.recv().unwrap() {
                Committed::Durable { commit: durable } => assert_eq!((commit, durable), (1, 1)),
                Committed::Failed { commit: failed, why } => {
                    assert_eq!(commit, failed);
                    assert!(why.contains("boom"), "{why}");
                }
            }
        }
        writer.stop();
        assert_eq!(tries.iter().collect::<Vec<_>>(), [1, 2], "commit 3 was kept from the journal");
    }

    #[test]
    fn after_a_report_that_panicked_nothing_is_reported_durable() {
        let (reported, reports) = channel();
        let tell = move |_, report: Committed| {
            let first = report == Committed::Durable { commit: 1 };
            reported.send(report).unwrap();
            assert!(!first, "the first report is dropped");
        };
        let writer = Writer::start(Box::new(Instantly), Box::new(tell)).unwrap();
        writer.submit(Batch { commit: 1, ..Batch::default() });
        assert_eq!(reports.recv().unwrap(), Committed::Durable { commit: 1 });
        writer.submit(Batch { commit: 2, ..Batch::default() });
        assert!(matches!(reports.recv().unwrap(), Committed::Failed { commit: 2, .. }));
    }

    #[test]
    fn each_shard_is_told_of_its_own_batches_in_a_group() {
        let batch = |shard, commit| Batch { shard: ShardId(shard), commit, ..Batch::default() };
        let group = [batch(0, 7), batch(1, 2), batch(0, 8), batch(1, 3)];
        let durable = |commit| Committed::Durable { commit };
        assert_eq!(reports(&group, None), BTreeMap::from([(ShardId(0), durable(8)), (ShardId(1), durable(3))]));
        let failed = |commit| Committed::Failed { commit, why: "full".to_owned() };
        let told = reports(&group, Some(&"full".to_owned()));
        assert_eq!(told, BTreeMap::from([(ShardId(0), failed(7)), (ShardId(1), failed(2))]));
    }

    #[test]
    fn stopping_writes_and_reports_what_was_submitted() {
        let (writer, reports) = reporting(Box::new(Instantly));
        for commit in 1..=100 {
            writer.submit(Batch { commit, ..Batch::default() });
        }
        writer.stop();
        assert_eq!(reports.iter().last(), Some(Committed::Durable { commit: 100 }));
    }

    struct Instantly;
    impl Journal for Instantly {
        fn append(&mut self, _: &[Batch]) -> Result<(), AppendError> {
            Ok(())
        }
    }

    fn reporting(journal: Box<dyn Journal>) -> (Writer, Receiver<Committed>) {
        let (reported, reports) = channel();
        let tell = move |_, report| reported.send(report).unwrap();
        (Writer::start(journal, Box::new(tell)).unwrap(), reports)
    }
}
