//! An HTTP request of the dialect: it comes into the queue's room, asks or acts there, and is answered once.

use super::Out;
use super::code::{Code, Refusal};
use super::entrance::{Entrance, Step};
use super::names::{DOWNLOAD_ADDED, FILTERS, TYPES};
use super::queue::Queue;
use super::routes::{Plan, act, plan, with_id};
use crate::dialect::asks::numbered;
use crate::dialect::frame::{Answer, Connected, Frame, Patch};
use crate::dialect::{Dialect, Heard, Rest};
use crate::io::Now;
use crate::limits::ANIWORLD_IDS;
use serde_json::{Map, Value, json};

/// One request.
pub(crate) struct Asked {
    plan: Result<Plan, Code>,
    entrance: Entrance,
    queue: Queue,
    /// The `ref` of the last native request.
    asked: u64,
    /// Whether what was asked last is the action.
    acts: bool,
    /// The downloads that are tried again.
    retried: Vec<String>,
    /// What is answered once all frames of a turn are seen.
    done: Option<(u16, Value)>,
}

impl Asked {
    pub(crate) fn new(request: &Rest) -> Self {
        let (plan, entrance) = (plan(request), Entrance::of(&request.target));
        let controls = plan.as_ref().is_ok_and(Plan::is_control);
        let entrance = if controls { entrance.controlling() } else { entrance };
        Self { plan, entrance, queue: Queue::default(), asked: 0, acts: false, retried: Vec::new(), done: None }
    }

    fn note(&mut self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        match &*frame.kind {
            "connected" => {
                if let Some(Connected { user_id, .. }) = frame.payload() {
                    self.begin(user_id, out);
                }
            }
            "error" => {
                if let Some(answer) = frame.payload::<Answer<'_>>() {
                    let is_somebody = self.entrance.is_somebody();
                    self.refuse(&if is_somebody { Refusal::of(&answer) } else { Refusal::of_nobody(&answer) });
                }
            }
            "ack" => {
                if let Some(answer) = frame.payload::<Answer<'_>>().filter(|answer| *answer.reference == self.asked.to_string()) {
                    if self.acts { self.acted(&answer) } else { self.entered(&answer, out) }
                }
            }
            "view" => {
                if let Some(view) = frame.payload::<Value>() {
                    self.queue.look(view, frame.p.unwrap_or(0));
                    let step = self.queue.view().and_then(|view| self.entrance.seen(view));
                    step.into_iter().for_each(|step| self.go_on(step, out));
                }
            }
            "patch" => drop(self.queue.patch(frame.payload().map(|Patch { ops }| ops), frame.p.unwrap_or(0))),
            _ => {}
        }
    }

    fn begin(&mut self, user: String, out: &mut Vec<Out>) {
        self.entrance.is_known(user);
        match &self.plan {
            Err(code) => self.refuse(&(*code).into()),
            Ok(Plan::About) => self.done = Some((200, about())),
            Ok(_) => {
                let request = self.entrance.enter();
                self.ask(request, out);
            }
        }
    }

    fn entered(&mut self, answer: &Answer<'_>, out: &mut Vec<Out>) {
        let step = self.entrance.answered(answer);
        self.go_on(step, out);
    }

    fn go_on(&mut self, step: Step, out: &mut Vec<Out>) {
        match step {
            Step::Ask(request) => self.ask(request, out),
            Step::Inside => {}
            Step::Refused(refusal) => self.refuse(&refusal),
        }
    }

    /// All frames of a turn are seen: if it is inside, and the queue is in sight, it does what it came for.
    fn do_it(&mut self, out: &mut Vec<Out>) {
        if self.done.is_some() || self.acts || !self.entrance.is_inside() {
            return;
        }
        let Some(view) = self.queue.view() else { return };
        let actions = match &self.plan {
            Ok(Plan::Queue) => return self.done = Some((200, self.status())),
            Ok(Plan::Library) => return self.done = Some((200, library(view))),
            Ok(Plan::Act(_, action)) => {
                let request = json!({"type": "action", "room": self.entrance.room, "events": true, "payload": action});
                self.acts = true;
                return self.ask(request, out);
            }
            Ok(Plan::Retry(ids)) => ids.clone().unwrap_or_else(|| failed(view)),
            Ok(Plan::About) | Err(_) => return,
        };
        if actions.is_empty() {
            return self.refuse(&Code::NothingToRetry.into());
        }
        let each: Vec<Value> = actions.iter().map(|id| act("retry", with_id(Some(id)))).collect();
        let request = json!({"type": "batch", "room": self.entrance.room, "payload": {"actions": each}});
        (self.acts, self.retried) = (true, actions);
        self.ask(request, out);
    }

    /// What it came for is done, or not.
    fn acted(&mut self, answer: &Answer<'_>) {
        if answer.status != "ok" {
            return self.refuse(&Refusal::of(answer));
        }
        let queue = self.queue.counts();
        match &self.plan {
            Ok(Plan::Act("add", action)) => {
                let added = answer.events.as_array().into_iter().flatten().find(|event| event["type"] == DOWNLOAD_ADDED);
                let is_new = added.is_some();
                let of_client = || {
                    let items = self.queue.view()?["items"].as_array()?;
                    items.iter().find(|item| !action["client_id"].is_null() && item["client_id"] == action["client_id"])
                };
                let about = added.map(|event| &event["payload"]).or_else(of_client).cloned().unwrap_or_default();
                let mut body = json!({"status": if is_new { "added" } else { "exists" }, "queue": queue});
                for (own, theirs) in [("download_id", "id"), ("id", "id"), ("key", "key"), ("position", "position")] {
                    body[own] = about[theirs].clone();
                }
                body["folder"] = about["folder"].clone();
                body["client_id"] = action["client_id"].clone();
                self.done = Some((if is_new { 201 } else { 200 }, body));
            }
            Ok(Plan::Act(kind, action)) => {
                self.done = Some((200, json!({"status": "ok", "action": kind, "download_id": action["id"], "queue": queue})));
            }
            Ok(Plan::Retry(_)) => self.tried(answer),
            _ => {}
        }
    }

    /// Each of a batch has its own result.
    fn tried(&mut self, answer: &Answer<'_>) {
        let is_done = |result: &Answer<'_>| result.status == "ok";
        let refused = answer.results.iter().find(|result| !is_done(result));
        match refused {
            Some(refused) if !answer.results.iter().any(is_done) => self.refuse(&Refusal::of(refused)),
            _ => {
                let results = self.retried.iter().zip(&answer.results).filter(|(_, result)| is_done(result));
                let ids: Vec<&String> = results.map(|(id, _)| id).collect();
                self.done =
                    Some((200, json!({"status": "ok", "action": "retry", "download_ids": ids, "queue": self.queue.counts()})));
            }
        }
    }

    fn status(&self) -> Value {
        let view = self.queue.view().cloned().unwrap_or_default();
        let mut body = Value::Object(self.queue.counts().unwrap_or_default());
        body["is_running"] = (view["state"] == "running").into();
        body["is_paused"] = (view["state"] == "paused").into();
        body["is_scanning"] = view["is_scanning"].clone();
        body["parallel"] = view["parallel"].clone();
        body["speed_limit_bytes_s"] = view["speed_limit_bytes_s"].clone();
        let items = view["items"].as_array().cloned().unwrap_or_default().into_iter().map(|mut item| {
            item["download_id"] = item["id"].clone();
            item
        });
        body["items"] = items.collect();
        body
    }

    fn refuse(&mut self, refusal: &Refusal) {
        let mut body = Map::from_iter([("detail".to_owned(), refusal.message.clone().into())]);
        body.insert("code".to_owned(), refusal.code.clone().into());
        body.extend(refusal.retry_after_ms.map(|ms| ("retry_after_ms".to_owned(), ms.into())));
        self.done = Some((refusal.status, Value::Object(body)));
    }

    fn ask(&mut self, request: Value, out: &mut Vec<Out>) {
        self.asked += 1;
        out.push(Out::Ask(numbered(request, self.asked).to_string()));
    }
}

impl Dialect for Asked {
    /// It has said all that it says.
    fn hear(&mut self, _heard: Heard<'_>, _now: Now, _out: &mut Vec<Out>) {}

    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, _now: Now, out: &mut Vec<Out>) {
        for text in frames {
            if let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) {
                self.note(&frame, out);
            }
        }
        self.do_it(out);
        if let Some((status, body)) = self.done.take() {
            out.push(Out::Reply { status, body: body.to_string() });
        }
    }
}

/// What is spoken here.
fn about() -> Value {
    let rooms: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
    json!({"status": "operational", "supported_message_types": TYPES, "rooms": rooms, "path": "/ws/connect"})
}

/// The series of the library.
fn library(view: &Value) -> Value {
    let series = view["library"]["series"].as_array().into_iter().flatten();
    series.map(|series| json!({"key": series["key"], "folder": series["folder"], "files": series["files"]})).collect()
}

/// The downloads that have failed, as many as can be tried again at once.
fn failed(view: &Value) -> Vec<String> {
    let items = view["items"].as_array().into_iter().flatten();
    let failed = items.filter(|item| item["status"] == "failed").filter_map(|item| item["id"].as_str());
    failed.take(ANIWORLD_IDS).map(str::to_owned).collect()
}
