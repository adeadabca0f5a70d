//! `/v1/revocations`: tokens that count no more. For admins.

use super::{Cold, InQuery, Shared};
use crate::bell::Knock;
use crate::failures::{failed, wrong_query};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use parlour_engine::code::Code;
use parlour_engine::dialect::native_out::Failure;
use parlour_engine::io::Role;
use parlour_engine::revocation::Revocation;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A token or a user, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    jti: Option<String>,
    /// When that token has expired anyway.
    exp: Option<u64>,
    user: Option<String>,
    not_before: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    jti: Option<String>,
    user: Option<String>,
}

pub(super) async fn list(State(cold): Shared, headers: HeaderMap) -> Response {
    match is_admin(&cold, &headers) {
        Ok(()) => Json(json!(cold.verifier.revocations().list())).into_response(),
        Err(failure) => failed(&failure),
    }
}

pub(super) async fn add(State(cold): Shared, headers: HeaderMap, body: Bytes) -> Response {
    match is_admin(&cold, &headers) {
        Ok(()) => done(StatusCode::CREATED, take_back(cold, &body).await),
        Err(failure) => failed(&failure),
    }
}

pub(super) async fn remove(State(cold): Shared, headers: HeaderMap, which: InQuery<Which>) -> Response {
    if let Err(failure) = is_admin(&cold, &headers) {
        return failed(&failure);
    }
    let Ok(Query(which)) = which else { return failed(&wrong_query()) };
    if which.jti.is_some() == which.user.is_some() {
        return failed(&wrong_query());
    }
    done(StatusCode::OK, give_back(cold, which).await)
}

fn done(status: StatusCode, result: Result<Value, Code>) -> Response {
    match result {
        Ok(body) => (status, Json(body)).into_response(),
        Err(code) => failed(&code.into()),
    }
}

pub(super) fn is_admin(cold: &Cold, headers: &HeaderMap) -> Result<(), Failure> {
    match cold.who(headers)?.role {
        Role::Admin => Ok(()),
        Role::Player | Role::Spectator => Err(Code::RoleRequired.into()),
    }
}

async fn take_back(cold: Arc<Cold>, body: &[u8]) -> Result<Value, Code> {
    let asked: Asked = serde_json::from_slice(body).map_err(|_| Code::InvalidMessage)?;
    let fits = |name: &str, most: usize| !name.is_empty() && name.len() <= most;
    let (revocation, until_s, told) = match asked {
        Asked { jti: Some(id), exp, user: None, not_before: None } if fits(&id, cold.limits.jti_bytes) => {
            let told = json!({"jti": id, "exp": exp});
            (Revocation::Token(id), exp, told)
        }
        Asked { user: Some(user), not_before, jti: None, exp: None } if fits(&user, cold.limits.user_bytes) => {
            // Tokens say when they were made in whole seconds: what was made in this one is taken back, too.
            let not_before_s = not_before.unwrap_or_else(|| crate::auth::now_s().saturating_add(1));
            let told = json!({"user": user, "not_before": not_before_s});
            (Revocation::User { user, not_before_s }, None, told)
        }
        Asked { .. } => return Err(Code::InvalidMessage),
    };
    let (asker, added) = (cold.clone(), revocation.clone());
    let kept = tokio::task::spawn_blocking(move || asker.verifier.revocations().add(&added, until_s)).await;
    kept.map_err(|_| Code::Internal)??;
    // Who comes from here on finds it in the list; who is here is told.
    for bell in cold.bells.iter() {
        bell.ring(Knock::Revoked(revocation.clone()));
    }
    Ok(told)
}

async fn give_back(cold: Arc<Cold>, which: Which) -> Result<Value, Code> {
    let remove = move || cold.verifier.revocations().remove(which.jti.as_deref(), which.user.as_deref());
    let removed = tokio::task::spawn_blocking(remove).await.map_err(|_| Code::Internal)??;
    Ok(json!({"removed": removed}))
}
