//! The cold path: the HTTP API and the page, on a runtime of their own. They ask the loop and the journal; nothing here is on a
//! message's way.

mod connections;
mod engineio;
mod list;
pub(crate) mod rest;
mod revocations;
mod who;

use crate::addresses::{self, Addresses};
use crate::auth::{Verifier, entropy};
use crate::bell::{Bell, Bells, Health, Knock};
use crate::cluster::Cluster;
use crate::cors;
use crate::door::{self, HandedOver, Peer};
use crate::failures::{failed, not_here, too_long, too_slow, wrong_method, wrong_query};
use crate::head::{self, Callers, Head};
use crate::journal::{self, Reader, SqliteReader, Writer};
use crate::meters::Meters;
use crate::metrics::Seen;
use crate::{metrics, page};
use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Json, Router};
use list::{Paging, list, rooms};
use parlour_engine::code::Code;
use parlour_engine::command::Open;
use parlour_engine::counts::Counts;
use parlour_engine::dialect::native::{checked_name, read_bots};
use parlour_engine::io::{Call, Identity, Reply, Role};
use parlour_engine::limits::Limits;
use parlour_engine::replay::Eyes;
use parlour_engine::schema::Kinds;
use parlour_engine::wire::{Mode, REQUESTS, SOCKETS};
use parlour_room::{Seat, Seed, Viewer};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// What the cold path works with.
#[derive(Clone)]
pub(crate) struct Cold {
    pub(crate) bells: Bells,
    pub(crate) kinds: Kinds,
    pub(crate) verifier: Verifier,
    pub(crate) guests: bool,
    pub(crate) mode: Mode,
    pub(crate) callers: Callers,
    pub(crate) limits: Limits,
    pub(crate) lists: Arc<Mutex<SqliteReader>>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) health: Arc<Health>,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) cluster: Option<Arc<dyn Cluster>>,
    /// Where the journal is.
    pub(crate) data: PathBuf,
    /// One for each request that may be under way.
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) address: SocketAddr,
    /// How many requests and sessions were given names here.
    pub(crate) names: Arc<AtomicU64>,
}

/// Starts it; it ends when the loop, which hands connections over, has ended.
pub(crate) fn start(cold: Cold, handed_over: mpsc::UnboundedReceiver<HandedOver>) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(4).enable_all().build()?;
    thread::Builder::new().name("cold".to_owned()).spawn(move || {
        let silence = Duration::from_millis(cold.limits.silence_ms);
        runtime.block_on(door::serve(handed_over, router(cold), silence));
        runtime.shutdown_timeout(Duration::from_millis(500));
    })
}

fn router(cold: Cold) -> Router {
    let sockets = SOCKETS.iter().fold(Router::new(), |router, (path, _)| router.route(path, any(upgrade)));
    REQUESTS
        .iter()
        .fold(sockets, |router, path| router.route(path, any(rest::asked)))
        .route("/", get(index))
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/readyz", get(readyz))
        .route("/version", get(|| async { Json(json!({"server": crate::NAME})) }))
        .route("/metrics", get(counters))
        .route("/v1/kinds", get(kinds))
        .route("/v1/rooms", get(list).post(open))
        .route("/v1/rooms/{room}", get(show).delete(close))
        .route("/v1/rooms/{room}/members", get(members))
        .route("/v1/rooms/{room}/replay", get(replay_room))
        .route("/v1/rooms/{room}/connections", get(connections::in_room))
        .route("/v1/users/{user}/connections", get(connections::of_user))
        .route("/v1/revocations", get(revocations::list).post(revocations::add).delete(revocations::remove))
        .route("/api/{*rest}", any(rest::asked))
        .route(head::SOCKETIO_PATHS[0], any(engineio::asked))
        .route(head::SOCKETIO_PATHS[1], any(engineio::asked))
        .fallback(|| async { failed(&not_here()) })
        .method_not_allowed_fallback(|| async { failed(&wrong_method()) })
        .layer(DefaultBodyLimit::max(cold.limits.message_bytes))
        .layer(middleware::from_fn_with_state(cold.verifier.clone(), who::with_keys))
        .layer(middleware::from_fn_with_state(cold.callers.clone(), cors::admit))
        .layer(middleware::from_fn_with_state(cold.clone(), in_turn))
        .layer(middleware::from_fn_with_state(cold.callers.clone(), cors::tell))
        .with_state(Arc::new(cold))
}

/// What whoever runs the server asks, most of all when there is too much to do.
const PROBES: [&str; 4] = ["/healthz", "/readyz", "/version", "/metrics"];

/// Only so many requests at a time, and from one address only so many after each other.
async fn in_turn(State(cold): State<Cold>, Extension(Peer(peer)): Extension<Peer>, request: Request, next: Next) -> Response {
    let header = request.headers().get(head::FORWARDED_FOR).and_then(|value| value.to_str().ok());
    let address = addresses::forwarded(peer, header).or(peer).map(addresses::address_of);
    if let Some(Err(full)) = address.map(|address| cold.addresses.ask(address)) {
        return door::as_response(&head::full(full));
    }
    // A poll waits for as long as there is nothing to say: there are no more of them than sessions.
    if PROBES.contains(&request.uri().path()) || head::SOCKETIO_PATHS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let Ok(_turn) = cold.turns.clone().try_acquire_owned() else { return failed(&Code::TooManyCalls.into()) };
    next.run(request).await
}

// Each handler takes what was rejected and answers it itself: the library would tell what its decoders say.
type Shared = State<Arc<Cold>>;
type InPath = Result<Path<String>, PathRejection>;
type InQuery<T> = Result<Query<T>, QueryRejection>;

impl Cold {
    /// Asks the loop of this room.
    async fn ask(&self, room: &str, by: Identity, call: Call) -> Reply {
        self.reply(ring(self.bells.home(room), by, call)).await
    }

    /// Asks every loop, all at once, for its part of the answer.
    async fn ask_all(&self, by: &Identity, call: &Call) -> Vec<Reply> {
        let asked: Vec<_> = self.bells.iter().map(|bell| ring(bell, by.clone(), call.clone())).collect();
        let mut replies = Vec::new();
        for answer in asked {
            replies.push(self.reply(answer).await);
        }
        replies
    }

    async fn reply(&self, answer: oneshot::Receiver<Reply>) -> Reply {
        match tokio::time::timeout(Duration::from_millis(self.limits.call_ms), answer).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Reply::Failed(Code::Draining.into()),
            Err(_) => Reply::Failed(Code::JournalDown.into()),
        }
    }

    fn read<T: Send + 'static>(&self, read: impl FnOnce(&SqliteReader) -> T + Send + 'static) -> tokio::task::JoinHandle<T> {
        let lists = self.lists.clone();
        tokio::task::spawn_blocking(move || read(&lists.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A loop that has ended drops what is asked, and with it the way back.
fn ring(bell: &Bell, by: Identity, call: Call) -> oneshot::Receiver<Reply> {
    let (reply, answer) = oneshot::channel();
    bell.ring(Knock::Call { by, call, reply });
    answer
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenBody {
    kind: String,
    id: Option<String>,
    config: Option<Box<RawValue>>,
    #[serde(default)]
    bots: BTreeMap<String, String>,
    message_id: Option<String>,
}

async fn open(State(cold): Shared, request: Request) -> Response {
    let who = match cold.who(request.headers()) {
        Ok(who) => who,
        Err(failure) => return failed(&failure),
    };
    let in_time = Duration::from_millis(cold.limits.body_ms);
    let body = match tokio::time::timeout(in_time, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => return failed(&too_long()),
        Ok(Err(_)) => return failed(&Code::InvalidMessage.into()),
        Err(_) => return failed(&too_slow()),
    };
    match read_open(&cold, &body) {
        Ok(mut open) => {
            // The name decides which loop is asked, so it is made here.
            let room = open.name_for(&who.user, Seed::new(entropy()));
            open.room = Some(Cow::Owned(room.clone()));
            answer(cold.ask(&room, who, Call::Open(open)).await)
        }
        Err(code) => failed(&code.into()),
    }
}

fn read_open(cold: &Cold, body: &[u8]) -> Result<Open<'static>, Code> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Code::InvalidMessage);
    }
    let body: OpenBody = serde_json::from_slice(body).map_err(|_| Code::InvalidMessage)?;
    let config = body.config.map_or_else(|| "{}".to_owned(), |config| config.get().to_owned());
    if !config.starts_with('{') {
        return Err(Code::InvalidConfig);
    }
    let room = body.id.map(|name| checked_name(Cow::Owned(name), &cold.limits)).transpose()?;
    if body.message_id.as_ref().is_some_and(|id| id.trim().is_empty() || id.len() > cold.limits.id_bytes) {
        return Err(Code::InvalidMessage);
    }
    Ok(Open {
        kind: body.kind.into(),
        room,
        id: body.message_id.map(Cow::Owned),
        config: config.into(),
        bots: read_bots(body.bots)?,
    })
}

async fn close(State(cold): Shared, headers: HeaderMap, room: InPath) -> Response {
    asked(&cold, &headers, room, Call::Close).await
}

async fn show(State(cold): Shared, headers: HeaderMap, room: InPath) -> Response {
    asked(&cold, &headers, room, Call::Show).await
}

async fn members(State(cold): Shared, headers: HeaderMap, room: InPath, paging: InQuery<Paging>) -> Response {
    let Ok(Query(paging)) = paging else { return failed(&wrong_query()) };
    let limit = usize::try_from(paging.limit(&cold.limits)).unwrap_or(usize::MAX);
    asked(&cold, &headers, room, |room| Call::Members { room, after: paging.after, limit }).await
}

async fn asked(cold: &Cold, headers: &HeaderMap, room: InPath, call: impl FnOnce(String) -> Call) -> Response {
    match (cold.who(headers), named(cold, room)) {
        (Err(failure), _) => failed(&failure),
        (_, Err(code)) => failed(&code.into()),
        (Ok(who), Ok(room)) => answer(cold.ask(&room.clone(), who, call(room)).await),
    }
}

/// The room that a path names.
fn named(cold: &Cold, room: InPath) -> Result<String, Code> {
    let Path(room) = room.map_err(|_| Code::InvalidName)?;
    checked_name(Cow::Owned(room), &cold.limits).map(Cow::into_owned)
}

#[derive(Deserialize)]
struct Replaying {
    at: Option<u64>,
    #[serde(rename = "as")]
    eyes: Option<String>,
    #[serde(default)]
    verify: bool,
}

/// A room played again from its records. For admins: it shows what seats may see.
async fn replay_room(State(cold): Shared, headers: HeaderMap, room: InPath, asked: InQuery<Replaying>) -> Response {
    match cold.who(&headers) {
        Ok(who) if who.role == Role::Admin => {}
        Ok(_) => return failed(&Code::RoleRequired.into()),
        Err(failure) => return failed(&failure),
    }
    let (room, asked) = match (named(&cold, room), asked) {
        (Ok(room), Ok(Query(asked))) => (room, asked),
        (Err(code), _) => return failed(&code.into()),
        (_, Err(_)) => return failed(&wrong_query()),
    };
    let eyes = match asked.eyes.as_deref().map(read_eyes) {
        None => Eyes::Records,
        Some(Some(eyes)) => eyes,
        Some(None) => return failed(&Code::NoSuchSeat.into()),
    };
    let kinds = cold.kinds.clone();
    let replayed = cold.read(move |lists| crate::offline::replay(lists, &kinds, &room, asked.at, eyes, asked.verify)).await;
    match replayed {
        Ok(Ok(replayed)) if asked.verify => {
            Json(json!({"records": replayed.records, "unplayed": replayed.unplayed, "hash": replayed.hash, "verified": true}))
                .into_response()
        }
        Ok(Ok(replayed)) => {
            let text = replayed.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
            ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
        }
        Ok(Err(crate::offline::ReplayError::NoRoom)) => failed(&Code::RoomNotFound.into()),
        Ok(Err(crate::offline::ReplayError::NoSeat)) => failed(&Code::NoSuchSeat.into()),
        Ok(Err(error)) => {
            let seq = error.seq();
            let body = json!({"verified": false, "record": seq, "code": "diverged", "message": error.to_string()});
            (StatusCode::CONFLICT, Json(body)).into_response()
        }
        Err(_) => failed(&Code::Internal.into()),
    }
}

/// `0`, `1`, ... or `spectator`.
pub(crate) fn read_eyes(text: &str) -> Option<Eyes> {
    match text {
        "spectator" => Some(Eyes::Viewer(Viewer::Spectator)),
        seat => seat.parse().ok().map(|seat| Eyes::Viewer(Viewer::Seat(Seat(seat)))),
    }
}

async fn kinds(State(cold): Shared) -> Response {
    let kinds: Vec<Value> = cold
        .kinds
        .iter()
        .map(|kind| {
            let schemas = kind.schemas();
            json!({
                "kind": kind.name(),
                "rules": kind.rules(),
                "schemas": {
                    "config": schemas.config,
                    "action": schemas.action,
                    "event": schemas.event,
                    "view": schemas.view,
                    "refusal": schemas.refusal,
                    "pulse": schemas.pulse,
                },
            })
        })
        .collect();
    Json(json!({"kinds": kinds})).into_response()
}

async fn readyz(State(cold): Shared) -> Response {
    let failed = cold.health.has_failed.load(Ordering::Relaxed);
    let draining = cold.health.is_draining.load(Ordering::Relaxed);
    let journal = cold.read(|lists| lists.rooms("", 1).is_ok()).await.unwrap_or(false) && !failed;
    let ready = journal && !draining;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({"ready": ready, "journal": journal, "draining": draining});
    if let Some(cluster) = &cold.cluster {
        // Everything in it may be lost, so without it the server is as ready as with it.
        body["cluster"] = json!(cluster.state());
    }
    (status, Json(body)).into_response()
}

fn operator() -> Identity {
    Identity::lasting("server", Role::Spectator)
}

/// For whoever runs the server: on this machine, or with an admin's token. What a proxy passes on comes from elsewhere.
async fn counters(State(cold): Shared, Extension(Peer(peer)): Extension<Peer>, headers: HeaderMap) -> Response {
    let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    let is_here = peer.is_some_and(|peer| peer.to_canonical().is_loopback()) && !is_forwarded;
    if !is_here {
        match cold.who_by_token(&headers) {
            Ok(who) if who.role == Role::Admin => {}
            Ok(_) => return failed(&Code::RoleRequired.into()),
            Err(failure) => return failed(&failure),
        }
    }
    let mut counts = Counts::default();
    for reply in cold.ask_all(&operator(), &Call::Counts).await {
        match reply {
            Reply::Counts(more) => counts.add(&more),
            reply => return answer(reply),
        }
    }
    let seen = Seen {
        counts: &counts,
        totals: cold.writer.totals(),
        appends: cold.writer.appends(),
        meters: &cold.meters,
        connections: cold.addresses.open(),
        turned_away: cold.addresses.refusals(),
        journal_bytes: journal::size(&cold.data),
    };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::text(&seen)).into_response()
}

/// What proxies add to the requests they pass on.
const FORWARDED: [&str; 4] = ["forwarded", head::FORWARDED_FOR, "x-real-ip", "via"];

async fn index(State(cold): Shared, headers: HeaderMap) -> Response {
    // Rooms are shown to whoever may list them.
    let listed = match cold.who(&headers) {
        Ok(who) => rooms(&cold, who, Paging { after: String::new(), limit: Some(50), kind: None }).await.unwrap_or_default(),
        Err(_) => Value::Null,
    };
    let html = page::index(&cold.kinds, &listed, cold.address, cold.guests);
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// An upgrade that came on a connection already used for HTTP: answered here, then given back to the loop.
async fn upgrade(State(cold): Shared, request: Request) -> Response {
    let value = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let uri = request.uri();
    let asked = head::Asked { method: request.method().as_str(), path: uri.path(), query: uri.query().unwrap_or_default() };
    match head::upgrade(asked, &value, 0, &cold.callers) {
        Head::WebSocket { response, way, token, forwarded_for, .. } => {
            let answer = door::as_response(&response);
            tokio::spawn(async move {
                if let Ok(upgraded) = door::take_back(request).await {
                    let (stream, rest, mut ticket) = upgraded;
                    // Whoever may not be counted is closed, by being dropped.
                    if ticket.identify(forwarded_for.as_deref()).is_ok() {
                        let to = cold.bells.place_of(&way, token.as_deref(), ticket.address());
                        cold.bells.of(to).ring(Knock::Upgraded { stream, way, rest, token, ticket });
                    }
                }
            });
            answer
        }
        Head::Refused(response) => door::as_response(&response),
        Head::Partial | Head::Http => failed(&Code::InvalidMessage.into()),
    }
}

fn answer(reply: Reply) -> Response {
    match reply {
        Reply::Done { created, body } => {
            let status = if created { StatusCode::CREATED } else { StatusCode::OK };
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Reply::Failed(failure) => failed(&failure),
        Reply::Counts(_) | Reply::Polled(_) | Reply::Rest { .. } => failed(&Code::Internal.into()),
    }
}
