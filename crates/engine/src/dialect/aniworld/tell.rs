//! From native frames to messages: what happens in the queue, told to the rooms of the dialect that hear of it.

use super::code::{Code, Refusal};
use super::entrance::Step;
use super::names::{
    CONNECTED, DOWNLOAD_PROGRESS, EVENTS, FILTERS, Filter, PONG, PROGRESS, QUEUE_STATUS, SCAN_COMPLETE, SCAN_FAILED,
    SCAN_PROGRESS, SCAN_STARTED, SYSTEM_ERROR, SYSTEM_INFO, Told,
};
use super::say::{self, object, thousandth};
use super::{Aniworld, Out, Pending, Queue};
use crate::dialect::frame::{Answer, Connected, Frame, Patch, Presence};
use crate::io::Now;
use serde_json::{Map, Value, json};

impl Aniworld {
    /// Takes one frame in.
    pub(super) fn note(&mut self, frame: &Frame<'_>, now: Now, out: &mut Vec<Out>) {
        match (&*frame.kind, &frame.room) {
            ("ack", None) => {
                if let Some(answer) = frame.payload::<Answer<'_>>() {
                    let is_current = self.entering.is_some_and(|number| *answer.reference == number.to_string());
                    let pending = self.asks.answered(&answer);
                    self.answered(pending, is_current, &answer, now, out);
                }
            }
            ("connected", None) => {
                if let Some(Connected { user_id, session_id }) = frame.payload() {
                    self.entrance.is_known(user_id);
                    let rooms: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
                    let data = json!({"connection_id": session_id, "message": "You are connected.", "rooms": rooms});
                    self.session = Some(session_id);
                    say::say(CONNECTED, say::now(now), &object(data), out);
                }
            }
            ("error", None) => {
                if let Some(answer) = frame.payload::<Answer<'_>>() {
                    let is_somebody = self.entrance.is_somebody();
                    let refusal = if is_somebody { Refusal::of(&answer) } else { Refusal::of_nobody(&answer) };
                    say::refuse(&refusal, (None, None), now, out);
                }
            }
            ("closing", None) => self.tell_system("The server is going away: connect again.", "closing", now, out),
            ("user_left", None) if frame.payload::<Presence>().is_some_and(|presence| presence.you) => self.put_out(now, out),
            ("room_ended", None) => self.put_out(now, out),
            ("view" | "patch", Some(room)) if *room == self.entrance.room => self.note_view(frame, now, out),
            (_, Some(room)) if *room == self.entrance.room => self.note_event(frame, now, out),
            _ => {}
        }
    }

    /// Answers who joins, if it is known what they join; each is then told how things are.
    pub(super) fn settle_joins(&mut self, now: Now, out: &mut Vec<Out>) {
        let is_ready = self.entrance.is_inside() && self.queue.as_ref().is_some_and(|queue| queue.view().is_some());
        if !is_ready {
            return;
        }
        for filter in std::mem::take(&mut self.joining) {
            let is_there = match (&filter, &self.queue) {
                (Filter::Download(id), Some(queue)) => queue.has(id),
                _ => true,
            };
            if !is_there {
                say::refuse(&Code::UnknownRoom.into(), (Some("join"), Some(&filter.to_string())), now, out);
                continue;
            }
            let is_new = self.filters.insert(filter.clone());
            self.acknowledge(&format!("You have joined {filter}."), &filter, now, out);
            if is_new {
                self.show(&filter, now, out);
            }
        }
    }

    /// The queue is no longer followed.
    pub(super) fn leave_queue(&mut self) {
        self.entrance.leave();
        (self.queue, self.entering) = (None, None);
    }

    fn answered(&mut self, pending: Option<Pending>, is_current: bool, answer: &Answer<'_>, now: Now, out: &mut Vec<Out>) {
        match pending {
            Some(Pending::Ping) if answer.status == "ok" => say::say(PONG, say::now(now), &Map::new(), out),
            Some(Pending::Ping) => say::refuse(&Refusal::of(answer), (Some("ping"), None), now, out),
            Some(Pending::Enter) if is_current => {
                self.entering = None;
                let step = self.entrance.answered(answer);
                self.go_on(step, now, out);
            }
            // Also the answer to a request to be let in that was overtaken by another, or by leaving.
            Some(Pending::Enter | Pending::Idle) | None => {}
        }
    }

    fn go_on(&mut self, step: Step, now: Now, out: &mut Vec<Out>) {
        match step {
            Step::Ask(request) => self.ask(Pending::Enter, request, out),
            // What was told of it before is known.
            Step::Inside => drop(self.queue.get_or_insert_default()),
            Step::Refused(refusal) => self.kept_out(&refusal, now, out),
        }
    }

    fn put_out(&mut self, now: Now, out: &mut Vec<Out>) {
        self.leave_queue();
        self.kept_out(&Code::QueueClosed.into(), now, out);
    }

    fn note_view(&mut self, frame: &Frame<'_>, now: Now, out: &mut Vec<Out>) {
        let Some(queue) = &mut self.queue else { return };
        let p = frame.p.unwrap_or(0);
        let missed = match &*frame.kind {
            "view" => frame.payload().map(|view| queue.look(view, p)),
            _ => queue.patch(frame.payload().map(|Patch { ops }| ops), p),
        };
        let Some(missed) = missed else {
            // It is asked for a whole one.
            let request = self.entrance.enter();
            return self.ask(Pending::Enter, request, out);
        };
        if let Some(step) = self.queue.as_ref().and_then(Queue::view).and_then(|view| self.entrance.seen(view)) {
            if let Step::Refused(_) = &step {
                let exit = self.entrance.exit();
                self.ask(Pending::Idle, exit, out);
            }
            self.go_on(step, now, out);
        }
        for (event, fields) in missed {
            self.tell(event, &fields, say::now(now), out);
        }
    }

    fn note_event(&mut self, frame: &Frame<'_>, now: Now, out: &mut Vec<Out>) {
        let Some(queue) = &mut self.queue else { return };
        let Some(fields) = frame.payload::<Map<String, Value>>() else { return };
        let is_pulse = frame.n.is_none() && frame.m.is_none();
        let at = frame.ts.as_deref().map_or_else(|| say::now(now), say::iso);
        match &*frame.kind {
            PROGRESS if is_pulse => {
                if let Some((id, data)) = queue.progress(fields) {
                    self.tell_to(&[Filter::Downloads, Filter::Download(id)], DOWNLOAD_PROGRESS, at, data, out);
                }
            }
            SCAN_PROGRESS | SCAN_STARTED => {
                let data = queue.scan_progress(&fields, if is_pulse { "running" } else { "started" });
                self.tell_to(&[Filter::Scan], SCAN_PROGRESS, at, data, out);
            }
            event if !is_pulse => {
                queue.note(event, &fields);
                self.tell(event, &fields, at, out);
            }
            _ => {}
        }
    }

    /// Tells an event of the queue.
    fn tell(&mut self, event: &str, fields: &Map<String, Value>, at: String, out: &mut Vec<Out>) {
        let Some(told) = EVENTS.iter().find(|told| told.event == event) else { return };
        let mut data = data_of(told, fields);
        if event == SCAN_COMPLETE {
            let ms = fields.get("duration_ms").and_then(Value::as_u64).unwrap_or(0);
            data.insert("duration".to_owned(), thousandth(ms));
        }
        let mut to = told.to.to_vec();
        let id = data.get("download_id").and_then(Value::as_str);
        to.extend(id.map(|id| Filter::Download(id.to_owned())));
        if event == SCAN_COMPLETE || event == SCAN_FAILED {
            let (message, severity) = match event {
                SCAN_COMPLETE => ("The library was looked through.", "info"),
                _ => ("Looking through the library has ended early.", "warning"),
            };
            let news = object(json!({"severity": severity, "message": message, "details": data.clone()}));
            self.tell_to(&to, told.kind, at.clone(), data, out);
            return self.tell_to(&[Filter::System], SYSTEM_INFO, at, news, out);
        }
        self.tell_to(&to, told.kind, at, data, out);
    }

    /// The journal cannot be written.
    pub(super) fn tell_of_failure(&mut self, now: Now, out: &mut Vec<Out>) {
        let message = "The server cannot write its journal, and ends: what was not told is not kept.";
        let data = object(json!({"severity": "error", "message": message, "details": {"code": "journal_failed"}}));
        self.tell_to(&[Filter::System, Filter::Errors], SYSTEM_ERROR, say::now(now), data, out);
    }

    fn tell_system(&mut self, message: &str, status: &str, now: Now, out: &mut Vec<Out>) {
        let data = object(json!({"severity": "info", "message": message, "details": {"status": status}}));
        self.tell_to(&[Filter::System], SYSTEM_INFO, say::now(now), data, out);
    }

    /// Tells who has just joined how things are.
    fn show(&mut self, filter: &Filter, now: Now, out: &mut Vec<Out>) {
        let Some(queue) = &mut self.queue else { return };
        let at = say::now(now);
        let shown: Vec<(&'static str, Map<String, Value>)> = match filter {
            Filter::Downloads => queue.running(None).into_iter().map(|(_, data)| (DOWNLOAD_PROGRESS, data)).collect(),
            Filter::Download(id) => queue.running(Some(id)).into_iter().map(|(_, data)| (DOWNLOAD_PROGRESS, data)).collect(),
            Filter::Queue => queue.counts().map(|data| (QUEUE_STATUS, data)).into_iter().collect(),
            Filter::Scan => queue.scanning().map(|data| (SCAN_PROGRESS, data)).into_iter().collect(),
            Filter::System => return self.tell_system("The server is there.", "ready", now, out),
            Filter::Errors => Vec::new(),
        };
        for (kind, data) in shown {
            self.tell_to(std::slice::from_ref(filter), kind, at.clone(), data, out);
        }
    }

    /// Says something once to a client that is in any of these rooms.
    fn tell_to(&mut self, to: &[Filter], kind: &'static str, at: String, mut data: Map<String, Value>, out: &mut Vec<Out>) {
        if !to.iter().any(|filter| self.filters.contains(filter)) {
            return;
        }
        self.seq += 1;
        data.insert("seq".to_owned(), self.seq.into());
        say::say(kind, at, &data, out);
    }
}

fn data_of(told: &Told, fields: &Map<String, Value>) -> Map<String, Value> {
    let named = told.fields.iter().map(|(own, theirs)| ((*own).to_owned(), fields.get(*theirs).cloned().unwrap_or(Value::Null)));
    let fixed = told.fixed.iter().map(|(own, value)| ((*own).to_owned(), (*value).into()));
    let mut data: Map<String, Value> = named.chain(fixed).collect();
    if told.kind == QUEUE_STATUS {
        let total =
            super::names::STATUSES.iter().filter_map(|name| data.get(*name).and_then(Value::as_u64)).fold(0, u64::saturating_add);
        data.insert("total".to_owned(), total.into());
    }
    data
}
