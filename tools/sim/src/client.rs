//! What a user's program keeps, and how it writes what it asks.

use crate::judge::{Asked, What};
use crate::luck::Luck;
use crate::wire::{Frame, Frames};
use parlour_engine::io::Role;
use parlour_room::As;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rooms by name and kind; every user knows them.
pub const ROOMS: &[(&str, &str)] = &[("d1", "duel"), ("d2", "duel"), ("c1", "cards"), ("l1", "lounge"), ("l2", "lounge")];

/// One user, over all their connections.
pub struct User {
    /// Their id.
    pub name: &'static str,
    /// What they may do.
    pub role: Role,
    /// How far they have heard, by room and whether as a player.
    pub heard: BTreeMap<(String, bool), (String, u64, u64)>,
    /// Actions with an id.
    pub intents: Vec<Intent>,
    /// The opening request last sent.
    pub opening: Option<(Asked, String)>,
    /// The batch last sent with an id: that, what was asked, and whether it was answered for good.
    pub batch: Option<(String, What, bool)>,
    /// The request to find a room last sent with an id: that, what was asked, and whether it was answered for good.
    pub finding: Option<(Option<String>, What, bool)>,
    count: u64,
}

/// An action that a user wants done once.
pub struct Intent {
    /// The room.
    pub room: String,
    /// Its message id.
    pub id: String,
    /// The action as JSON.
    pub action: String,
    /// Whether it was answered for good.
    pub answered: bool,
}

/// The client's end of a connection.
#[derive(Default)]
pub struct End {
    frames: Frames,
    /// Whether it was greeted.
    pub is_live: bool,
    /// The rooms it follows.
    pub follows: BTreeMap<String, Follow>,
    /// What may be done in each.
    pub legal: BTreeMap<String, Vec<String>>,
    asked: BTreeMap<String, What>,
}

/// How a client follows a room.
pub struct Follow {
    /// Whether as a player.
    pub plays: bool,
    at: (String, u64, u64),
    /// What is still to be replayed, and where that ends.
    owed: u64,
    then: (String, u64, u64),
}

impl User {
    /// Somebody who knows nothing yet.
    pub fn new(name: &'static str, role: Role) -> Self {
        Self { name, role, heard: BTreeMap::new(), intents: Vec::new(), opening: None, batch: None, finding: None, count: 0 }
    }

    /// A number of their own, for ids and refs.
    pub fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

impl End {
    /// Takes bytes that came. Answers whether a ping is to be answered, and whether the server closed.
    pub fn takes(&mut self, user: &mut User, bytes: &[u8]) -> Result<(bool, bool), String> {
        let (mut pinged, mut closed) = (false, false);
        for frame in self.frames.feed(bytes)? {
            match frame {
                Frame::Text(text) => self.hears(user, &serde_json::from_str(&text).map_err(|error| error.to_string())?),
                Frame::Ping => pinged = true,
                Frame::Pong => {}
                Frame::Close(_) => closed = true,
            }
        }
        Ok((pinged, closed))
    }

    /// Notes what was asked, and writes it down.
    pub fn asks(&mut self, luck: &mut Luck, asked: &Asked) -> String {
        if let Some(reference) = &asked.reference {
            self.asked.insert(reference.clone(), asked.what.clone());
        }
        written(luck, asked).to_string()
    }

    fn hears(&mut self, user: &mut User, said: &Value) {
        let payload = &said["payload"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match said["type"].as_str().unwrap_or_default() {
            "connected" => self.is_live = true,
            "ack" => {
                if let Some(what) = self.asked.remove(&text(&payload["ref"])) {
                    self.answered(user, what, payload);
                }
            }
            "user_left" if payload["you"] == true => {
                self.follows.remove(&text(&payload["room_id"]));
                self.legal.remove(&text(&payload["room_id"]));
            }
            "view" if !said["resumed"].is_null() => {
                let room = text(&said["room"]);
                let at = position(said["at"].as_str().unwrap_or_default());
                let (Some(follow), Some(at)) = (self.follows.get_mut(&room), at) else { return };
                (follow.at, follow.owed, follow.then) = (at.clone(), 0, Default::default());
                user.heard.insert((room, follow.plays), at);
            }
            "pong" | "error" | "typing" | "closing" | "view" | "patch" | "user_joined" | "user_left" | "room_update"
            | "room_ended" => {}
            _ => {
                let room = text(&said["room"]);
                let Some(follow) = self.follows.get_mut(&room) else { return };
                let (n, m) = (said["n"].as_u64(), said["m"].as_u64());
                follow.at = (follow.at.0.clone(), n.unwrap_or(follow.at.1), m.unwrap_or(follow.at.2));
                follow.owed = follow.owed.saturating_sub(1);
                if follow.owed == 0 && follow.then.1 > 0 {
                    follow.at = std::mem::take(&mut follow.then);
                }
                user.heard.insert((room, follow.plays), follow.at.clone());
            }
        }
    }

    fn answered(&mut self, user: &mut User, what: What, payload: &Value) {
        let is_ok = payload["status"] == "ok";
        match what {
            What::Join { room, wanted, after } if is_ok => {
                let plays = matches!(wanted, As::Player(_));
                let Some(then) = position(payload["at"].as_str().unwrap_or_default()) else { return };
                let owed = payload["resumed"]["events"].as_u64().unwrap_or(0);
                let at = after.filter(|_| owed > 0).unwrap_or_else(|| then.clone());
                user.heard.insert((room.clone(), plays), at.clone());
                self.follows.insert(room, Follow { plays, at, owed, then: if owed > 0 { then } else { Default::default() } });
            }
            What::Find { id, .. } => {
                if let Some(finding) = user.finding.as_mut().filter(|finding| id.is_some() && finding.0 == id) {
                    finding.2 |= is_ok || payload["retry"] == false;
                }
                let (true, Some(at)) = (is_ok, position(payload["at"].as_str().unwrap_or_default())) else { return };
                let room = payload["room_id"].as_str().unwrap_or_default().to_owned();
                user.heard.insert((room.clone(), true), at.clone());
                self.follows.insert(room, Follow { plays: true, at, owed: 0, then: Default::default() });
            }
            What::Leave(room) | What::Unsubscribe(room) if is_ok => {
                self.follows.remove(&room);
                self.legal.remove(&room);
            }
            What::Legal(room) if is_ok => {
                let actions = payload["actions"].as_array().into_iter().flatten().map(Value::to_string).collect();
                self.legal.insert(room, actions);
            }
            What::Batch { id: Some(id), .. } => {
                if let Some(batch) = user.batch.as_mut().filter(|batch| batch.0 == id) {
                    batch.2 |= is_ok || payload["retry"] == false;
                }
            }
            What::Act { room, id: Some(id), .. } if is_ok || payload["retry"] == false => {
                if let Some(intent) = user.intents.iter_mut().find(|intent| intent.room == room && intent.id == id) {
                    intent.answered = true;
                }
            }
            _ => {}
        }
    }
}

fn position(text: &str) -> Option<(String, u64, u64)> {
    let mut parts = text.split('.');
    Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What goes over the wire for a request.
fn written(luck: &mut Luck, asked: &Asked) -> Value {
    let mut text = match &asked.what {
        What::Auth => json!({"type": "auth"}),
        What::Ping => json!({"type": "ping"}),
        What::Junk(code) => junk(luck, code),
        What::Open { room, kind, id, fault } => opening(luck, room, kind, id.as_deref(), *fault),
        What::Join { room, wanted, after } => {
            let mut payload = json!({"room_id": room});
            match wanted {
                As::Player(None) => {}
                As::Player(Some(seat)) => payload["seat"] = json!(seat.0),
                As::Spectator => payload["as"] = json!("spectator"),
            }
            if let Some((life, n, m)) = after {
                payload["after"] = json!(format!("{life}.{n}.{m}"));
            }
            if luck.percent(30) {
                payload["nonce"] = json!(format!("nonce {}", luck.range(0, 99)));
            }
            json!({"type": "join_room", "payload": payload})
        }
        What::Find { kind, max, id } => {
            let mut text = json!({"type": "find_room", "payload": {"kind": kind, "config": crate::judge::config(*max)}});
            if let Some(id) = id {
                text["id"] = json!(id);
            }
            text
        }
        What::List => json!({"type": "list_rooms", "payload": {"limit": luck.range(1, 9)}}),
        What::Leave(room) => json!({"type": "leave_room", "room": room}),
        What::Unsubscribe(room) => json!({"type": "unsubscribe", "payload": {"room_id": room}}),
        What::Legal(room) => json!({"type": "legal", "room": room}),
        What::Pulse { room, pulse } => {
            let mut pulse: Value = serde_json::from_str(pulse).unwrap_or_default();
            let kind = pulse["type"].as_str().unwrap_or_default().to_owned();
            pulse["room_id"] = json!(room);
            json!({"type": kind, "payload": pulse})
        }
        What::Batch { room, id, atomic, actions } => {
            let actions: Vec<Value> = actions.iter().map(|action| serde_json::from_str(action).unwrap_or_default()).collect();
            let mut text = json!({"type": "batch", "room": room, "payload": {"atomic": atomic, "actions": actions}});
            if let Some(id) = id {
                text["id"] = json!(id);
            }
            text
        }
        What::Act { room, id, action } => {
            let mut action: Value = serde_json::from_str(action).unwrap_or_default();
            let mut text = match action["type"].as_str().map(str::to_owned) {
                Some(kind) if luck.percent(30) => {
                    action["room_id"] = json!(room);
                    json!({"type": kind, "payload": action})
                }
                _ if luck.percent(40) => json!({"type": "action", "room": room, "events": true, "payload": action}),
                _ => json!({"type": "action", "room": room, "payload": action}),
            };
            if let Some(id) = id {
                text["id"] = json!(id);
            }
            text
        }
    };
    if let Some(reference) = &asked.reference {
        text["ref"] = json!(reference);
    }
    if luck.percent(50) && text.get("v").is_none() {
        text["v"] = json!(1);
    }
    text
}

fn opening(luck: &mut Luck, room: &str, kind: &str, id: Option<&str>, fault: Option<&str>) -> Value {
    let mut payload = json!({"kind": kind});
    if ROOMS.iter().any(|(name, _)| *name == room) {
        payload["room_id"] = json!(room);
    }
    match fault {
        Some("invalid_config") => payload["config"] = json!({"bogus": 1}),
        Some(_) => payload["config"] = json!({"points": 0}),
        None if kind == "cards" => payload["config"] = json!({"seconds_per_turn": luck.range(1, 4), "turn_limit": 12}),
        None => {}
    }
    if kind != "lounge" && luck.percent(50) {
        payload["bots"] = json!({"1": "random"});
    }
    match id {
        Some(id) => json!({"type": "open_room", "id": id, "payload": payload}),
        None => json!({"type": "open_room", "payload": payload}),
    }
}

/// The failures of junk that a run sends.
pub const JUNK: &[&str] = &["unsupported_version", "invalid_message", "unknown_type", "invalid_name", "unknown_kind"];

fn junk(luck: &mut Luck, code: &str) -> Value {
    let bad = [json!({"v": "1", "type": "ping"}), json!({"type": 7}), json!({"type": "join_room", "payload": {"room_id": 7}})];
    match code {
        "unsupported_version" => json!({"v": 2, "type": "ping"}),
        "unknown_type" => json!({"type": "nonsense", "payload": {"a": 1}}),
        "invalid_name" => json!({"type": "action", "room": "a b", "payload": {}}),
        "unknown_kind" => json!({"type": "open_room", "payload": {"kind": "nope"}}),
        _ => luck.pick(&bad).cloned().unwrap_or_default(),
    }
}
