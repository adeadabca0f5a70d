//! Public rooms, page by page: what the journal lists, with what the loops know of those that are loaded.

use super::{Cold, InQuery, Shared};
use crate::failures::{failed, wrong_query};
use crate::journal::Reader;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use parlour_engine::code::Code;
use parlour_engine::dialect::native_out::Failure;
use parlour_engine::io::{Call, Identity, Reply};
use parlour_engine::limits::Limits;
use parlour_engine::lookup::{Found, Lookup, listed};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    pub(super) after: String,
    pub(super) limit: Option<u32>,
    pub(super) kind: Option<String>,
}

impl Paging {
    pub(super) fn limit(&self, limits: &Limits) -> u32 {
        let most = u32::try_from(limits.page).unwrap_or(u32::MAX);
        self.limit.unwrap_or(most).clamp(1, most)
    }
}

/// Public rooms by name, as `list_rooms` shows them.
pub(super) async fn list(State(cold): Shared, headers: HeaderMap, paging: InQuery<Paging>) -> Response {
    let (who, paging) = match (cold.who(&headers), paging) {
        (Ok(who), Ok(Query(paging))) => (who, paging),
        (Ok(_), Err(_)) => return failed(&wrong_query()),
        (Err(failure), _) => return failed(&failure),
    };
    match rooms(&cold, who, paging).await {
        Ok(body) => Json(body).into_response(),
        Err(failure) => failed(&failure),
    }
}

pub(super) async fn rooms(cold: &Cold, who: Identity, paging: Paging) -> Result<Value, Failure> {
    if paging.kind.as_deref().is_some_and(|kind| cold.kinds.get(kind).is_none()) {
        return Err(Code::UnknownKind.into());
    }
    let limit = paging.limit(&cold.limits);
    let lookup = Lookup::Rooms { holder: None, kind: paging.kind, after: paging.after, limit };
    let found = cold.read(move |lists| lists.look(&lookup)).await;
    let found = found.map_err(|_| Failure::from(Code::Internal))?.map_err(|_| Failure::from(Code::JournalDown))?;
    let Found::Rooms(rows) = found else { return Err(Code::Internal.into()) };
    let names = rows.iter().map(|row| row.room.to_string()).collect();
    let mut loaded: BTreeMap<String, Value> = BTreeMap::new();
    for reply in cold.ask_all(&who, &Call::List(names)).await {
        let part = match reply {
            Reply::Done { body, .. } => serde_json::from_str::<Value>(&body).unwrap_or_default(),
            Reply::Failed(failure) => return Err(failure),
            Reply::Counts(_) | Reply::Polled(_) | Reply::Rest { .. } => Value::Null,
        };
        let rooms = part["rooms"].as_array().into_iter().flatten();
        loaded.extend(rooms.filter_map(|room| Some((room["room_id"].as_str()?.to_owned(), room.clone()))));
    }
    let next = (rows.len() == usize::try_from(limit).unwrap_or(usize::MAX))
        .then(|| rows.last().map(|row| row.room.to_string()))
        .flatten();
    let shown = rows.iter().map(|row| loaded.get(&*row.room).cloned().unwrap_or_else(|| listed(row)));
    // What was public when it was written may be so no longer.
    let rooms: Vec<Value> = shown.filter(|room| room["status"] != "gone").collect();
    Ok(json!({"rooms": rooms, "next": next}))
}
