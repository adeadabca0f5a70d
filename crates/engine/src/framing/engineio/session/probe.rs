//! `bytes -> framing` and `.. <- framing`: the second connection of a session that polls, which is tried and then takes over.

use super::{End, Output, Session, Way};
use crate::framing::engineio::packet::Packet;
use crate::framing::websocket;
use crate::io::Now;
use crate::limits::{PROBE_MS, RELEASE_MS};

#[derive(Debug)]
pub(super) struct Probe {
    /// When it is given up, in monotonic time.
    pub(super) until_ms: u64,
    /// Whether it was heard and answered: its client now waits for its last poll to end.
    pub(super) is_answered: bool,
    /// When the poll that waits is to be ended.
    pub(super) release_at_ms: Option<u64>,
}

impl Probe {
    /// A poll that comes while the probe is on is ended after a while: at once would be answering as fast as it can ask.
    pub(super) fn release_later(&mut self, now: Now) {
        self.release_at_ms = Some(now.mono_ms.saturating_add(RELEASE_MS));
    }
}

impl Session {
    /// A second connection names this session. If it may not take over, it is to be closed.
    #[must_use]
    pub fn probe_opens(&mut self, now: Now) -> bool {
        let may = self.end.is_none() && self.probe.is_none() && self.as_polling().is_some_and(|p| p.closes_by_ms().is_none());
        if may {
            let until_ms = now.mono_ms.saturating_add(PROBE_MS);
            self.probe = Some(Probe { until_ms, is_answered: false, release_at_ms: None });
        }
        may
    }

    /// Takes a message that came on it. If it takes over with it, what waited for a poll is appended to `out`, which is to be
    /// written there.
    pub fn probe_hears(&mut self, message: websocket::Message<'_>, now: Now, out: &mut Vec<u8>) {
        let Some(probe) = &mut self.probe else { return };
        let packet = match message {
            websocket::Message::Text(text) => Packet::read(text),
            websocket::Message::Binary(_) => return self.drop_probe(),
            _ => return,
        };
        match packet {
            Ok(Packet::Ping(data)) if data == "probe" => {
                probe.is_answered = true;
                probe.release_at_ms = None;
                let mut frame = Vec::new();
                Packet::Pong(data).write_frame(&mut frame);
                self.outputs.push_back(Output::WriteProbe(frame));
                self.flush();
                self.release();
            }
            Ok(Packet::Upgrade) => self.take_over(out),
            _ => self.drop_probe(),
        }
        self.probe_time(now);
    }

    /// What came on it was no message at all.
    pub fn probe_fails(&mut self) {
        self.drop_probe();
    }

    /// It is gone.
    pub fn probe_gone(&mut self) {
        self.probe = None;
    }

    /// Does what is due by now.
    pub(super) fn probe_time(&mut self, now: Now) {
        let Some(probe) = &mut self.probe else { return };
        if probe.until_ms <= now.mono_ms {
            return self.drop_probe();
        }
        if probe.release_at_ms.take_if(|at| *at <= now.mono_ms).is_some() {
            self.release();
        }
    }

    pub(super) fn drop_probe(&mut self) {
        if self.probe.take().is_some() {
            self.outputs.push_back(Output::CloseProbe);
        }
    }

    fn release(&mut self) {
        if let Way::Polling(polling) = &mut self.way {
            polling.release(&mut self.outputs);
        }
    }

    fn take_over(&mut self, out: &mut Vec<u8>) {
        if self.as_polling().is_some_and(|polling| polling.is_being_told()) {
            // What it still says there and what it says here could not be put in order.
            return self.end_with(End::Overlap);
        }
        self.release();
        self.probe = None;
        self.outputs.push_back(Output::Upgraded);
        if let Way::Polling(polling) = std::mem::replace(&mut self.way, Way::WebSocket) {
            polling.hand_over(out);
        }
    }
}
