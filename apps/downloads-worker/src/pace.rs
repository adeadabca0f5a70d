//! When a host is given up: because it sends too little, or because its connections are cut too often.

use std::time::Duration;

/// The least speed of a host, in bytes a second.
const LEAST_BYTES_S: u128 = 1024;
/// It is that of so many of the longest silences: of a minute, where 30 seconds of silence are too many.
const SILENCES: u32 = 2;
/// So often a connection that was cut is made again without much having come.
const TRIES: u32 = 5;
/// What is much.
const MUCH: u64 = 1 << 20;
/// So many connections one run makes, however much came over each.
const CONNECTIONS: u32 = 1000;
/// The pause before the first of them; each is longer by as much.
const PAUSE: Duration = Duration::from_millis(100);

/// How fast a host is. Only the time in which one waited for it counts: a speed limit, or a slow disk, is not its fault.
pub(crate) struct Pace {
    window: Duration,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Of a host that may be silent for so long.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { window: patience.saturating_mul(SILENCES), waited: Duration::ZERO, bytes: 0 }
    }

    pub(crate) fn came(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// One waited for so long; whether the host is too slow.
    pub(crate) fn waited(&mut self, waited: Duration) -> bool {
        self.waited = self.waited.saturating_add(waited);
        if self.waited < self.window {
            return false;
        }
        let is_slow = u128::from(self.bytes) * 1000 < self.waited.as_millis() * LEAST_BYTES_S;
        (self.waited, self.bytes) = (Duration::ZERO, 0);
        is_slow
    }
}

/// How often connections were cut.
pub(crate) struct Cuts {
    all: u32,
    /// Since much came.
    tries: u32,
    had: u64,
}

impl Cuts {
    /// There were none yet, and so much is there.
    pub(crate) fn new(written: u64) -> Self {
        Self { all: 0, tries: 0, had: written }
    }

    /// One was cut when so much was there: the pause before the next. `None`: that was the last.
    pub(crate) fn again(&mut self, written: u64) -> Option<Duration> {
        self.all += 1;
        self.tries = if written >= self.had.saturating_add(MUCH) { 1 } else { self.tries + 1 };
        self.had = written;
        (self.tries < TRIES && self.all < CONNECTIONS).then(|| PAUSE.saturating_mul(self.tries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_makes_no_more_than_so_many_connections_however_much_comes_over_each() {
        let (mut cuts, mut written) = (Cuts::new(0), 0);
        let again = std::iter::from_fn(|| {
            written += MUCH;
            cuts.again(written)
        });
        assert_eq!(again.take(5000).count(), 999);
        assert_eq!(std::iter::from_fn(|| cuts.again(0)).count(), 0);
        let mut cuts = Cuts::new(10);
        assert_eq!(std::iter::from_fn(|| cuts.again(10)).count(), 4);
    }

    #[test]
    fn a_host_is_too_slow_by_what_came_while_one_waited_for_it() {
        let second = Duration::from_secs(1);
        let after = |bytes| {
            let mut pace = Pace::new(second * 30);
            (1..=600).find(|_| {
                pace.came(bytes);
                pace.waited(second)
            })
        };
        assert_eq!((after(0), after(1023), after(1024)), (Some(60), Some(60), None));
    }
}
