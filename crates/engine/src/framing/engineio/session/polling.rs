//! `bytes -> framing` and `.. <- framing`: the requests of a session that polls.

use super::unsent::Unsent;
use super::{End, Message, Output, Session};
use crate::framing::engineio::answer::{Answer, Refusal};
use crate::framing::engineio::packet::Packet;
use crate::io::{CallId, Now};
use crate::limits::{LAST_POLL_MS, LAST_WORD_MS};
use std::collections::VecDeque;

/// What a session that polls has open.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// The poll that waits for something to be sent.
    waiting: Option<CallId>,
    post: Option<Post>,
    /// The payload of the next answers to polls.
    unsent: Unsent,
    /// The session ends with the poll after everything was sent, or at this monotonic time.
    closes_by_ms: Option<u64>,
}

#[derive(Debug)]
struct Post {
    call: CallId,
    /// Its body, once it is there, and how much of it was read.
    body: Option<(String, usize)>,
}

impl Session {
    /// The client asks for what waits for it: it is answered now, or when there is something.
    pub fn poll(&mut self, call: CallId, now: Now) {
        if let Err(refusal) = self.check_polling() {
            return self.answer(call, Answer::refused(refusal));
        }
        let is_probed = self.probe.as_mut().filter(|probe| probe.is_answered);
        if let Some(probe) = is_probed {
            probe.release_later(now);
        }
        let Some(polling) = self.polling_mut() else { return };
        if polling.waiting.is_some() {
            self.end_with(End::Overlap);
            return self.answer(call, Answer::bare(400));
        }
        polling.waiting = Some(call);
        self.flush_at(now);
    }

    /// The client begins to say something: the head of its request is there.
    pub fn post_begins(&mut self, call: CallId, content_type: Option<&str>) {
        if let Err(refusal) = self.check_polling() {
            return self.answer(call, Answer::refused(refusal));
        }
        let is_text = content_type.is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/octet-stream"));
        let Some(polling) = self.polling_mut() else { return };
        match polling.post {
            None if is_text => polling.post = Some(Post { call, body: None }),
            None => {
                self.end_with(End::Junk);
                self.answer(call, Answer::bare(400));
            }
            Some(_) => {
                self.end_with(End::Overlap);
                self.answer(call, Answer::bare(400));
            }
        }
    }

    /// The body of that request is there: what it says can be taken. One that is too long is not looked at.
    pub fn post(&mut self, call: CallId, body: Vec<u8>) {
        let limit = self.terms.payload_bytes;
        let Some(polling) = self.polling_mut() else { return };
        let is_closing = polling.closes_by_ms.is_some();
        let Some(post) = polling.post.as_mut().filter(|post| post.call == call && post.body.is_none()) else { return };
        if body.len() > limit {
            return self.post_too_big(call);
        }
        if is_closing {
            // It came, but nothing more is heard.
            polling.post = None;
            return self.answer(call, Answer::ok());
        }
        match String::from_utf8(body) {
            Ok(body) => post.body = Some((body, 0)),
            Err(_) => {
                post.body = Some((String::new(), 0));
                self.end_with(End::Junk);
            }
        }
    }

    /// The body of that request is, or says it will be, longer than it may be: nothing of it was looked at.
    pub fn post_too_big(&mut self, call: CallId) {
        let Some(polling) = self.polling_mut() else { return };
        if polling.post.take_if(|post| post.call == call).is_some() {
            self.answer(call, Answer::bare(413));
        }
    }

    /// The next message of the body that came. With the last one taken its client is answered, and may send another.
    pub fn take(&mut self, now: Now) -> Option<Message<'static>> {
        loop {
            let polling = self.polling_mut()?;
            let post = polling.post.as_mut()?;
            let (body, read) = post.body.as_mut()?;
            if *read > body.len() {
                let call = post.call;
                polling.post = None;
                self.answer(call, Answer::ok());
                return None;
            }
            let (packet, rest) = Packet::read_first(&body[*read..]);
            // Past the end, if there is nothing after this one.
            *read = body.len() + 1 - rest.map_or(0, |rest| rest.len() + 1);
            let packet = packet.map(Packet::into_owned);
            match self.react(packet, now) {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(end) => {
                    self.end_with(end);
                    return None;
                }
            }
        }
    }

    /// A client gave its request up before it was answered.
    pub fn gone(&mut self, call: CallId) {
        let Some(polling) = self.polling_mut() else { return };
        let was_poll = polling.waiting.take_if(|waiting| *waiting == call).is_some();
        let was_post = polling.post.take_if(|post| post.call == call).is_some();
        if was_poll || was_post {
            self.end_with(End::Gone);
        }
    }

    /// Answers the poll that waits, if there is something to be sent. That the session ends is an answer of its own: what comes
    /// together with that, clients in JavaScript never tell whom it is for.
    pub fn flush(&mut self) {
        let Some(polling) = self.polling_mut() else { return };
        let is_all = polling.unsent.is_empty();
        if is_all && polling.closes_by_ms.is_none() {
            return;
        }
        let Some(call) = polling.waiting.take() else { return };
        if is_all {
            self.answer(call, Answer::payload(one(&Packet::Close)));
            return self.end_with(End::ByServer);
        }
        let payload = polling.unsent.take();
        self.answer(call, Answer::payload(payload));
    }

    /// The same; and who was sent everything need not come again for long.
    pub(super) fn flush_at(&mut self, now: Now) {
        self.flush();
        if let Some(polling) = self.polling_mut().filter(|polling| polling.unsent.is_empty())
            && let Some(by_ms) = &mut polling.closes_by_ms
        {
            *by_ms = (*by_ms).min(now.mono_ms.saturating_add(LAST_WORD_MS));
        }
    }

    fn check_polling(&self) -> Result<(), Refusal> {
        match self.end {
            Some(_) => Err(Refusal::UnknownSession),
            None if self.is_polling() => Ok(()),
            None => Err(Refusal::BadRequest),
        }
    }
}

impl Polling {
    pub(super) fn unsent(&self) -> usize {
        self.unsent.len()
    }

    pub(super) fn closes_by_ms(&self) -> Option<u64> {
        self.closes_by_ms
    }

    /// Nothing more is heard. A post that came and was not taken to its end is answered all the same: whose client may not poll
    /// before that.
    pub(super) fn close(&mut self, now: Now) -> Option<CallId> {
        self.closes_by_ms = Some(now.mono_ms.saturating_add(LAST_POLL_MS));
        self.post.take_if(|post| post.body.is_some()).map(|post| post.call)
    }

    /// Keeps a packet for the next poll, unless the session is to end. Whether as much may wait.
    pub(super) fn keep(&mut self, write: impl FnOnce(&mut Vec<u8>), limit: usize) -> bool {
        if self.closes_by_ms.is_none() {
            write(self.unsent.end());
        }
        self.unsent.len() <= limit
    }

    /// Ends a poll that waits, with nothing.
    pub(super) fn release(&mut self, outputs: &mut VecDeque<Output>) {
        if let Some(call) = self.waiting.take() {
            outputs.push_back(Output::Answer(call, Answer::payload(one(&Packet::Noop))));
        }
    }

    /// Whether a post is not read to its end.
    pub(super) fn is_being_told(&self) -> bool {
        self.post.is_some()
    }

    /// Hands what waits over to a WebSocket.
    pub(super) fn hand_over(mut self, out: &mut Vec<u8>) {
        let unsent = String::from_utf8(self.unsent.take_all()).expect("packets are text");
        let mut rest = (!unsent.is_empty()).then_some(unsent.as_str());
        while let Some(payload) = rest {
            let (packet, after) = Packet::read_first(payload);
            packet.expect("a packet of our own").write_frame(out);
            rest = after;
        }
    }

    /// Leaves nobody waiting.
    pub(super) fn leave(self, end: End, outputs: &mut VecDeque<Output>) {
        if let Some(post) = self.post {
            // What was read of it is why the session ends, or of no use any more: it came, in any case.
            let answer = if post.body.is_some() { Answer::ok() } else { Answer::bare(400) };
            outputs.push_back(Output::Answer(post.call, answer));
        }
        let last = if end == End::ByClient { Packet::Noop } else { Packet::Close };
        if let Some(call) = self.waiting {
            outputs.push_back(Output::Answer(call, Answer::payload(one(&last))));
        }
    }
}

fn one(packet: &Packet<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.write_polled(&mut payload);
    payload
}
