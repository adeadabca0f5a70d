//! Links that deliver bytes late and in pieces, and that break at any byte. What is in flight then is lost, both ways.

use super::{Event, World};
use crate::client::End;
use crate::judge::Asked;
use crate::wire;
use parlour_engine::io::{Address, ConnId, Input};
use parlour_engine::wire::Speaks;
use std::collections::VecDeque;

/// One connection.
pub(super) struct Link {
    pub(super) user: usize,
    pub(super) end: End,
    /// Nothing passes any more; each side learns of it later.
    pub(super) is_cut: bool,
    /// The server closed: what it wrote before still comes.
    closes: bool,
    is_open: bool,
    /// The server was told that its client does not read.
    is_behind: bool,
    process: u64,
    token_first: bool,
    up: Pipe,
    down: Pipe,
    /// The requests under way, each with the byte at which it ends.
    requests: VecDeque<(u64, Asked)>,
}

#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    sent: u64,
    delivered: u64,
    is_moving: bool,
}

impl Pipe {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.sent += u64::try_from(bytes.len()).expect("64 bits");
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        self.delivered += u64::try_from(count).expect("64 bits");
        self.bytes.drain(..count).collect()
    }
}

impl World {
    pub(super) fn connects(&mut self, user: usize) {
        self.conns += 1;
        let conn = ConnId(self.conns);
        let link = Link {
            user,
            end: End::default(),
            is_cut: false,
            closes: false,
            is_open: false,
            is_behind: false,
            process: 0,
            token_first: self.luck.percent(75),
            up: Pipe::default(),
            down: Pipe::default(),
            requests: VecDeque::new(),
        };
        self.links.insert(conn, link);
        let delay = self.luck.range(1, 60);
        self.after(delay, Event::Opens(conn));
        if !self.is_healing() && self.luck.percent(60) {
            let delay = self.luck.range(50, 9000);
            self.after(delay, Event::HungUp(conn));
        }
    }

    pub(super) fn opens(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        if self.fleet.is_none() || self.is_draining {
            return self.forgets(conn);
        }
        (link.is_open, link.process) = (true, self.process);
        let user = &self.users[link.user];
        let token = link.token_first.then(|| user.name.to_owned());
        let says_token = token.is_none();
        // Some users come from one address.
        let address = Some(Address(u64::try_from(link.user / 2).expect("few")));
        self.judge.opened(conn, user.name, user.role);
        let entropy = self.luck.entropy();
        self.tells(Input::Opened {
            conn,
            speaks: Speaks::Native,
            target: String::new(),
            address,
            entropy,
            token,
            guest: None,
            guest_token: None,
        });
        if says_token {
            let asked = Asked { reference: Some("auth".to_owned()), what: crate::judge::What::Auth };
            let text = r#"{"v":1,"type":"auth","ref":"auth","payload":{"token":"me"}}"#;
            self.sends_up(conn, asked, text);
        }
    }

    pub(super) fn sends_up(&mut self, conn: ConnId, asked: Asked, text: &str) {
        let bytes = wire::text(&mut self.luck, text);
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.up.push(&bytes);
        link.requests.push_back((link.up.sent, asked));
        self.moves_up(conn);
    }

    fn moves_up(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn).filter(|link| !link.up.is_moving && !link.up.bytes.is_empty()) else { return };
        link.up.is_moving = true;
        let delay = self.luck.range(0, 25);
        self.after(delay, Event::Up(conn));
    }

    pub(super) fn sends_down(&mut self, conn: ConnId, bytes: &[u8]) {
        let Some(link) = self.links.get_mut(&conn).filter(|link| !link.is_cut) else { return };
        link.down.push(bytes);
        let is_moving = std::mem::replace(&mut link.down.is_moving, true);
        let is_behind = link.down.bytes.len() > self.output_bytes && !std::mem::replace(&mut link.is_behind, true);
        if !is_moving {
            // Now and then a client does not read for a while.
            let stops = !self.is_healing() && self.luck.percent(1);
            let delay = if stops { self.luck.range(500, 6000) } else { self.luck.range(0, 25) };
            self.after(delay, Event::Down(conn));
        }
        if is_behind {
            self.judge.tally.add("slow readers");
            self.tells(Input::Behind(conn));
        }
    }

    /// Some of the bytes under way reach the server.
    pub(super) fn goes_up(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.up.is_moving = false;
        if link.is_cut || !link.is_open || link.process != self.process {
            return;
        }
        let all = link.up.bytes.len();
        let count = if self.luck.percent(60) { all } else { 1 + self.luck.index(all) };
        let mut bytes = link.up.take(count);
        while let Some((_, asked)) = link.requests.pop_front_if(|(end, _)| *end <= link.up.delivered) {
            self.judge.asks(conn, asked);
        }
        self.tells(Input::Bytes { conn, bytes: &mut bytes });
        self.moves_up(conn);
    }

    /// Some of the bytes under way reach the client.
    pub(super) fn goes_down(&mut self, conn: ConnId) -> Result<(), String> {
        let Some(link) = self.links.get_mut(&conn) else { return Ok(()) };
        link.down.is_moving = false;
        if link.is_cut {
            return Ok(());
        }
        let all = link.down.bytes.len();
        let count = if self.luck.percent(60) { all } else { 1 + self.luck.index(all) };
        let bytes = link.down.take(count);
        let (pinged, closed) = link.end.takes(&mut self.users[link.user], &bytes)?;
        if count < all {
            link.down.is_moving = true;
            let delay = self.luck.range(0, 25);
            self.after(delay, Event::Down(conn));
        } else if link.closes || closed {
            self.after(1, Event::HungUp(conn));
        }
        if count == all
            && self.paused.contains(&conn)
            && let Some(link) = self.links.get_mut(&conn)
        {
            link.is_behind = false;
            self.tells(Input::Flushed(conn));
        }
        if pinged && let Some(link) = self.links.get_mut(&conn) {
            let pong = wire::pong(&mut self.luck);
            link.up.push(&pong);
            self.moves_up(conn);
        }
        Ok(())
    }

    /// The server has said its last on this connection.
    pub(super) fn closes(&mut self, conn: ConnId) {
        if let Some(link) = self.links.get_mut(&conn) {
            link.closes = true;
            self.after(200, Event::HungUp(conn));
        }
        self.after(50, Event::Gone(conn));
    }

    /// The link breaks; the client knows at once, or the server, or neither.
    pub(super) fn cuts(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn).filter(|link| !link.is_cut) else { return };
        link.is_cut = true;
        self.judge.tally.add("cuts");
        let (server, client) = (self.luck.range(0, 2000), self.luck.range(0, 800));
        self.after(server, Event::Gone(conn));
        self.after(client, Event::HungUp(conn));
    }

    pub(super) fn is_gone(&mut self, conn: ConnId) {
        if let Some(link) = self.links.get_mut(&conn) {
            link.is_cut = true;
        }
        self.judge.closed(conn);
        self.unsettled_ms = self.t_ms;
        self.tells(Input::Closed(conn));
    }

    /// The client gives a connection up, whoever broke it.
    pub(super) fn forgets(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        let is_known = link.is_open && link.process == self.process && !link.is_cut;
        if is_known {
            self.cuts(conn);
        }
        if self.links.get(&conn).is_some_and(|link| link.is_cut || !link.is_open) {
            self.links.remove(&conn);
        }
    }
}
