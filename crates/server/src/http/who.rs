//! Who asks over HTTP.

use super::Cold;
use crate::auth::Verifier;
use crate::head;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use parlour_engine::code::Code;
use parlour_engine::dialect::native_out::Failure;
use parlour_engine::io::{GUEST, Identity, Role};
use tokio::sync::oneshot;

/// Whose token names a key that is not there waits until keys were fetched: those who look at it need not.
pub(super) async fn with_keys(State(verifier): State<Verifier>, request: Request, next: Next) -> Response {
    let token = bearer(request.headers()).map(str::to_owned);
    let (tried, is_tried) = oneshot::channel();
    let tell = move || {
        let _ = tried.send(());
    };
    if token.is_some_and(|token| verifier.fetch_for(&token, tell)) {
        let _ = is_tried.await;
    }
    next.run(request).await
}

impl Cold {
    /// Who asks: by token, or as a guest where guests are let in.
    pub(super) fn who(&self, headers: &HeaderMap) -> Result<Identity, Failure> {
        if self.guests && bearer(headers).is_none() {
            return Ok(Identity::lasting(GUEST, Role::Player));
        }
        self.who_by_token(headers)
    }

    pub(super) fn who_by_token(&self, headers: &HeaderMap) -> Result<Identity, Failure> {
        let verified = bearer(headers).ok_or(Code::AuthenticationRequired).and_then(|token| self.verifier.verify(token));
        let known =
            verified.and_then(|who| if who.is_possible(&self.limits) { Ok(who) } else { Err(Code::AuthenticationFailed) });
        known.map_err(|code| {
            self.meters.not_believed(code.as_str());
            code.into()
        })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).map(|value| value.to_str().ok().and_then(head::bearer).unwrap_or_default())
}
