//! How what is watched is printed.

use crate::cli::args::Format;
use crate::cli::exit::Failed;
use crate::cli::link::Frame;
use crate::cli::names::Names;
use crate::cli::paint::{bold, dim};
use crate::cli::show::{action, changes, outline, print, words};
use serde_json::{Value, json};

/// So many changes of a view are listed one by one.
const CHANGES: usize = 12;

pub(super) struct Printer {
    is_text: bool,
    /// Through whose eyes, where there are several.
    whose: Option<String>,
    /// The view as it was shown last.
    shown: Option<Value>,
}

impl Printer {
    pub(super) fn new(format: Format, whose: Option<String>) -> Self {
        Self { is_text: format == Format::Table, whose, shown: None }
    }

    /// We follow the room, and how we were caught up.
    pub(super) fn joined(&mut self, room: &str, answer: &Value) -> Result<(), Failed> {
        let resumed = &answer["resumed"];
        if !self.is_text {
            let line = json!({"type": "joined", "room": room, "at": answer["at"], "as": answer["as"], "resumed": resumed});
            return print(&format!("{line}\n"));
        }
        let how = match resumed["kind"].as_str() {
            Some("replayed") => format!("caught up: {} events", resumed["events"]),
            Some("view") => "too much was missed to list it: here is how it stands".to_owned(),
            _ => format!("watching as {}", answer["as"].as_str().unwrap_or("spectator")),
        };
        say!("{room} · {how}");
        Ok(())
    }

    pub(super) fn view(&mut self, frame: &Frame, view: &Value) -> Result<(), Failed> {
        if !self.is_text {
            return print(&format!("{}\n", frame.text));
        }
        let named = Names::of(view).put_into(view);
        let text = match &self.shown {
            None => outline(&named).lines().map(|line| format!("          {line}\n")).collect(),
            Some(before) => {
                let lines = changes(before, &named);
                let mut text: String = lines.iter().take(CHANGES).map(|line| format!("          {line}\n")).collect();
                if lines.len() > CHANGES {
                    text.push_str(&format!("          … and {} more changes\n", lines.len() - CHANGES));
                }
                text
            }
        };
        self.shown = Some(named);
        print(&dim_lines(&self.marked(&text)))
    }

    pub(super) fn event(&mut self, frame: &Frame, view: &Value) -> Result<(), Failed> {
        if !self.is_text {
            return print(&format!("{}\n", frame.text));
        }
        let value = &frame.value;
        let kind = value["type"].as_str().unwrap_or_default();
        let mut told = Names::of(view).put_into(&value["payload"]);
        if told.is_object() {
            told["type"] = json!(kind);
        }
        let what = if told.is_object() { action(&told) } else { words(kind) };
        let (name, fields) = what.split_once("  ").unwrap_or((&what, ""));
        let line = format!("{}  {}  {fields}", time(&value["ts"]), bold(name));
        print(&self.marked(&format!("{}\n", line.trim_end())))
    }

    pub(super) fn other(&mut self, frame: &Frame) -> Result<(), Failed> {
        let value = &frame.value;
        let kind = value["type"].as_str().unwrap_or_default();
        if !self.is_text {
            return if matches!(kind, "ack" | "pong" | "connected") { Ok(()) } else { print(&format!("{}\n", frame.text)) };
        }
        let user = value["payload"]["user_id"].as_str().unwrap_or("somebody");
        let text = match kind {
            "user_left" if value["payload"]["you"] == true => "you are no longer in this room".to_owned(),
            "user_joined" => format!("{user} is here"),
            "user_left" => format!("{user} has gone"),
            "closing" => "the server is going away".to_owned(),
            "error" => value["payload"]["message"].as_str().unwrap_or("something was wrong").to_owned(),
            _ => return Ok(()),
        };
        print(&format!("{}\n", dim(&format!("          {text}"))))
    }

    pub(super) fn ended(&mut self, room: &str, outcome: &str) -> Result<(), Failed> {
        if self.is_text {
            return print(&format!("{}\n", bold(&format!("{room} has ended: {}", words(outcome)))));
        }
        print(&format!("{}\n", json!({"type": "ended", "room": room, "outcome": outcome})))
    }

    fn marked(&self, text: &str) -> String {
        match &self.whose {
            Some(whose) => text.lines().map(|line| format!("{whose:<10}{line}\n")).collect(),
            None => text.to_owned(),
        }
    }
}

/// The time of day in a timestamp.
fn time(ts: &Value) -> String {
    let ts = ts.as_str().unwrap_or_default();
    ts.get(11..19).unwrap_or("        ").to_owned()
}

fn dim_lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", dim(line))).collect()
}
