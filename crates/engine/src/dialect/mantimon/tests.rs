//! The dialect by itself: what a client says on the one side, native frames written by hand on the other.

mod entry;
mod junk;
mod play;
mod status;
mod views;

use super::{Dialect, Heard, Mantimon, Mode, Out};
use crate::io::Now;
use serde_json::{Value, json};

/// A connection with nothing but the dialect.
struct Desk {
    dialect: Mantimon,
    now: Now,
}

/// What one step brought about.
#[derive(Debug, Default)]
struct Done {
    /// What was asked natively.
    asks: Vec<Value>,
    /// What the client was told.
    says: Vec<Value>,
    acks: Vec<(u64, Value)>,
    /// Types and `ack`s, as they came.
    order: Vec<String>,
}

impl Done {
    /// The types of what was said.
    fn types(&self) -> Vec<&str> {
        self.says.iter().map(|said| said["type"].as_str().unwrap()).collect()
    }
}

impl Desk {
    fn new(mode: Mode) -> Self {
        Self { dialect: Mantimon::new(mode, 1, [7; 32]), now: Now { mono_ms: 0, wall_ms: 1_795_255_200_123 } }
    }

    /// Ada has connected, and is in no game.
    fn of_ada(mode: Mode) -> Self {
        let mut desk = Self::new(mode);
        let done = desk.turn(&[connected()]);
        assert_eq!(done.asks[0]["type"], "list_rooms");
        desk.answer(&done.asks[0], json!({"rooms": [], "next": null}));
        desk
    }

    /// Ada sits in `g`, and has been shown it.
    fn in_game(mode: Mode) -> Self {
        let mut desk = Self::of_ada(mode);
        let done = desk.hear(json!({"type": "join_game", "message_id": "j", "game_id": "g"}), Some(1));
        let done = desk.answer(&done.asks[0], json!({"rooms": [], "next": null}));
        let joined = ok(&done.asks[0], joined("k.5.2", "fresh"));
        let done = desk.turn(&[joined, view("k.5.2", 1, json!({"phase": "main", "turn": 3, "current": 0, "hand": ["c1"]}))]);
        assert_eq!(done.types(), ["game_state"]);
        assert_eq!(done.acks.len(), 1);
        desk
    }

    fn hear(&mut self, message: Value, ack: Option<u64>) -> Done {
        self.hear_text(None, &message.to_string(), ack)
    }

    fn hear_text(&mut self, event: Option<&str>, text: &str, ack: Option<u64>) -> Done {
        let mut out = Vec::new();
        self.dialect.hear(Heard { event, text, ack }, self.now, &mut out);
        done(out)
    }

    fn turn(&mut self, frames: &[Value]) -> Done {
        let frames: Vec<String> = frames.iter().map(Value::to_string).collect();
        let mut out = Vec::new();
        self.dialect.turn(&mut frames.iter().map(String::as_str), self.now, &mut out);
        done(out)
    }

    fn answer(&mut self, ask: &Value, fields: Value) -> Done {
        self.turn(&[ok(ask, fields)])
    }

    fn refuse(&mut self, ask: &Value, kind: &str, code: &str) -> Done {
        self.turn(&[refused(ask, kind, code)])
    }
}

fn done(out: Vec<Out>) -> Done {
    let mut done = Done::default();
    for out in out {
        match out {
            Out::Ask(text) => done.asks.push(serde_json::from_str(&text).unwrap()),
            Out::Say { event, body } => {
                let body: Value = serde_json::from_str(&body).unwrap();
                let kind = body["type"].as_str().unwrap();
                assert_eq!(event, if kind == "game_state" { "game:state".to_owned() } else { format!("game:{kind}") });
                assert_eq!(body["message_id"].as_str().unwrap().len(), 36);
                done.order.push(kind.to_owned());
                done.says.push(body);
            }
            Out::Ack { ack, body } => {
                done.order.push("ack".to_owned());
                done.acks.push((ack, serde_json::from_str(&body).unwrap()));
            }
            other => unreachable!("mantimon has no {other:?}"),
        }
    }
    done
}

fn connected() -> Value {
    json!({"v": 1, "type": "connected", "payload": {"user_id": "ada", "session_id": "s", "server": "parlour", "limits": {}}})
}

fn ok(ask: &Value, mut fields: Value) -> Value {
    fields["ref"] = ask["ref"].clone();
    fields["status"] = "ok".into();
    json!({"v": 1, "type": "ack", "payload": fields})
}

fn refused(ask: &Value, kind: &str, code: &str) -> Value {
    let text = "A text of the rules.";
    let failure = json!({"ref": ask["ref"], "status": "error", "kind": kind, "code": code, "message": text, "retry": false});
    json!({"v": 1, "type": "ack", "payload": failure})
}

/// Ada has seat 0, bob seat 1.
fn joined(at: &str, resumed: &str) -> Value {
    let seats = json!([{"seat": 0, "user_id": "ada", "online": true}, {"seat": 1, "user_id": "bob", "online": true}]);
    json!({"room_id": "g", "as": "player", "seat": 0, "at": at, "seed_hash": "", "resumed": {"kind": resumed}, "seats": seats})
}

fn view(at: &str, p: u64, view: Value) -> Value {
    json!({"v": 1, "type": "view", "room": "g", "at": at, "p": p, "payload": view})
}

fn patch(p: u64, ops: Value) -> Value {
    json!({"v": 1, "type": "patch", "room": "g", "p": p, "payload": {"ops": ops}})
}

fn public(kind: &str, n: u64, payload: Value) -> Value {
    json!({"v": 1, "type": kind, "room": "g", "n": n, "ts": "2026-11-21T10:00:00.123Z", "payload": payload})
}

fn private(kind: &str, m: u64, payload: Value) -> Value {
    json!({"v": 1, "type": kind, "room": "g", "m": m, "ts": "2026-11-21T10:00:00.123Z", "payload": payload})
}

fn presence(kind: &str, user: &str, seat: u64) -> Value {
    json!({"v": 1, "type": kind, "payload": {"room_id": "g", "user_id": user, "seat": seat}})
}
