//! Runs jobs: each on a thread of its own, outside the loop. How many at once, how often and after which pauses, the shard says.

use crate::bell::{Bell, Knock};
use parlour_engine::io::{JobId, StartJob};
use parlour_engine::schema::Kinds;
use parlour_room::{Errand, JobFault};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The jobs that run.
pub(crate) struct Jobs {
    kinds: Kinds,
    bell: Bell,
    /// For each the word that its result is no longer wanted.
    stops: HashMap<JobId, Arc<AtomicBool>>,
}

impl Jobs {
    pub(crate) fn new(kinds: Kinds, bell: Bell) -> Self {
        Self { kinds, bell, stops: HashMap::new() }
    }

    /// Begins a job; what comes of it is told at the loop's door, once.
    pub(crate) fn start(&mut self, start: StartJob) {
        let (id, bell) = (start.id, self.bell.clone());
        let Some(runner) = self.kinds.runner(start.kind).cloned() else {
            return self.cannot(id, format!("nothing runs jobs of {:?}", start.kind));
        };
        let stop = Arc::new(AtomicBool::new(false));
        self.stops.insert(id, stop.clone());
        let run = move || {
            let is_stopped = || stop.load(Ordering::Relaxed);
            let errand = Errand::new(&start.room, &start.key, start.since, start.attempt, &is_stopped);
            let result = runner.run(&start.job, &errand);
            // If the loop has ended nobody wants it.
            bell.ring(Knock::JobDone { id, result });
        };
        if let Err(error) = thread::Builder::new().name("job".to_owned()).spawn(run) {
            self.cannot(id, format!("no thread for it: {error}"));
        }
    }

    fn cannot(&self, id: JobId, why: String) {
        self.bell.ring(Knock::JobDone { id, result: Err((JobFault::Failed, why)) });
    }

    /// Nobody wants the result of this job any more.
    pub(crate) fn stop(&mut self, id: JobId) {
        if let Some(stop) = self.stops.get(&id) {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// It has ended.
    pub(crate) fn is_done(&mut self, id: JobId) {
        self.stops.remove(&id);
    }
}

/// The loop has ended: runners that look for it come to an end, too.
impl Drop for Jobs {
    fn drop(&mut self) {
        self.stops.values().for_each(|stop| stop.store(true, Ordering::Relaxed));
    }
}
