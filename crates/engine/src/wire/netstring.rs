//! A connection of netstrings: which frame of it has begun, and until when it has to be whole.

use crate::dialect::Heard;
use crate::dialect::laneya::FAULT;
use crate::io::Now;

#[derive(Debug)]
pub(super) struct Netstring {
    longest_ms: u64,
    /// Which frame has begun, and by when it has to be whole.
    begun: Option<(u64, u64)>,
}

impl Netstring {
    pub(super) fn new(longest_ms: u64) -> Self {
        Self { longest_ms, begun: None }
    }

    /// This frame is the one that is not whole. Whether it is another than before.
    pub(super) fn has_begun(&mut self, frame: Option<u64>, now: Now) -> bool {
        if self.begun.map(|(frame, _)| frame) == frame {
            return false;
        }
        self.begun = frame.map(|frame| (frame, now.mono_ms.saturating_add(self.longest_ms)));
        true
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        self.begun.map(|(_, by_ms)| by_ms)
    }

    /// Whether the frame should have been whole by now. That is told once.
    pub(super) fn is_late(&mut self, now: Now) -> bool {
        self.begun.take_if(|(_, by_ms)| *by_ms <= now.mono_ms).is_some()
    }
}

/// What the dialect hears of a client that breaks the rules.
pub(super) fn fault(why: &str) -> Heard<'_> {
    Heard { event: Some(FAULT), text: why, ack: None }
}
