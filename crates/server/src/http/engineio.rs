//! Long-polling: the requests of Engine.IO that are no upgrades. Each is asked of the loop whose shard holds its session, and the
//! session's id says which.

use super::{Cold, Shared, upgrade};
use crate::auth::entropy;
use crate::bell::{Bell, Knock};
use crate::door::{self, Peer};
use crate::failures::failed;
use crate::head;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use parlour_engine::code::Code;
use parlour_engine::forward::ShardId;
use parlour_engine::framing::engineio::{Answer, Asked, Request as Line};
use parlour_engine::io::{CallId, ConnId, Polled, Reply};
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A request to the path of Socket.IO.
pub(super) async fn asked(State(cold): Shared, Extension(Peer(peer)): Extension<Peer>, request: Request) -> Response {
    let offered = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if head::asks_to_upgrade(request.uri().path(), offered) {
        return upgrade(State(cold), request).await;
    }
    let (method, query) = (request.method().clone(), request.uri().query().unwrap_or_default().to_owned());
    let line = Line { method: method.as_str(), query: &query, is_upgrade: false };
    match line.judge() {
        Ok(Asked::Poll(sid)) => cold.polls(sid).await,
        Ok(Asked::Post(sid)) => cold.posts(sid, request).await,
        // What is for a WebSocket is an upgrade.
        Ok(_) => cold.opens(peer, request.into_parts().0.headers, &query).await,
        Err(refusal) => written(Answer::refused(refusal)),
    }
}

impl Cold {
    async fn opens(&self, peer: Option<IpAddr>, headers: HeaderMap, query: &str) -> Response {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let admitted = self.addresses.admit(peer).and_then(|mut ticket| {
            ticket.identify(text(head::FORWARDED_FOR))?;
            Ok(ticket)
        });
        let ticket = match admitted {
            Ok(ticket) => ticket,
            Err(full) => return door::as_response(&head::full(full)),
        };
        let token = text(header::AUTHORIZATION.as_str()).map(|value| head::bearer(value).unwrap_or_default().to_owned());
        let token = token.or_else(|| head::token_in(query).filter(|_| self.callers.token_in_query));
        let name = self.name();
        let shard = match &token {
            Some(token) => self.bells.home_of(Some(token), None),
            None => ShardId(u16::try_from(name % self.bells.iter().count() as u64).unwrap_or(0)),
        };
        let (conn, address) = (ConnId(name), ticket.address());
        let (reply, answer) = oneshot::channel();
        let polled = Polled::Opens { conn, address, entropy: entropy(), token };
        let from = CallId(self.name());
        self.bells.of(shard).ring(Knock::Polled { from, polled, ticket: Some(ticket), reply: Some(reply) });
        replied(answer.await)
    }

    async fn polls(&self, sid: &str) -> Response {
        let mut asking = self.asking(sid);
        let answer = asking.ask(Polled::Asks { sid: sid.to_owned() });
        asking.answered(answer).await
    }

    async fn posts(&self, sid: &str, request: Request) -> Response {
        let mut asking = self.asking(sid);
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut answer = asking.ask(Polled::Begins { sid: sid.to_owned(), content_type });
        let in_time =
            timeout(Duration::from_millis(self.limits.body_ms), to_bytes(request.into_body(), self.limits.message_bytes));
        tokio::select! {
            // It may be refused by its head alone.
            biased;
            replied = &mut answer => {
                asking.is_answered = true;
                self::replied(replied)
            }
            body = in_time => {
                let Ok(body) = body else { return written(Answer::bare(408)) };
                asking.tell(Polled::Says { sid: sid.to_owned(), body: body.ok().map(Into::into) });
                asking.answered(answer).await
            }
        }
    }

    fn asking(&self, sid: &str) -> Asking {
        let bell = self.bells.of(self.bells.shard_in(sid)).clone();
        Asking { bell, from: CallId(self.name()), sid: sid.to_owned(), is_answered: false }
    }

    /// Loops give no names of this bit.
    pub(super) fn name(&self) -> u64 {
        1 << 63 | self.names.fetch_add(1, Ordering::Relaxed)
    }
}

/// A request that waits for its answer. One that is given up says so.
struct Asking {
    bell: Bell,
    from: CallId,
    sid: String,
    is_answered: bool,
}

impl Asking {
    fn ask(&self, polled: Polled) -> oneshot::Receiver<Reply> {
        let (reply, answer) = oneshot::channel();
        // A loop that has ended drops it, which is an answer too.
        self.bell.ring(Knock::Polled { from: self.from, polled, ticket: None, reply: Some(reply) });
        answer
    }

    fn tell(&self, polled: Polled) {
        self.bell.ring(Knock::Polled { from: self.from, polled, ticket: None, reply: None });
    }

    async fn answered(&mut self, answer: oneshot::Receiver<Reply>) -> Response {
        let reply = answer.await;
        self.is_answered = true;
        replied(reply)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.is_answered {
            let sid = std::mem::take(&mut self.sid);
            self.tell(Polled::Gone { sid });
        }
    }
}

fn replied(reply: Result<Reply, oneshot::error::RecvError>) -> Response {
    match reply {
        Ok(Reply::Polled(answer)) => written(answer),
        Ok(_) => failed(&Code::Internal.into()),
        Err(_) => failed(&Code::Draining.into()),
    }
}

fn written(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(kind) = answer.content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
