//! The HTTP requests of dialects: each is asked of a loop, where it is a connection of its dialect for as long as it takes.

use super::{Cold, Shared};
use crate::addresses::{self, address_of};
use crate::auth::entropy;
use crate::bell::Knock;
use crate::door::Peer;
use crate::failures::{failed_with_detail as failed, not_here, too_long, too_slow};
use crate::head;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use parlour_engine::code::Code;
use parlour_engine::io::{CallId, GUEST, Identity, Reply, Role};
use parlour_engine::wire::{Rest, Speaks};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A request to a path that may be a dialect's.
pub(super) async fn asked(State(cold): Shared, Extension(Peer(peer)): Extension<Peer>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(speaks) = Speaks::asked_at(head.uri.path()) else { return failed(&not_here()) };
    let in_time = Duration::from_millis(cold.limits.body_ms);
    let body = match timeout(in_time, to_bytes(body, cold.limits.message_bytes)).await {
        Ok(Ok(body)) => String::from_utf8(body.into()).unwrap_or_default(),
        Ok(Err(_)) => return failed(&too_long()),
        Err(_) => return failed(&too_slow()),
    };
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let ip = addresses::forwarded(peer, text(head::FORWARDED_FOR)).or(peer);
    let token = text(header::AUTHORIZATION.as_str()).map(|value| head::bearer(value).unwrap_or_default().to_owned());
    let (origin, host) = (text(header::ORIGIN.as_str()), text(header::HOST.as_str()));
    if token.is_none() && !cold.callers.admits_anonymous(origin, host) {
        return failed(&Code::AuthenticationRequired.into());
    }
    let is_welcome = token.is_none() && speaks.welcomes(cold.mode, cold.guests);
    let guest = is_welcome.then(|| Identity::lasting(GUEST, Role::Player));
    let target = head.uri.path_and_query().map(|target| target.as_str().to_owned()).unwrap_or_default();
    let method = head.method.as_str().to_owned();
    let address = ip.map(address_of);
    let (reply, answer) = oneshot::channel();
    let asked = Box::new(Asked {
        from: CallId(cold.name()),
        speaks,
        request: Rest { method, target, body },
        address,
        entropy: entropy(),
        token,
        guest,
    });
    let shard = cold.bells.home_of(asked.token.as_deref(), address);
    cold.bells.of(shard).ring(Knock::Asked { asked, reply });
    cold.responds(answer).await
}

/// What the loop is handed.
pub(crate) struct Asked {
    pub(crate) from: CallId,
    pub(crate) speaks: Speaks,
    pub(crate) request: Rest,
    pub(crate) address: Option<parlour_engine::io::Address>,
    pub(crate) entropy: [u8; 32],
    pub(crate) token: Option<String>,
    pub(crate) guest: Option<Identity>,
}

impl Cold {
    /// The loop answers by itself within `rest_ms`: only one that stands still is waited for no longer.
    async fn responds(&self, answer: oneshot::Receiver<Reply>) -> Response {
        let patience = Duration::from_millis(self.limits.rest_ms.saturating_add(self.limits.call_ms));
        match timeout(patience, answer).await {
            Ok(Ok(Reply::Rest { status, body })) => {
                let mut response = Response::new(Body::from(body));
                *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            Ok(Ok(Reply::Failed(failure))) => failed(&failure),
            Ok(Ok(_)) => failed(&Code::Internal.into()),
            Ok(Err(_)) => failed(&Code::Draining.into()),
            Err(_) => failed(&Code::JournalDown.into()),
        }
    }
}
