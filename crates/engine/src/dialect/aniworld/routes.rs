//! The HTTP requests of the dialect, in a table, and what each of them asks.

use super::code::Code;
use crate::dialect::{Rest, decoded};
use crate::limits::ANIWORLD_IDS;
use serde_json::{Map, Value, json};

/// Beside the WebSocket: what is spoken here.
pub(crate) const STATUS_PATH: &str = "/ws/status";
/// Stands for the id of a download in a path.
const ANY_ID: &str = "{id}";

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    About,
    Queue,
    Library,
    Add,
    /// An action about the download in the path.
    OfPath(&'static str),
    /// An action about a download of the body, or about the whole queue.
    Maybe(&'static str),
    Retry,
    Reorder,
    /// An action without anything.
    Plain(&'static str),
}

const ROUTES: &[(&str, &str, Asks)] = &[
    ("GET", STATUS_PATH, Asks::About),
    ("GET", "/api/queue/status", Asks::Queue),
    ("POST", "/api/queue/add", Asks::Add),
    ("POST", "/api/queue/start", Asks::Plain("start")),
    ("POST", "/api/queue/stop", Asks::Maybe("stop")),
    ("POST", "/api/queue/pause", Asks::Maybe("pause")),
    ("POST", "/api/queue/resume", Asks::Maybe("resume")),
    ("POST", "/api/queue/retry", Asks::Retry),
    ("POST", "/api/queue/reorder", Asks::Reorder),
    ("DELETE", "/api/queue/{id}", Asks::OfPath("remove")),
    ("POST", "/api/anime/rescan", Asks::Plain("scan")),
    ("DELETE", "/api/anime/rescan", Asks::Plain("cancel_scan")),
    ("GET", "/api/anime", Asks::Library),
];

/// The fields of a body, and by which names each is known.
const ID: &[&str] = &["id", "download_id"];
const IDS: &[&str] = &["ids", "item_ids", "download_ids"];
const ADDED: &[(&str, &[&str])] = &[
    ("url", &["url", "source"]),
    ("key", &["key", "serie_id"]),
    ("folder", &["folder", "serie_folder"]),
    ("name", &["name", "filename"]),
    ("sha256", &["sha256"]),
    ("client_id", &["client_id", "id", "request_id"]),
];

/// What is asked.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    /// What is spoken here: nothing is looked at.
    About,
    /// How it is with the queue.
    Queue,
    /// What the library holds.
    Library,
    /// An action, by its name.
    Act(&'static str, Value),
    /// To try again what has failed: these, or all.
    Retry(Option<Vec<String>>),
}

impl Plan {
    /// Whether it changes something.
    pub(super) fn is_control(&self) -> bool {
        matches!(self, Plan::Act(..) | Plan::Retry(_))
    }
}

/// Whether a request to this path is the dialect's.
pub(crate) fn is_route(path: &str) -> bool {
    let is_below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path == STATUS_PATH || is_below("/api/queue") || is_below("/api/anime")
}

/// What a request asks.
pub(super) fn plan(request: &Rest) -> Result<Plan, Code> {
    let path = request.target.split('?').next().unwrap_or_default();
    let mut known = ROUTES.iter().filter_map(|(method, pattern, asks)| Some((*method, *asks, of_path(pattern, path)?)));
    let here: Vec<_> = known.by_ref().collect();
    let found = here.iter().find(|(method, ..)| *method == request.method);
    let Some((_, asks, id)) = found else {
        return Err(if here.is_empty() { Code::NotFound } else { Code::WrongMethod });
    };
    if request.method == "GET" {
        return Ok(match asks {
            Asks::Queue => Plan::Queue,
            Asks::Library => Plan::Library,
            _ => Plan::About,
        });
    }
    let body = body(&request.body)?;
    Ok(match asks {
        Asks::Add => {
            let given = ADDED.iter().filter_map(|(field, names)| Some(((*field).to_owned(), field_of(&body, names)?.clone())));
            Plan::Act("add", act("add", given.collect()))
        }
        Asks::OfPath(kind) => Plan::Act(kind, act(kind, with_id(id.as_deref()))),
        Asks::Maybe(kind) => Plan::Act(kind, act(kind, with_id(one_id(&body)?.as_deref()))),
        Asks::Plain(kind) => Plan::Act(kind, act(kind, Map::new())),
        Asks::Reorder => {
            let ids = ids(&body)?.ok_or(Code::InvalidBody)?;
            Plan::Act("reorder", act("reorder", Map::from_iter([("ids".to_owned(), json!(ids))])))
        }
        Asks::Retry => match (one_id(&body)?, ids(&body)?) {
            (Some(id), None) => Plan::Retry(Some(vec![id])),
            (None, ids) if ids.as_ref().is_none_or(|ids| (1..=ANIWORLD_IDS).contains(&ids.len())) => Plan::Retry(ids),
            _ => return Err(Code::InvalidBody),
        },
        Asks::About | Asks::Queue | Asks::Library => Plan::About,
    })
}

/// Whether a path is of this pattern: with the id in it, if it has one.
fn of_path(pattern: &str, path: &str) -> Option<Option<String>> {
    match pattern.strip_suffix(ANY_ID) {
        None => (pattern == path).then_some(None),
        Some(folder) => {
            let id = path.strip_prefix(folder).filter(|id| !id.is_empty() && !id.contains('/'))?;
            // Others have a name of their own.
            let is_named = ROUTES.iter().any(|(_, known, _)| *known == path);
            (!is_named).then(|| decoded(id))
        }
    }
}

/// The action of this type with these fields.
pub(super) fn act(kind: &str, mut fields: Map<String, Value>) -> Value {
    fields.insert("type".to_owned(), kind.into());
    Value::Object(fields)
}

pub(super) fn with_id(id: Option<&str>) -> Map<String, Value> {
    id.map(|id| ("id".to_owned(), id.into())).into_iter().collect()
}

/// A body is an object, or nothing.
fn body(text: &str) -> Result<Map<String, Value>, Code> {
    if text.trim().is_empty() { Ok(Map::new()) } else { serde_json::from_str(text).map_err(|_| Code::InvalidBody) }
}

fn field_of<'a>(body: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| body.get(*name)).filter(|value| !value.is_null())
}

fn one_id(body: &Map<String, Value>) -> Result<Option<String>, Code> {
    field_of(body, ID).map(|id| id.as_str().map(str::to_owned).ok_or(Code::InvalidBody)).transpose()
}

fn ids(body: &Map<String, Value>) -> Result<Option<Vec<String>>, Code> {
    let Some(ids) = field_of(body, IDS) else { return Ok(None) };
    let ids = ids.as_array().ok_or(Code::InvalidBody)?;
    let text = |id: &Value| id.as_str().map(str::to_owned).ok_or(Code::InvalidBody);
    ids.iter().map(text).collect::<Result<_, _>>().map(Some)
}
