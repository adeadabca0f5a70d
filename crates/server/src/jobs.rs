//! Runs jobs: each on a thread of its own, outside the loop. How many at once, how often and after which pauses, the shard says.

use crate::bell::{Bell, Knock};
use parlour_engine::io::{JobId, StartJob};
use parlour_engine::schema::Kinds;
use parlour_room::job::Outside;
use parlour_room::{Errand, JobFault};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
            let StartJob { room, key, since, .. } = &start;
            let progress = Arc::new(Progress { room: room.clone(), key: key.clone(), since: *since, next: Mutex::default() });
            let outside = Run { stop, progress, bell: bell.clone() };
            let errand = Errand::new(room, key, *since, start.attempt, &outside);
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

/// What a job tells of its progress, until the loop takes it: only the last of it.
pub(crate) struct Progress {
    pub(crate) room: Arc<str>,
    pub(crate) key: String,
    pub(crate) since: u64,
    next: Mutex<Option<String>>,
}

impl Progress {
    /// What there is to show now.
    pub(crate) fn take(&self) -> Option<String> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether nothing waited to be shown before.
    fn put(&self, pulse: String) -> bool {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).replace(pulse).is_none()
    }
}

/// What a runner sees of the server.
struct Run {
    stop: Arc<AtomicBool>,
    progress: Arc<Progress>,
    bell: Bell,
}

impl Outside for Run {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn pulse(&self, pulse: String) {
        if self.progress.put(pulse) {
            // If the loop has ended nobody sees it.
            self.bell.ring(Knock::JobPulse(self.progress.clone()));
        }
    }
}

/// The loop has ended: runners that look for it come to an end, too.
impl Drop for Jobs {
    fn drop(&mut self) {
        self.stops.values().for_each(|stop| stop.store(true, Ordering::Relaxed));
    }
}
