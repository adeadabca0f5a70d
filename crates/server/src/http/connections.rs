//! Who is connected, as the cluster knows it: of a user, and in a room. For admins.

use super::revocations::is_admin;
use super::{Cold, InPath, InQuery, Shared, named};
use crate::cluster::{Found, Question};
use crate::failures::{failed, wrong_query};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use parlour_engine::code::Code;
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct But {
    others_of: Option<String>,
}

pub(super) async fn of_user(State(cold): Shared, headers: HeaderMap, user: InPath) -> Response {
    if let Err(failure) = is_admin(&cold, &headers) {
        return failed(&failure);
    }
    match user {
        Ok(Path(user)) => answer(ask(&cold, Question::OfUser(user)).await),
        Err(_) => failed(&Code::InvalidMessage.into()),
    }
}

pub(super) async fn in_room(State(cold): Shared, headers: HeaderMap, room: InPath, but: InQuery<But>) -> Response {
    if let Err(failure) = is_admin(&cold, &headers) {
        return failed(&failure);
    }
    match (named(&cold, room), but) {
        (Ok(room), Ok(Query(But { others_of }))) => answer(ask(&cold, Question::InRoom { room, others_of }).await),
        (Err(code), _) => failed(&code.into()),
        (_, Err(_)) => failed(&wrong_query()),
    }
}

async fn ask(cold: &Cold, question: Question) -> Result<Found, Code> {
    let cluster = cold.cluster.as_ref().ok_or(Code::NotTracked)?;
    match tokio::time::timeout(Duration::from_millis(cold.limits.call_ms), cluster.look(question)).await {
        Ok(Ok(Ok(found))) => Ok(found),
        Ok(Ok(Err(_)) | Err(_)) | Err(_) => Err(Code::ClusterDown),
    }
}

fn answer(found: Result<Found, Code>) -> Response {
    match found {
        Ok(found) => Json(found).into_response(),
        Err(code) => failed(&code.into()),
    }
}
