//! One socket on the loop: what was read of its head, what is still to be written, and whether it is on its way out.

use crate::addresses::Ticket;
use mio::net::TcpStream;
use parlour_engine::io::ConnId;
use std::io::{self, Read, Write};

pub(crate) struct Conn {
    pub(crate) id: ConnId,
    pub(crate) stream: TcpStream,
    pub(crate) stage: Stage,
    /// It is counted as long as this is kept.
    pub(crate) ticket: Ticket,
    out: Vec<u8>,
    written: usize,
    /// The system said that it takes no more; it will say when it does.
    is_blocked: bool,
    /// The shard was told that it does not read its output.
    pub(crate) is_behind: bool,
    /// The other side has ended, or the line is cut: no later event will say so again.
    pub(crate) is_ending: bool,
    /// Its input is not read because the shard says so.
    pub(crate) is_held: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its first request is being read.
    Head { bytes: Vec<u8>, until_ms: u64 },
    /// It speaks WebSocket, and the shard knows it.
    Open,
    /// Everything was said. After the last byte the sending side is shut, and what still comes is thrown away.
    Lingering { until_ms: u64, is_shut: bool },
}

/// How a read ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// There is no more at present.
    Dry,
    /// There may be more.
    More,
    /// The other side is gone.
    Gone,
}

impl Conn {
    pub(crate) fn new(id: ConnId, stream: TcpStream, stage: Stage, ticket: Ticket) -> Self {
        let (out, written, is_blocked) = (Vec::new(), 0, false);
        Self { id, stream, stage, ticket, out, written, is_blocked, is_behind: false, is_ending: false, is_held: false }
    }

    /// Reads once. A short read has emptied the socket: what comes later is told anew (epoll(7), edge-triggered), but for the
    /// end, which may have been told already.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> (usize, ReadEnd) {
        loop {
            return match self.stream.read(buffer) {
                Ok(0) => (0, ReadEnd::Gone),
                Ok(n) if n < buffer.len() && !self.is_ending => (n, ReadEnd::Dry),
                Ok(n) => (n, ReadEnd::More),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (0, ReadEnd::Dry),
                Err(_) => (0, ReadEnd::Gone),
            };
        }
    }

    /// Writes now what the system takes, and keeps the rest.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        if self.out.is_empty() {
            self.out = bytes;
        } else {
            self.out.extend_from_slice(&bytes);
        }
        if self.is_blocked { Ok(()) } else { self.flush() }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.is_blocked = false;
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_blocked = true;
                    self.give_back();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.out = Vec::new();
        self.written = 0;
        Ok(())
    }

    /// How much is still to be written.
    pub(crate) fn unwritten(&self) -> usize {
        self.out.len() - self.written
    }

    fn give_back(&mut self) {
        if self.written > 64 * 1024 {
            self.out.drain(..self.written);
            self.written = 0;
        }
    }
}
