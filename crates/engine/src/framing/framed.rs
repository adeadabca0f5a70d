//! Whichever framing a connection has: its bytes become messages, one by one.

use super::netstring;
use super::websocket::{self, Fault, Message};
use std::ops::ControlFlow;

/// What cuts the bytes of one connection into messages.
#[derive(Debug)]
pub(crate) enum Framing {
    WebSocket(websocket::Decoder),
    Netstring(netstring::Decoder),
}

impl Framing {
    /// Messages of at most so many bytes.
    pub(crate) fn websocket(max: usize) -> Self {
        Self::WebSocket(websocket::Decoder::new(max))
    }

    /// The same.
    pub(crate) fn netstring(max: usize) -> Self {
        Self::Netstring(netstring::Decoder::new(max))
    }

    /// Takes bytes as they came, and answers how many of them, as [`websocket::Decoder::feed`] does. A fault of netstrings is the
    /// client's last word: a `Close`.
    pub(crate) fn feed(&mut self, bytes: &mut [u8], on: &mut dyn FnMut(Message<'_>) -> ControlFlow<()>) -> Result<usize, Fault> {
        match self {
            Self::WebSocket(decoder) => decoder.feed(bytes, on),
            Self::Netstring(decoder) => Ok(decoder.feed(bytes, &mut |came| {
                on(match came {
                    Ok(frame) => std::str::from_utf8(frame).map_or(Message::Binary(frame), Message::Text),
                    Err(fault) => Message::Close(Some(1002), fault.reason()),
                })
            })),
        }
    }

    /// Whether a message has begun that has to come whole within a time, and which it is.
    pub(crate) fn begun(&self) -> Option<u64> {
        match self {
            Self::WebSocket(_) => None,
            Self::Netstring(decoder) => decoder.begun(),
        }
    }
}
