//! `bytes -> framing`: a client's WebSocket frames become whole messages, and ours become frames (RFC 6455, the server's side).
//!
//! **[`Decoder::feed`] takes bytes as they came, cut anywhere, and hands on each message when its last byte is there.** A message
//! that came unfragmented and whole is unmasked where it lies and lent, never copied; only what is still incomplete is kept, and
//! never more of it than the message limit and one control frame. What we send is written by the `write_*` functions, always
//! unfragmented and unmasked. No extension is ever agreed, so there is no compression.

mod frame;
mod own;
#[cfg(test)]
mod tests;
mod write;

pub use frame::Opcode;
pub use own::own_texts;
pub use write::{write_close, write_header, write_ping, write_pong, write_text};

use frame::{Frame, MAX_CONTROL, MAX_HEADER, may_travel, unmask};
use std::ops::ControlFlow;

/// What a client said, whole. It borrows the bytes it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A text message, which is UTF-8.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// To be answered by a pong with the same payload.
    Ping(&'a [u8]),
    /// The answer to a ping, or an unasked sign of life.
    Pong(&'a [u8]),
    /// The client's last word: its code, if it gave one, and its reason. To be answered by a close, unless we closed first.
    Close(Option<u16>, &'a str),
}

/// Why a connection must be closed: the client broke the protocol or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A rule of RFC 6455 was broken: this one.
    Protocol(&'static str),
    /// A text message or a close reason is not UTF-8.
    NotUtf8,
    /// A message is, or says it will be, longer than the limit.
    TooBig,
}

impl Fault {
    /// The code to close the connection with.
    pub fn close_code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::NotUtf8 => 1007,
            Self::TooBig => 1009,
        }
    }

    /// The reason to close the connection with.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Protocol(rule) => rule,
            Self::NotUtf8 => "the text is not UTF-8",
            Self::TooBig => "the message is longer than the limit",
        }
    }
}

/// Cuts one connection's bytes into messages. It has nothing on the heap while no message is incomplete.
#[derive(Debug)]
pub struct Decoder {
    /// The incomplete message so far; after it, what came of a control frame that was sent in between and is incomplete itself.
    kept: Vec<u8>,
    /// How much of `kept` is known to be whole characters, if it is text.
    checked: u32,
    max_message: u32,
    /// What kind of data message is incomplete.
    open: Option<Opcode>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Before a frame, or within its header: the `len` bytes of it that came.
    Header {
        bytes: [u8; MAX_HEADER],
        len: u8,
    },
    Payload(Frame),
    Done,
}

const BETWEEN_FRAMES: State = State::Header { bytes: [0; MAX_HEADER], len: 0 };

impl Decoder {
    /// A decoder that refuses messages of more than `max_message` bytes (and, whatever is asked for, of 4 GiB and more).
    pub fn new(max_message: usize) -> Self {
        let max_message = u32::try_from(max_message).unwrap_or(u32::MAX);
        Self { kept: Vec::new(), checked: 0, max_message, open: None, state: BETWEEN_FRAMES }
    }

    /// Takes bytes as they came and calls `on` for each message they complete, in order. Payloads are unmasked in place.
    ///
    /// Answers how many bytes were taken. That is all of them, unless `on` broke off: then it ends with the message `on` was
    /// given, and **the rest, which is untouched, is to be offered again**. After a close, and after a fault, the decoder [is
    /// done](Self::is_done): it takes all bytes and drops them. A fault is told once, after the messages before it.
    pub fn feed(&mut self, bytes: &mut [u8], on: &mut dyn FnMut(Message<'_>) -> ControlFlow<()>) -> Result<usize, Fault> {
        let decoded = self.decode(bytes, on);
        if decoded.is_err() {
            self.end();
        }
        decoded
    }

    /// Whether the client closed or made a fault, so that nothing it still sends matters.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Whether all bytes taken so far were whole messages, so that nothing would be lost with this decoder.
    pub fn is_idle(&self) -> bool {
        self.open.is_none() && matches!(self.state, State::Header { len: 0, .. } | State::Done)
    }

    fn decode(&mut self, bytes: &mut [u8], on: &mut dyn FnMut(Message<'_>) -> ControlFlow<()>) -> Result<usize, Fault> {
        let total = bytes.len();
        let mut rest = bytes;
        loop {
            match self.state {
                State::Header { .. } if rest.is_empty() => return Ok(total),
                State::Header { bytes, len } => {
                    let taken = self.begin_frame(bytes, usize::from(len), rest)?;
                    rest = rest.split_at_mut(taken).1;
                }
                State::Payload(frame) => {
                    let (part, after) = rest.split_at_mut(rest.len().min(frame.left as usize));
                    rest = after;
                    unmask(part, frame.key);
                    if part.len() < frame.left as usize {
                        self.keep_part(frame, part)?;
                        return Ok(total);
                    }
                    if self.end_frame(frame, part, on)?.is_break() && !self.is_done() {
                        return Ok(total - rest.len());
                    }
                }
                State::Done => return Ok(total),
            }
        }
    }

    /// Reads a header, of which `len` bytes came before and the others are in `rest`. Answers how many bytes of `rest` it has.
    fn begin_frame(&mut self, mut bytes: [u8; MAX_HEADER], len: usize, rest: &[u8]) -> Result<usize, Fault> {
        let fresh = rest.len().min(MAX_HEADER - len);
        let seen = if len == 0 {
            rest
        } else {
            bytes[len..len + fresh].copy_from_slice(&rest[..fresh]);
            &bytes[..len + fresh]
        };
        if let Some((frame, size)) = Frame::read(seen, self.open, self.kept.len() as u32, self.max_message)? {
            if !frame.opcode.is_control() {
                self.open = Some(frame.opcode);
            }
            self.state = State::Payload(frame);
            return Ok(size - len);
        }
        // A header is whole with its 14th byte at the latest, so all of `rest` was fresh.
        bytes[len..len + fresh].copy_from_slice(&rest[..fresh]);
        self.state = State::Header { bytes, len: (len + fresh) as u8 };
        Ok(fresh)
    }

    /// Keeps the part of a frame that came; more is to come.
    fn keep_part(&mut self, mut frame: Frame, part: &[u8]) -> Result<(), Fault> {
        self.keep(part);
        frame.left -= part.len() as u32;
        frame.key.rotate_left(part.len() % 4);
        self.state = State::Payload(frame);
        if frame.opcode == Opcode::Text { self.check_text() } else { Ok(()) }
    }

    /// Takes the last part of a frame, and with it perhaps of a message.
    fn end_frame(
        &mut self,
        frame: Frame,
        part: &[u8],
        on: &mut dyn FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Fault> {
        self.state = BETWEEN_FRAMES;
        if frame.opcode.is_control() {
            return self.end_control(frame, part, on);
        }
        if !frame.fin {
            self.keep(part);
            if frame.opcode == Opcode::Text {
                self.check_text()?;
            }
            return Ok(ControlFlow::Continue(()));
        }
        if !self.kept.is_empty() {
            self.keep(part);
        }
        let kept = std::mem::take(&mut self.kept);
        self.checked = 0;
        self.open = None;
        let payload = if kept.is_empty() { part } else { &kept };
        Ok(on(match frame.opcode {
            Opcode::Text => Message::Text(utf8(payload)?),
            _ => Message::Binary(payload),
        }))
    }

    fn end_control(
        &mut self,
        frame: Frame,
        part: &[u8],
        on: &mut dyn FnMut(Message<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Fault> {
        let start = frame.start as usize;
        let mut payload = part;
        if self.kept.len() > start {
            self.keep(part);
            payload = &self.kept[start..];
        }
        let flow = on(match frame.opcode {
            Opcode::Ping => Message::Ping(payload),
            Opcode::Pong => Message::Pong(payload),
            _ => close(payload)?,
        });
        if frame.opcode == Opcode::Close {
            self.end();
        } else if self.open.is_some() {
            self.kept.truncate(start);
        } else {
            self.kept = Vec::new();
        }
        Ok(flow)
    }

    /// Room grows as bytes come, not as they are announced; it doubles, or a message of many small parts would be copied for
    /// each.
    fn keep(&mut self, part: &[u8]) {
        let needed = self.kept.len() + part.len();
        if needed > self.kept.capacity() {
            let limit = self.max_message as usize + MAX_CONTROL;
            let room = needed.max((2 * self.kept.capacity()).min(limit));
            self.kept.reserve_exact(room - self.kept.len());
        }
        self.kept.extend_from_slice(part);
    }

    /// Finds a fault in an incomplete text as soon as it is there. A character cut off by the end may go on.
    fn check_text(&mut self) -> Result<(), Fault> {
        let fresh = &self.kept[self.checked as usize..];
        let good = match std::str::from_utf8(fresh) {
            Ok(_) => fresh.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(Fault::NotUtf8),
        };
        self.checked += good as u32;
        Ok(())
    }

    fn end(&mut self) {
        self.state = State::Done;
        self.open = None;
        self.kept = Vec::new();
    }
}

fn close(payload: &[u8]) -> Result<Message<'_>, Fault> {
    match payload {
        [] => Ok(Message::Close(None, "")),
        [_] => Err(Fault::Protocol("a close code has two bytes")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_travel(code) {
                return Err(Fault::Protocol("this close code may not be sent"));
            }
            Ok(Message::Close(Some(code), utf8(reason)?))
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)
}
