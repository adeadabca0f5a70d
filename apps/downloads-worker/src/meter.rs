//! How far a download has come, and how fast: shown a few times a second, and held below its speed limit.

use parlour_downloads::{Id, Pulse, Status, percent};
use parlour_room::Errand;
use std::collections::VecDeque;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Pulses are at least so far apart.
pub(crate) const APART: Duration = Duration::from_millis(100);
/// The speed is that of so many pulses.
const SAMPLES: usize = 20;
/// The longest sleep: so soon one looks whether it is still wanted.
const NAP: Duration = Duration::from_millis(20);

pub(crate) struct Meter<'a> {
    errand: &'a Errand<'a>,
    id: &'a Id,
    key: &'a str,
    shown: Option<Instant>,
    samples: VecDeque<(Instant, u64)>,
    /// What is shown does not go back where a host must begin anew.
    most: u64,
    /// Bytes a second; 0: no limit.
    limit: u64,
    began: Instant,
    /// Since then, what the limit is about.
    passed: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(errand: &'a Errand<'a>, id: &'a Id, key: &'a str, limit: u64) -> Self {
        let samples = VecDeque::with_capacity(SAMPLES);
        Self { errand, id, key, shown: None, samples, most: 0, limit, began: Instant::now(), passed: 0 }
    }

    /// It begins, here: nothing is known of the speed.
    pub(crate) fn begin(&mut self, done: u64, total: Option<u64>) {
        self.samples.clear();
        self.show(done, total);
    }

    /// So many bytes have come. Waits for as long as that was too fast.
    pub(crate) fn pass(&mut self, bytes: u64, done: u64, total: Option<u64>) {
        self.passed = self.passed.saturating_add(bytes);
        if self.shown.is_none_or(|shown| shown.elapsed() >= APART) {
            self.show(done, total);
        }
        while let Some(early) = self.early() {
            if self.errand.is_stopped() {
                return;
            }
            sleep(early.min(NAP));
        }
    }

    /// By how much it is too fast.
    fn early(&self) -> Option<Duration> {
        if self.limit == 0 {
            return None;
        }
        let due_us = u128::from(self.passed) * 1_000_000 / u128::from(self.limit);
        let due = Duration::from_micros(u64::try_from(due_us).unwrap_or(u64::MAX));
        due.checked_sub(self.began.elapsed()).filter(|early| !early.is_zero())
    }

    pub(crate) fn show(&mut self, done: u64, total: Option<u64>) {
        let now = Instant::now();
        self.most = self.most.max(done);
        let done = total.map_or(self.most, |total| self.most.min(total));
        self.shown = Some(now);
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back((now, done));
        let speed = self.speed();
        let left = total.map(|total| total.saturating_sub(done));
        self.errand.pulse(&Pulse::Progress {
            id: self.id.clone(),
            key: self.key.to_owned(),
            status: Status::Active,
            percent: total.and_then(|total| percent(done, total)),
            current: done,
            total,
            bytes_done: done,
            bytes_total: total,
            kbit_s: speed.map(|speed| speed.saturating_mul(8) / 1000),
            eta_s: speed.filter(|speed| *speed > 0).zip(left).map(|(speed, left)| left.div_ceil(speed)),
        });
    }

    /// Bytes a second.
    fn speed(&self) -> Option<u64> {
        let ((first, before), (last, done)) = (self.samples.front()?, self.samples.back()?);
        let micros = last.duration_since(*first).as_micros();
        let bytes = u128::from(done.checked_sub(*before)?);
        (bytes * 1_000_000).checked_div(micros).and_then(|speed| u64::try_from(speed).ok())
    }
}
