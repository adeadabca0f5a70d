//! What users do: nothing clever, everything often, and again whenever no answer came.

use super::{CLIENTS_END_MS, Event, FAULTS_END_MS, World};
use crate::client::{Intent, JUNK, ROOMS};
use crate::judge::{Asked, What};
use parlour_engine::command::Open;
use parlour_engine::io::{Call, CallId, ConnId, Identity, Input, Role};
use parlour_room::{As, Hash64, Seat};
use serde_json::Value;

impl World {
    pub(super) fn steps(&mut self, user: usize) {
        if self.t_ms < CLIENTS_END_MS {
            let delay = self.luck.range(5, 110);
            self.after(delay, Event::Step(user));
        }
        let own = |(conn, link): (&ConnId, &super::Link)| (link.user == user).then_some((*conn, link.end.is_live));
        let conns: Vec<(ConnId, bool)> = self.links.iter().filter_map(own).collect();
        if conns.is_empty() || (conns.len() < 3 && self.luck.percent(6)) {
            return self.connects(user);
        }
        let Some((conn, true)) = self.luck.pick(&conns).copied() else { return };
        if self.is_healing() {
            return self.settles(user, conn);
        }
        match self.luck.range(0, 99) {
            0..2 => self.cuts(conn),
            2..8 => self.opens_room(user, conn),
            8..20 => self.joins(user, conn),
            20..22 => self.asks(conn, What::Ping),
            22 => self.finds(user, conn),
            23..25 => {
                let code = self.luck.pick(JUNK).copied().unwrap_or_default();
                self.asks(conn, What::Junk(code));
            }
            25..27 => self.asks_of_room(conn, What::Unsubscribe),
            27 if self.luck.percent(40) => self.asks_of_room(conn, What::Leave),
            28 if self.luck.percent(10) => self.floods(conn),
            28..38 => self.retries(user, conn),
            38..44 => self.asks_of_room(conn, What::Legal),
            44..52 => self.acts_blindly(user, conn),
            _ => self.acts(user, conn),
        }
    }

    /// Far more at once than one may, of no use to anybody.
    fn floods(&mut self, conn: ConnId) {
        self.judge.tally.add("floods");
        for at in 0..self.luck.range(30, 160) {
            self.asks(conn, if at % 8 == 7 { What::Legal("d1".to_owned()) } else { What::Ping });
        }
    }

    /// No more faults: what is unanswered is asked again, and every room is joined once more.
    fn settles(&mut self, user: usize, conn: ConnId) {
        let room = self.luck.pick(ROOMS).map(|(room, _)| (*room).to_owned()).unwrap_or_default();
        let follows = self.links.get(&conn).is_some_and(|link| link.end.follows.contains_key(&room));
        if !follows && self.t_ms < (CLIENTS_END_MS + FAULTS_END_MS) / 2 {
            self.joins(user, conn);
        } else {
            self.retries(user, conn);
        }
    }

    fn asks(&mut self, conn: ConnId, what: What) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        let user = &mut self.users[link.user];
        let may_lack = matches!(what, What::Act { .. } | What::Legal(_) | What::Junk(_));
        let reference = (!may_lack || !self.luck.percent(4)).then(|| user.number().to_string());
        let asked = Asked { reference, what };
        let text = link.end.asks(&mut self.luck, &asked);
        if matches!(asked.what, What::Open { id: Some(_), .. }) {
            user.opening = Some((asked.clone(), text.clone()));
        }
        self.sends_up(conn, asked, &text);
    }

    fn opens_room(&mut self, user: usize, conn: ConnId) {
        if self.luck.percent(25)
            && let Some((asked, text)) = self.users[user].opening.clone()
        {
            // The same request once more, under the ref it had: of another connection, or answered.
            let Some(reference) = asked.reference.as_ref() else { return };
            let again = format!("again-{}", self.users[user].number());
            let text = text.replace(&format!("\"ref\":\"{reference}\""), &format!("\"ref\":\"{again}\""));
            self.judge.tally.add("retries");
            return self.sends_up(conn, Asked { reference: Some(again), ..asked }, &text);
        }
        let (room, kind) = self.luck.pick(ROOMS).copied().unwrap_or_default();
        let id = self.luck.percent(60).then(|| format!("open-{}", self.users[user].number()));
        let room = match &id {
            Some(id) if self.luck.percent(5) => {
                format!("{kind}-{}", Hash64::of(format!("{}\0{id}", self.users[user].name).as_bytes()).short(12))
            }
            _ => room.to_owned(),
        };
        let fault = match self.luck.range(0, 99) {
            0..4 => Some("invalid_config"),
            4..8 if kind == "duel" => Some("no_points"),
            _ => None,
        };
        self.asks(conn, What::Open { room, kind: kind.to_owned(), id, fault });
    }

    /// Some room of a kind, or the list of all; mostly lounges, whose seats can be chosen: one more configuration to find.
    fn finds(&mut self, user: usize, conn: ConnId) {
        if self.luck.percent(30) {
            return self.asks(conn, What::List);
        }
        if let Some((_, what, answered)) = self.users[user].finding.clone()
            && self.luck.percent(if answered { 30 } else { 90 })
        {
            return self.asks(conn, what);
        }
        let (kind, max) = if self.luck.percent(80) { ("lounge", Some(2)) } else { ("duel", None) };
        let id = self.luck.percent(80).then(|| format!("find-{}", self.users[user].number()));
        let what = What::Find { kind: kind.to_owned(), max, id: id.clone() };
        if id.is_some() {
            self.users[user].finding = Some((id, what.clone(), false));
        }
        self.asks(conn, what);
    }

    fn joins(&mut self, user: usize, conn: ConnId) {
        let room = self.luck.pick(ROOMS).map(|(room, _)| (*room).to_owned()).unwrap_or_default();
        let wanted = match self.luck.range(0, 99) {
            0..25 => As::Spectator,
            25..32 => As::Player(Some(Seat(u32::try_from(self.luck.range(0, 4)).expect("small")))),
            _ => As::Player(None),
        };
        let plays = matches!(wanted, As::Player(_));
        let after = self.users[user].heard.get(&(room.clone(), plays)).cloned().filter(|_| self.luck.percent(90));
        self.asks(conn, What::Join { room, wanted, after });
    }

    fn asks_of_room(&mut self, conn: ConnId, what: impl Fn(String) -> What) {
        let follows: Vec<String> =
            self.links.get(&conn).map(|link| link.end.follows.keys().cloned().collect()).unwrap_or_default();
        if let Some(room) = self.luck.pick(&follows).cloned() {
            self.asks(conn, what(room));
        }
    }

    /// One to three legal actions at once, if it is known what is legal.
    fn acts(&mut self, user: usize, conn: ConnId) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        let known: Vec<String> = link.end.legal.keys().cloned().collect();
        let Some(room) = self.luck.pick(&known).cloned() else { return self.asks_of_room(conn, What::Legal) };
        let legal = if self.luck.percent(40) { link.end.legal.remove(&room) } else { link.end.legal.get(&room).cloned() };
        let legal = legal.unwrap_or_default();
        for action in &legal {
            let pool = self.pool.entry(kind_of(&room).to_owned()).or_default();
            if !pool.contains(action) && pool.len() < 40 {
                pool.push(action.clone());
            }
        }
        if kind_of(&room) == "lounge" && self.luck.percent(15) {
            let to = self.luck.range(0, 5);
            let pulse =
                if to > 3 { r#"{"type":"typing","to":null}"#.to_owned() } else { format!(r#"{{"type":"typing","to":{to}}}"#) };
            return self.asks(conn, What::Pulse { room, pulse });
        }
        if self.luck.percent(15) {
            return self.batches(user, conn, &room, &legal);
        }
        for _ in 0..self.luck.range(1, 3) {
            if let Some(action) = self.luck.pick(&legal).cloned() {
                self.acts_with(user, conn, &room, &action);
            }
        }
    }

    /// Several at once, which were legal one by one; now and then one that panics or does not decode. Or the last batch again.
    fn batches(&mut self, user: usize, conn: ConnId, room: &str, legal: &[String]) {
        if let Some((_, what, answered)) = self.users[user].batch.clone()
            && self.luck.percent(if answered { 20 } else { 70 })
        {
            self.judge.tally.add("retries");
            return self.asks(conn, what);
        }
        let mut actions = Vec::new();
        for _ in 0..self.luck.range(1, 5) {
            let Some(action) = self.luck.pick(legal).cloned() else { return };
            let mut action: Value = serde_json::from_str(&action).unwrap_or_default();
            if matches!(action["type"].as_str(), Some("burst" | "shut" | "kick" | "flood")) && !self.luck.percent(10) {
                continue;
            }
            let number = self.users[user].number();
            if action.get("text").is_some() {
                action["text"] = format!("{} {number}", self.users[user].name).into();
            }
            actions.push(action.to_string());
        }
        if self.luck.percent(8) {
            actions.push(r#"{"type":"no such thing"}"#.to_owned());
        }
        if kind_of(room) == "lounge" && self.luck.percent(4) {
            actions.push(r#"{"type":"trip"}"#.to_owned());
        }
        if actions.is_empty() {
            return;
        }
        let id = self.luck.percent(80).then(|| format!("batch-{}", self.users[user].number()));
        let what = What::Batch {
            room: room.to_owned(),
            id: id.clone(),
            atomic: self.luck.percent(50) && kind_of(room) == "lounge",
            actions,
        };
        if let Some(id) = id {
            self.users[user].batch = Some((id, what.clone(), false));
        }
        self.asks(conn, what);
    }

    /// Something that was legal once, somewhere, or never.
    fn acts_blindly(&mut self, user: usize, conn: ConnId) {
        let (room, kind) = self.luck.pick(ROOMS).copied().unwrap_or_default();
        let pool = self.pool.get(kind).cloned().unwrap_or_default();
        if kind == "lounge" && self.luck.percent(20) {
            let (room, action) = (room.to_owned(), r#"{"type":"trip"}"#.to_owned());
            return self.asks(conn, What::Act { room, id: None, action });
        }
        // Of a type that the kind knows: another would be judged by its name alone.
        let wrong = match kind {
            "lounge" => r#"{"type":"say","text":7}"#,
            "cards" => r#"{"type":"ready","more":2}"#,
            _ => r#"{"type":"play","card":1,"more":2}"#,
        };
        let action = self.luck.pick(&pool).cloned().unwrap_or_else(|| wrong.to_owned());
        self.acts_with(user, conn, room, &action);
    }

    fn acts_with(&mut self, user: usize, conn: ConnId, room: &str, action: &str) {
        let mut action: Value = serde_json::from_str(action).unwrap_or_default();
        let rare = matches!(action["type"].as_str(), Some("burst" | "shut" | "kick" | "flood"));
        if rare && !self.luck.percent(if action["type"] == "flood" { 60 } else { 15 }) {
            return;
        }
        let number = self.users[user].number();
        if action.get("text").is_some() {
            action["text"] = format!("{} {number}", self.users[user].name).into();
        }
        let action = action.to_string();
        let id = self.luck.percent(85).then(|| format!("{number}"));
        if let Some(id) = id.clone() {
            let intent = Intent { room: room.to_owned(), id, action: action.clone(), answered: false };
            self.users[user].intents.push(intent);
        }
        self.asks(conn, What::Act { room: room.to_owned(), id, action });
    }

    /// The same again: mostly what was not answered, sometimes what was, sometimes with another body.
    fn retries(&mut self, user: usize, conn: ConnId) {
        let wants_answered = self.luck.percent(30) && !self.is_healing();
        let intents = &self.users[user].intents;
        let recent = intents.len().saturating_sub(25);
        let open: Vec<usize> = (recent..intents.len()).filter(|at| intents[*at].answered == wants_answered).collect();
        let Some(at) = self.luck.pick(&open).copied() else { return };
        let Intent { room, id, action, .. } = &intents[at];
        let (room, id, mut action) = (room.clone(), id.clone(), action.clone());
        if self.luck.percent(if wants_answered { 30 } else { 3 }) {
            let other = match kind_of(&room) {
                "lounge" => r#"{"type":"say","text":"something else"}"#,
                "cards" => r#"{"type":"ready"}"#,
                _ => r#"{"type":"pass"}"#,
            };
            action = other.to_owned();
        }
        self.judge.tally.add("retries");
        self.asks(conn, What::Act { room, id: Some(id), action });
    }

    /// Somebody uses the HTTP API.
    pub(super) fn calls(&mut self) {
        if self.t_ms < FAULTS_END_MS {
            let delay = self.luck.range(50, 1200);
            self.after(delay, Event::Call);
        }
        if self.fleet.is_none() {
            return;
        }
        let (room, kind) = self.luck.pick(ROOMS).map(|(room, kind)| ((*room).to_owned(), *kind)).unwrap_or_default();
        let call = match self.luck.range(0, 9) {
            0..3 => Call::Show(room),
            3 => Call::Members { room, after: String::new(), limit: 2 },
            4..7 => Call::List(ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect()),
            7 => Call::Counts,
            8 if self.luck.percent(50) => Call::Close(room),
            _ => Call::Open(Open {
                kind: kind.into(),
                room: Some(room.into()),
                id: None,
                config: "{}".into(),
                bots: if kind != "lounge" { vec![(Seat(0), "random".to_owned())] } else { Vec::new() },
            }),
        };
        self.call_count += 1;
        let from = CallId(self.call_count);
        self.calls.insert(from, self.judge.called(call.clone()));
        let by = Identity::lasting("root", Role::Admin);
        let entropy = self.luck.entropy();
        self.tells(Input::Call { from, by, entropy, call });
    }
}

fn kind_of(room: &str) -> &'static str {
    let made = if room.starts_with("lounge-") { "lounge" } else { "duel" };
    ROOMS.iter().find(|(name, _)| *name == room).map_or(made, |(_, kind)| kind)
}
