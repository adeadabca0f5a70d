//! A connection that is one HTTP request of a dialect: its dialect is told what a client would be told, and what it makes of
//! that is the response. It has no socket, and ends with the response.

use super::Wish;
use crate::code::Code;
use crate::io::{CallId, Now, Reply};

/// One request.
#[derive(Debug)]
pub(super) struct Call {
    to: CallId,
    by_ms: u64,
    reply: Option<Reply>,
    is_answered: bool,
}

impl Call {
    /// It is answered at the latest by this monotonic time.
    pub(super) fn new(to: CallId, by_ms: u64) -> Self {
        Self { to, by_ms, reply: None, is_answered: false }
    }

    /// Answers it; only the first answer counts.
    pub(super) fn reply(&mut self, status: u16, body: String) {
        if !self.is_answered {
            self.is_answered = true;
            self.reply = Some(Reply::Rest { status, body });
        }
    }

    /// It ends without an answer of its dialect.
    pub(super) fn give_up(&mut self, code: u16) {
        let code = match code {
            1008 => Code::AuthenticationRequired,
            1012 => Code::Draining,
            _ => Code::JournalDown,
        };
        if !self.is_answered {
            self.is_answered = true;
            self.reply = Some(Reply::Failed(code.into()));
        }
    }

    pub(super) fn take_reply(&mut self) -> Option<(CallId, Reply)> {
        self.reply.take().map(|reply| (self.to, reply))
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        (!self.is_answered).then_some(self.by_ms)
    }

    pub(super) fn time(&mut self, now: Now) -> Option<Wish> {
        (!self.is_answered && self.by_ms <= now.mono_ms).then_some(Wish::End(1013, "no answer in time"))
    }
}
