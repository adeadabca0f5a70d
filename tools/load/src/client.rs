//! Many connections on one thread.

use crate::Failure;
use crate::frame::{self, Frame};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// So long the next thing may take that must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many connections are opened before any is waited for: no more than a listener's backlog takes.
const AT_ONCE: usize = 64;

/// Connections that are greeted.
pub(crate) struct Clients {
    poll: Poll,
    events: Events,
    all: Vec<Client>,
}

struct Client {
    socket: TcpStream,
    unread: Vec<u8>,
    unsent: Vec<u8>,
    is_upgraded: bool,
    is_greeted: bool,
}

impl Clients {
    /// So many, each anew.
    pub(crate) fn connect(address: SocketAddr, count: usize) -> Result<Self, Failure> {
        let poll = Poll::new().map_err(Failure::of("cannot wait for sockets"))?;
        let mut clients = Self { poll, events: Events::with_capacity(1024), all: Vec::with_capacity(count) };
        while clients.all.len() < count {
            for _ in 0..AT_ONCE.min(count - clients.all.len()) {
                clients.begin(address)?;
            }
            clients.until("a greeting", |clients| clients.all.iter().all(|client| client.is_greeted), |_, _, _| {})?;
        }
        Ok(clients)
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    fn begin(&mut self, address: SocketAddr) -> Result<(), Failure> {
        let stream = std::net::TcpStream::connect(address).map_err(Failure::of("cannot connect"))?;
        stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true)).map_err(Failure::of("cannot set up a socket"))?;
        let mut socket = TcpStream::from_std(stream);
        let token = Token(self.all.len());
        self.poll.registry().register(&mut socket, token, Interest::READABLE).map_err(Failure::of("cannot watch a socket"))?;
        let request = format!(
            "GET /v1/ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        let client = Client { socket, unread: Vec::new(), unsent: request.into_bytes(), is_upgraded: false, is_greeted: false };
        self.all.push(client);
        self.send(token.0)
    }

    /// Says something; what the socket does not take goes out when something comes.
    pub(crate) fn say(&mut self, who: usize, text: &str) -> Result<(), Failure> {
        frame::masked(&mut self.all[who].unsent, text.as_bytes());
        self.send(who)
    }

    fn send(&mut self, who: usize) -> Result<(), Failure> {
        let client = &mut self.all[who];
        match client.socket.write(&client.unsent) {
            Ok(sent) => drop(client.unsent.drain(..sent)),
            Err(wait) if wait.kind() == ErrorKind::WouldBlock => {}
            Err(cause) => return Err(Failure::of("cannot send")(cause)),
        }
        Ok(())
    }

    /// Takes what comes until that holds: each text with its connection.
    pub(crate) fn until(
        &mut self,
        what: &str,
        mut holds: impl FnMut(&Self) -> bool,
        mut heard: impl FnMut(&mut Self, usize, &[u8]),
    ) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            if Instant::now() > end {
                return Err(Failure(format!("{what} did not come in {} s", PATIENCE.as_secs())));
            }
            self.turn(Duration::from_millis(100), &mut heard)?;
        }
        Ok(())
    }

    /// Takes what has come, or comes within that time.
    pub(crate) fn turn(&mut self, wait: Duration, heard: &mut impl FnMut(&mut Self, usize, &[u8])) -> Result<(), Failure> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(cause) if cause.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled.map_err(Failure::of("cannot wait for sockets"))?,
        }
        let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
        for who in ready {
            self.receive(who)?;
            let mut unread = std::mem::take(&mut self.all[who].unread);
            let mut at = self.all[who].upgrade(&unread)?;
            while let Some(frame) = Frame::first(&unread[at..]) {
                let end = at + frame.end;
                match frame.opcode {
                    1 if self.all[who].is_greeted => heard(self, who, frame.text(&mut unread[at..])),
                    1 => self.all[who].is_greeted = true,
                    8 => return Err(Failure(format!("the server closed connection {who}"))),
                    _ => {}
                }
                at = end;
            }
            unread.drain(..at);
            self.all[who].unread = unread;
            if !self.all[who].unsent.is_empty() {
                self.send(who)?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, who: usize) -> Result<(), Failure> {
        let client = &mut self.all[who];
        let mut chunk = [0; 16 * 1024];
        loop {
            match client.socket.read(&mut chunk) {
                Ok(0) => return Err(Failure(format!("connection {who} ended"))),
                Ok(read) => client.unread.extend(&chunk[..read]),
                Err(wait) if wait.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(cause) => return Err(Failure::of("cannot receive")(cause)),
            }
        }
    }
}

impl Client {
    /// Where the frames begin.
    fn upgrade(&mut self, unread: &[u8]) -> Result<usize, Failure> {
        if self.is_upgraded {
            return Ok(0);
        }
        let Some(head) = unread.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(0) };
        if !unread.starts_with(b"HTTP/1.1 101 ") {
            return Err(Failure(format!("no WebSocket: {}", String::from_utf8_lossy(unread))));
        }
        self.is_upgraded = true;
        Ok(head + 4)
    }
}
