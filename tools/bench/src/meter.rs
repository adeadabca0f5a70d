//! Time: how much of it the CPU spent for this thread, and how much passed on the wall.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Adds up the time of what is run under it; what lies between is free.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

impl Watch {
    pub(crate) fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, cpu) = (Instant::now(), cpu());
        let done = work();
        self.cpu += cpu_since(cpu);
        self.wall += wall.elapsed();
        done
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a thread's time is not negative")
}

fn cpu_since(before: Duration) -> Duration {
    cpu().saturating_sub(before)
}

/// One round of something: runs it under the watch, and says how many it did.
pub(crate) type Round<'a> = Box<dyn FnMut(&mut Watch) -> u64 + 'a>;

/// What one of something costs, in nanoseconds of CPU time: a figure for each round.
#[derive(Clone, Debug)]
pub struct Cost {
    rounds: Vec<f64>,
}

impl Cost {
    pub(crate) fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self { rounds }
    }

    /// The middle of all rounds.
    pub fn median(&self) -> f64 {
        percentile(&self.rounds, 50)
    }

    /// The cheapest round and the dearest.
    pub fn range(&self) -> (f64, f64) {
        (percentile(&self.rounds, 0), percentile(&self.rounds, 100))
    }
}

/// Measures these in turns, so that what happens on the machine meanwhile happens to all of them. The first round only warms up.
pub(crate) fn in_turns<const N: usize>(rounds: usize, mut cases: [Round<'_>; N]) -> [Cost; N] {
    let mut costs: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for round in 0..=rounds {
        for (case, costs) in cases.iter_mut().zip(&mut costs) {
            let mut watch = Watch::default();
            let done = case(&mut watch);
            if round > 0 {
                costs.push(each_ns(watch.cpu, done));
            }
        }
    }
    costs.map(Cost::of)
}

pub(crate) fn each_ns(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e9 / count.max(1) as f64
}

/// Of sorted values; 0 if there are none.
pub(crate) fn percentile<T: Copy + Default>(sorted: &[T], percent: usize) -> T {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * percent).div_ceil(100)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_seen() {
        let values: Vec<u32> = (1..=200).collect();
        assert_eq!([0, 50, 99, 100].map(|percent| percentile(&values, percent)), [1, 101, 199, 200]);
        assert_eq!((percentile(&[7], 99), percentile::<u32>(&[], 99)), (7, 0));
    }

    #[test]
    fn only_what_runs_under_the_watch_counts() {
        let work = || (0..200_000_u64).fold(0, |sum, number| std::hint::black_box(sum ^ number));
        let mut watch = Watch::default();
        std::hint::black_box((work(), work(), work()));
        assert_eq!(watch.cpu, Duration::ZERO);
        std::hint::black_box(watch.run(work));
        assert!(Duration::ZERO < watch.cpu && watch.cpu <= watch.wall + Duration::from_millis(1), "{watch:?}");
    }
}
