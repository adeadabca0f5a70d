//! The queue that is followed: its view, and how far each download of its list has come as the client was told it.

use super::names::{DOWNLOAD_ADDED, DOWNLOAD_COMPLETE, DOWNLOAD_FAILED, DOWNLOAD_REMOVED, ENDINGS, QUEUE_STATUS, STATUSES};
use super::say::{object, thousandth};
use crate::dialect::seen::Seen;
use crate::limits::ANIWORLD_ITEMS;
use crate::patch::apply::Op;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct Queue {
    seen: Seen,
    /// Whether a view was seen before: then what differs from it is told.
    is_known: bool,
    items: BTreeMap<String, Item>,
    /// The last progress of a scan.
    scan: Option<Map<String, Value>>,
    /// The counts that were told last.
    told: Option<Map<String, Value>>,
}

/// A download.
#[derive(Debug, Default)]
struct Item {
    key: Value,
    folder: Value,
    status: String,
    is_over: bool,
    /// How far it was in what was told: it does not go back in one run.
    percent: Option<u64>,
    /// The last pulse.
    last: Option<Map<String, Value>>,
}

impl Item {
    /// The fields of `download_progress`.
    fn progress(&mut self, id: &str, pulse: &Map<String, Value>) -> Map<String, Value> {
        let field = |name: &str| pulse.get(name).cloned().unwrap_or(Value::Null);
        let percent = field("percent").as_u64().map(|percent| percent.min(100).max(self.percent.unwrap_or(0)));
        self.percent = percent.or(self.percent);
        object(json!({
            "download_id": id,
            "id": id,
            "key": self.key,
            "folder": self.folder,
            "status": field("status"),
            "percent": percent,
            "current": field("bytes_done"),
            "total": field("bytes_total"),
            "bytes_done": field("bytes_done"),
            "bytes_total": field("bytes_total"),
            "speed_mbps": field("kbit_s").as_u64().map(thousandth),
            "eta_seconds": field("eta_s"),
        }))
    }
}

impl Queue {
    pub(super) fn view(&self) -> Option<&Value> {
        self.seen.view()
    }

    /// A whole view came. What was missed since the last, as the room would have told it.
    pub(super) fn look(&mut self, view: Value, p: u64) -> Vec<(&'static str, Map<String, Value>)> {
        self.seen.look(view, p);
        self.compare()
    }

    /// A patch came. Nothing if it is not of the view that is kept.
    pub(super) fn patch(&mut self, ops: Option<Vec<Op>>, p: u64) -> Option<Vec<(&'static str, Map<String, Value>)>> {
        self.seen.patch(ops, p).then(|| self.compare())
    }

    /// An event came, and will be told.
    pub(super) fn note(&mut self, event: &str, fields: &Map<String, Value>) {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        match (event, text("id")) {
            (QUEUE_STATUS, _) => self.told = Some(with_state(fields)),
            (DOWNLOAD_ADDED, Some(id)) if self.items.len() < ANIWORLD_ITEMS => {
                let field = |name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
                let item = Item { key: field("key"), folder: field("folder"), ..Item::default() };
                self.items.insert(id.to_owned(), item);
            }
            (DOWNLOAD_REMOVED, Some(id)) => drop(self.items.remove(id)),
            (_, Some(id)) if ENDINGS.contains(&event) => {
                if let Some(item) = self.items.get_mut(id) {
                    item.is_over = true;
                }
            }
            _ => {}
        }
    }

    /// A pulse of a download came: how to tell it, if it is one that goes on.
    pub(super) fn progress(&mut self, pulse: Map<String, Value>) -> Option<(String, Map<String, Value>)> {
        let id = pulse.get("id")?.as_str()?.to_owned();
        let item = self.items.get_mut(&id).filter(|item| !item.is_over && item.status == "active")?;
        let data = item.progress(&id, &pulse);
        item.last = Some(pulse);
        Some((id, data))
    }

    pub(super) fn scan_progress(&mut self, pulse: &Map<String, Value>, status: &str) -> Map<String, Value> {
        let number = |name: &str| pulse.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (total, percent) = (number("total"), number("percent").min(100));
        let current = number("current").min(total);
        let data = object(json!({"current": current, "total": total, "percent": percent, "status": status}));
        self.scan = Some(data.clone());
        data
    }

    /// How far the downloads are that go on: all that are active, or this one.
    pub(super) fn running(&mut self, only: Option<&str>) -> Vec<(String, Map<String, Value>)> {
        let Self { seen, items, .. } = self;
        let listed = seen.view().and_then(|view| view["items"].as_array()).into_iter().flatten();
        let mut running = Vec::new();
        for shown in listed.filter_map(Value::as_object) {
            let Some(id) = shown.get("id").and_then(Value::as_str) else { continue };
            let Some(item) = items.get_mut(id).filter(|item| !item.is_over) else { continue };
            if only.map_or(item.status == "active", |only| only == id && is_open(&item.status)) {
                let last = item.last.take();
                let data = item.progress(id, last.as_ref().unwrap_or(shown));
                item.last = last;
                running.push((id.to_owned(), data));
            }
        }
        running
    }

    /// How far a scan is that goes on.
    pub(super) fn scanning(&self) -> Option<Map<String, Value>> {
        let is_scanning = self.view()?["is_scanning"] == true;
        let begun = || object(json!({"current": 0, "total": 0, "percent": 0, "status": "running"}));
        is_scanning.then(|| self.scan.clone().unwrap_or_else(begun))
    }

    /// How many there are of each status, and how it is with the queue.
    pub(super) fn counts(&self) -> Option<Map<String, Value>> {
        let view = self.view()?;
        let mut counts = view["counts"].as_object().cloned()?;
        counts.insert("state".to_owned(), view["state"].clone());
        Some(with_state(&counts))
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.items.contains_key(id)
    }

    /// What the view says that no event has said.
    fn compare(&mut self) -> Vec<(&'static str, Map<String, Value>)> {
        let mut missed = Vec::new();
        let counts = self.counts();
        let Self { seen, items, told, .. } = self;
        let listed = seen.view().and_then(|view| view["items"].as_array()).into_iter().flatten();
        let mut there = BTreeSet::new();
        for shown in listed.filter_map(Value::as_object).take(ANIWORLD_ITEMS) {
            let field = |name: &str| shown.get(name).cloned().unwrap_or(Value::Null);
            let (Some(id), Some(status)) = (shown.get("id").and_then(Value::as_str), shown.get("status").and_then(Value::as_str))
            else {
                continue;
            };
            there.insert(id.to_owned());
            if !items.contains_key(id) {
                missed.push((DOWNLOAD_ADDED, shown.clone()));
            }
            // Of one that has begun and ended unseen both are told.
            let item = items.entry(id.to_owned()).or_default();
            (item.key, item.folder) = (field("key"), field("folder"));
            match (is_open(status), item.is_over) {
                // Another run.
                (true, true) => (item.is_over, item.percent, item.last) = (false, None, None),
                (false, false) => {
                    item.is_over = true;
                    missed.push(ending(shown, status));
                }
                (true, false) | (false, true) => {}
            }
            if item.status != status {
                status.clone_into(&mut item.status);
            }
        }
        let gone: Vec<String> = items.keys().filter(|id| !there.contains(*id)).cloned().collect();
        for id in gone {
            if let Some(item) = items.remove(&id) {
                missed.push((DOWNLOAD_REMOVED, object(json!({"id": id, "key": item.key, "folder": item.folder}))));
            }
        }
        if let Some(counts) = counts.filter(|counts| told.as_ref() != Some(counts)) {
            *told = Some(counts.clone());
            missed.push((QUEUE_STATUS, counts));
        }
        // The first view is what things begin with.
        if std::mem::replace(&mut self.is_known, true) { missed } else { Vec::new() }
    }
}

/// Whether a download of this status is one that goes on, or will.
fn is_open(status: &str) -> bool {
    matches!(status, "pending" | "active" | "paused")
}

/// The event that a download ended with, made of what is shown of it.
fn ending(shown: &Map<String, Value>, status: &str) -> (&'static str, Map<String, Value>) {
    let mut fields = shown.clone();
    if status == "completed" {
        fields.insert("bytes".to_owned(), shown.get("bytes_done").cloned().unwrap_or(Value::Null));
        return (DOWNLOAD_COMPLETE, fields);
    }
    let error = shown.get("error").cloned().unwrap_or(Value::Null);
    fields.insert("code".to_owned(), error["code"].clone());
    fields.insert("error_message".to_owned(), error["message"].clone());
    (DOWNLOAD_FAILED, fields)
}

/// The counts, all of them together, and the state, of what has them.
fn with_state(fields: &Map<String, Value>) -> Map<String, Value> {
    let count = |name: &str| fields.get(name).and_then(Value::as_u64).unwrap_or(0);
    let mut counts: Map<String, Value> = STATUSES.iter().map(|name| ((*name).to_owned(), count(name).into())).collect();
    let total = STATUSES.iter().map(|name| count(name)).fold(0, u64::saturating_add);
    counts.insert("total".to_owned(), total.into());
    counts.insert("state".to_owned(), fields.get("state").cloned().unwrap_or(Value::Null));
    counts
}
