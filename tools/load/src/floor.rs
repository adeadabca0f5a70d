//! The floor: what no server can be cheaper than that takes JSON from a socket and gives JSON to two. It keeps nothing, knows no
//! rules and believes everybody. The names are those of the native protocol, so that the same load plays both.

use crate::Failure;
use crate::frame::{self, Frame};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

const LISTENER: Token = Token(usize::MAX);
const GREETING: &[u8] = br#"{"v":1,"type":"connected","payload":{}}"#;
/// The answer to the one key that the load's clients have.
const UPGRADE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default, rename = "ref")]
    reference: Cow<'a, str>,
    #[serde(borrow, default)]
    room: Cow<'a, str>,
    #[serde(borrow, default)]
    payload: Payload<'a>,
}

#[derive(Default, Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default)]
    room_id: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Cow<'a, str>,
}

#[derive(Serialize)]
struct Said<'a, P: Serialize> {
    v: u8,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    payload: P,
}

#[derive(Serialize)]
struct Chat<'a> {
    message: u64,
    from: &'a str,
    from_name: &'a str,
    content: &'a str,
}

#[derive(Serialize)]
struct Ack<'a> {
    #[serde(rename = "ref")]
    reference: &'a str,
    status: &'a str,
    at: &'a str,
    dup: bool,
}

#[derive(Default)]
struct Floor {
    conns: Vec<Option<Conn>>,
    rooms: HashMap<String, Vec<usize>>,
    said: u64,
}

struct Conn {
    socket: TcpStream,
    unread: Vec<u8>,
    is_upgraded: bool,
}

/// Serves until it is ended.
pub(crate) fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let mut poll = Poll::new().map_err(Failure::of("cannot wait for sockets"))?;
    let mut listener = TcpListener::bind(listen).map_err(Failure::of("cannot listen"))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(Failure::of("cannot watch a socket"))?;
    let (mut floor, mut events) = (Floor::default(), Events::with_capacity(1024));
    loop {
        match poll.poll(&mut events, None) {
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            polled => polled.map_err(Failure::of("cannot wait for sockets"))?,
        }
        for event in &events {
            match event.token() {
                LISTENER => floor.accept(&listener, &poll)?,
                Token(who) => floor.hear(who),
            }
        }
    }
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> Result<(), Failure> {
        while let Ok((mut socket, _)) = listener.accept() {
            let token = Token(self.conns.len());
            socket.set_nodelay(true).map_err(Failure::of("cannot set up a socket"))?;
            poll.registry().register(&mut socket, token, Interest::READABLE).map_err(Failure::of("cannot watch a socket"))?;
            self.conns.push(Some(Conn { socket, unread: Vec::new(), is_upgraded: false }));
        }
        Ok(())
    }

    fn hear(&mut self, who: usize) {
        let Some(mut conn) = self.conns[who].take() else { return };
        let mut chunk = [0; 4096];
        match conn.socket.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => conn.unread.extend(&chunk[..read]),
            Err(wait) if wait.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
        let mut unread = std::mem::take(&mut conn.unread);
        let mut at = 0;
        if !conn.is_upgraded && unread.ends_with(b"\r\n\r\n") {
            (conn.is_upgraded, at) = (true, unread.len());
            let mut out = UPGRADE.to_vec();
            frame::plain(&mut out, GREETING);
            send(&mut conn.socket, &out);
        }
        self.conns[who] = Some(conn);
        while let Some(frame) = Frame::first(&unread[at..]) {
            self.answer(who, frame.text(&mut unread[at..]));
            at += frame.end;
        }
        unread.drain(..at);
        if let Some(conn) = &mut self.conns[who] {
            conn.unread = unread;
        }
    }

    fn answer(&mut self, who: usize, text: &[u8]) {
        let Ok(request) = serde_json::from_slice::<Request<'_>>(text) else { return };
        let ack = Ack { reference: &request.reference, status: "ok", at: "k3f9.2.0", dup: false };
        let mut out = Vec::new();
        if request.kind == "join_room" {
            self.rooms.entry(request.payload.room_id.into_owned()).or_default().push(who);
        } else if let Some(members) = self.rooms.get(&*request.room) {
            self.said += 1;
            let chat = Chat {
                message: self.said,
                from: "guest-0123456789abcdef",
                from_name: "Guest",
                content: &request.payload.content,
            };
            let said = Said { v: 1, kind: "chat", room: Some(&request.room), payload: chat };
            frame::plain(&mut out, &serde_json::to_vec(&said).expect("it is JSON"));
            for other in members.iter().filter(|other| **other != who) {
                if let Some(conn) = &mut self.conns[*other] {
                    send(&mut conn.socket, &out);
                }
            }
        }
        // Who spoke hears it too, in one write with the answer.
        let done = Said { v: 1, kind: "ack", room: None, payload: ack };
        frame::plain(&mut out, &serde_json::to_vec(&done).expect("it is JSON"));
        if let Some(conn) = &mut self.conns[who] {
            send(&mut conn.socket, &out);
        }
    }
}

/// At once or not at all: whoever is measured reads.
fn send(socket: &mut TcpStream, bytes: &[u8]) {
    let _ = socket.write(bytes);
}
