//! `bytes -> framing` and `.. <- framing`: one Engine.IO client, over whatever it comes, as a state machine.
//!
//! A session is on one way at a time. What is sent while it polls waits in one buffer, as the payload of the next answer; when a
//! WebSocket takes over, what is in it goes there first. A post is read to its end before the WebSocket may take over. So each
//! message arrives once and in order, both ways, whatever the client does when. What cannot be kept in order ends the session.

mod polling;
mod probe;
#[cfg(test)]
mod tests;
mod unsent;

use super::answer::Answer;
use super::packet::{Junk, MESSAGE, Packet, write_text_frame, write_text_polled};
use crate::framing::websocket;
use crate::io::{CallId, Now};
use polling::Polling;
use probe::Probe;
use std::borrow::Cow;
use std::collections::VecDeque;

/// What a session is told when it begins, and what it is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How often it is pinged.
    pub ping_interval_ms: u64,
    /// How long it may take to answer a ping.
    pub ping_timeout_ms: u64,
    /// The longest body of a post. (Of a WebSocket message its decoder knows the limit.)
    pub payload_bytes: usize,
    /// How much may wait for a poll.
    pub unsent_bytes: usize,
}

/// What the layer above is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said so.
    ByClient,
    /// We said so.
    ByServer,
    /// A ping was not answered in time.
    Silent,
    /// What came is no packet, or none that a client may send.
    Junk,
    /// Two polls, or two posts, at a time: nobody could say which is the first.
    Overlap,
    /// A request was given up before it was answered: nobody could say what arrived.
    Gone,
    /// More waited for a poll than may.
    Behind,
}

/// Something to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Answer this request.
    Answer(CallId, Answer),
    /// Write these frames to the probe's connection.
    WriteProbe(Vec<u8>),
    /// Close the probe's connection.
    CloseProbe,
    /// The probe's connection is the session's: what was appended for it since goes there.
    Upgraded,
}

/// One client.
#[derive(Debug)]
pub struct Session {
    sid: String,
    terms: Terms,
    beat: Beat,
    way: Way,
    probe: Option<Probe>,
    end: Option<End>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum Way {
    Polling(Polling),
    WebSocket,
}

/// Both in monotonic time.
#[derive(Clone, Copy, Debug)]
enum Beat {
    PingAt(u64),
    PongUntil(u64),
}

impl Session {
    /// A session that begins with a request, and its answer.
    pub fn polling(sid: String, terms: Terms, now: Now) -> (Self, Answer) {
        let session = Self::new(sid, terms, Way::Polling(Polling::default()), now);
        let mut payload = Vec::new();
        session.greeting(r#""websocket""#).write_polled(&mut payload);
        (session, Answer::payload(payload))
    }

    /// A session that begins on a WebSocket. Its greeting is appended to what that connection is to be sent.
    pub fn websocket(sid: String, terms: Terms, now: Now, out: &mut Vec<u8>) -> Self {
        let session = Self::new(sid, terms, Way::WebSocket, now);
        session.greeting("").write_frame(out);
        session
    }

    fn new(sid: String, terms: Terms, way: Way, now: Now) -> Self {
        let beat = Beat::PingAt(now.mono_ms.saturating_add(terms.ping_interval_ms));
        Self { sid, terms, beat, way, probe: None, end: None, outputs: VecDeque::new() }
    }

    fn greeting(&self, upgrades: &str) -> Packet<'static> {
        let Terms { ping_interval_ms, ping_timeout_ms, payload_bytes, .. } = self.terms;
        let sid = serde_json::Value::from(self.sid.as_str());
        let rest = format!(r#""pingInterval":{ping_interval_ms},"pingTimeout":{ping_timeout_ms},"maxPayload":{payload_bytes}"#);
        Packet::Open(format!(r#"{{"sid":{sid},"upgrades":[{upgrades}],{rest}}}"#).into())
    }

    /// Its id, which is also its client's right to it: nobody may be able to guess it.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Why it is over, if it is. On a WebSocket its caller closes that connection.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether its client polls.
    pub fn is_polling(&self) -> bool {
        matches!(self.way, Way::Polling(_))
    }

    /// How much waits for a poll.
    pub fn unsent(&self) -> usize {
        self.as_polling().map_or(0, Polling::unsent)
    }

    /// The next thing to do.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes a message that came on the session's WebSocket, and answers what it says to the layer above. Pings, pongs and closes
    /// of the WebSocket itself mean nothing here.
    pub fn hear<'m>(&mut self, message: websocket::Message<'m>, now: Now) -> Option<Message<'m>> {
        if self.end.is_some() || self.is_polling() {
            return None;
        }
        let packet = match message {
            websocket::Message::Text(text) => Packet::read(text),
            websocket::Message::Binary(bytes) => Ok(Packet::Binary(Cow::Borrowed(bytes))),
            _ => return None,
        };
        self.react(packet, now).unwrap_or_else(|end| {
            self.end_with(end);
            None
        })
    }

    /// Sends text, which is UTF-8: over the WebSocket, appended to `out`, or with the next poll.
    pub fn send_text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.send(|polling| write_text_polled(polling, MESSAGE, text), |out| write_text_frame(out, MESSAGE, text), out);
    }

    /// Sends bytes, likewise.
    pub fn send_binary(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.send_packet(&Packet::Binary(Cow::Borrowed(bytes)), out);
    }

    /// Ends the session. A client that polls is told after all that waits for it, now or with its next polls; on a WebSocket,
    /// closing that tells it.
    pub fn close(&mut self, now: Now) {
        if self.end.is_some() {
            return;
        }
        self.drop_probe();
        match self.polling_mut() {
            Some(polling) if polling.closes_by_ms().is_some() => {}
            Some(polling) => {
                if let Some(posted) = polling.close(now) {
                    self.answer(posted, Answer::ok());
                }
                self.flush_at(now);
            }
            None => self.end_with(End::ByServer),
        }
    }

    /// When to call [`Session::time`], in monotonic time.
    pub fn deadline(&self) -> Option<u64> {
        if self.end.is_some() {
            return None;
        }
        let (Beat::PingAt(beat) | Beat::PongUntil(beat)) = self.beat;
        let closes = self.as_polling().and_then(Polling::closes_by_ms);
        let (given_up, release) = self.probe.as_ref().map_or((None, None), |probe| (Some(probe.until_ms), probe.release_at_ms));
        [Some(beat), closes, given_up, release].into_iter().flatten().min()
    }

    /// Does what is due by now.
    pub fn time(&mut self, now: Now, out: &mut Vec<u8>) {
        if self.end.is_some() {
            return;
        }
        if self.as_polling().and_then(Polling::closes_by_ms).is_some_and(|by| by <= now.mono_ms) {
            return self.end_with(End::ByServer);
        }
        match self.beat {
            Beat::PingAt(at) if at <= now.mono_ms => {
                self.beat = Beat::PongUntil(now.mono_ms.saturating_add(self.terms.ping_timeout_ms));
                self.send_packet(&Packet::Ping("".into()), out);
                self.flush();
            }
            Beat::PongUntil(until) if until <= now.mono_ms => return self.end_with(End::Silent),
            Beat::PingAt(_) | Beat::PongUntil(_) => {}
        }
        self.probe_time(now);
    }

    fn as_polling(&self) -> Option<&Polling> {
        match &self.way {
            Way::Polling(polling) => Some(polling),
            Way::WebSocket => None,
        }
    }

    fn polling_mut(&mut self) -> Option<&mut Polling> {
        match &mut self.way {
            Way::Polling(polling) => Some(polling),
            Way::WebSocket => None,
        }
    }

    fn send_packet(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>) {
        self.send(|polled| packet.write_polled(polled), |out| packet.write_frame(out), out);
    }

    fn send(&mut self, polled: impl FnOnce(&mut Vec<u8>), frame: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
        let limit = self.terms.unsent_bytes;
        match &mut self.way {
            _ if self.end.is_some() => {}
            Way::WebSocket => frame(out),
            Way::Polling(polling) => {
                if !polling.keep(polled, limit) {
                    self.end_with(End::Behind);
                }
            }
        }
    }

    /// What a packet says to the layer above, or why the session ends with it.
    fn react<'m>(&mut self, packet: Result<Packet<'m>, Junk>, now: Now) -> Result<Option<Message<'m>>, End> {
        match packet {
            Ok(Packet::Text(text)) => Ok(Some(Message::Text(text))),
            Ok(Packet::Binary(bytes)) => Ok(Some(Message::Binary(bytes))),
            Ok(Packet::Pong(_)) => {
                self.beat = Beat::PingAt(now.mono_ms.saturating_add(self.terms.ping_interval_ms));
                Ok(None)
            }
            Ok(Packet::Open(_) | Packet::Upgrade | Packet::Noop) => Ok(None),
            Ok(Packet::Close) => Err(End::ByClient),
            // In this version it is the server that pings.
            Ok(Packet::Ping(_)) | Err(Junk) => Err(End::Junk),
        }
    }

    fn answer(&mut self, call: CallId, answer: Answer) {
        self.outputs.push_back(Output::Answer(call, answer));
    }

    fn end_with(&mut self, end: End) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(end);
        if let Some(polling) = self.polling_mut() {
            let left = std::mem::take(polling);
            left.leave(end, &mut self.outputs);
        }
        self.drop_probe();
    }
}
