//! The cold path: the HTTP API and the page, on a runtime of their own. They ask the loop and the journal; nothing here is on a
//! message's way.

use crate::auth::{Verifier, entropy};
use crate::bell::{Bell, Bells, Health, Knock};
use crate::head::{self, Head};
use crate::journal::{Reader, SqliteReader, Writer};
use crate::{metrics, page};
use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use parlour_engine::code::Code;
use parlour_engine::command::Open;
use parlour_engine::dialect::native::{checked_name, read_bots};
use parlour_engine::dialect::native_out::Failure;
use parlour_engine::forward::ShardId;
use parlour_engine::io::{Call, Counts, Identity, Reply, Role};
use parlour_engine::limits::Limits;
use parlour_engine::lookup::{Found, Lookup, listed};
use parlour_engine::replay::Eyes;
use parlour_engine::schema::Kinds;
use parlour_room::{Seat, Seed, Viewer};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What the cold path works with.
#[derive(Clone)]
pub(crate) struct Cold {
    pub(crate) bells: Bells,
    pub(crate) kinds: Kinds,
    pub(crate) verifier: Verifier,
    pub(crate) guests: bool,
    pub(crate) limits: Limits,
    pub(crate) lists: Arc<Mutex<SqliteReader>>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) health: Arc<Health>,
    pub(crate) address: SocketAddr,
}

type HandedOver = mpsc::UnboundedReceiver<(std::net::TcpStream, Vec<u8>)>;

/// Starts it; it ends when the loop, which hands connections over, has ended.
pub(crate) fn start(cold: Cold, handed_over: HandedOver) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(4).enable_all().build()?;
    thread::Builder::new().name("cold".to_owned()).spawn(move || {
        let address = cold.address;
        let (ended, end) = oneshot::channel::<()>();
        let silence = Duration::from_millis(cold.limits.silence_ms);
        let door = crate::door::Door { handed_over, address, silence, ended: Some(ended) };
        let app = router(cold);
        runtime.block_on(async {
            let serve = axum::serve(door, app);
            // Either can come first: the door says when no connection will come any more.
            tokio::select! {
                _ = serve => {}
                _ = end => {}
            }
        });
        runtime.shutdown_timeout(Duration::from_millis(500));
    })
}

fn router(cold: Cold) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/readyz", get(readyz))
        .route("/version", get(|| async { Json(json!({"server": crate::NAME})) }))
        .route("/metrics", get(counters))
        .route("/v1/kinds", get(kinds))
        .route("/v1/rooms", get(list).post(open))
        .route("/v1/rooms/{room}", get(show).delete(close))
        .route("/v1/rooms/{room}/replay", get(replay_room))
        .route(head::NATIVE_PATH, any(upgrade))
        .fallback(|| async { failed(&not_here()) })
        .method_not_allowed_fallback(|| async { failed(&wrong_method()) })
        .layer(DefaultBodyLimit::max(cold.limits.message_bytes))
        .layer(middleware::from_fn_with_state(cold.guests, from_here))
        .with_state(Arc::new(cold))
}

/// A page of another origin may not use what a browser here may do.
async fn from_here(State(guests): State<bool>, request: Request, next: Next) -> Response {
    let may_call = {
        let value =
            |name: header::HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
        head::may_call(value(header::ORIGIN).as_deref(), value(header::HOST).as_deref(), guests)
    };
    if may_call {
        return next.run(request).await;
    }
    let message = "This page's origin may not call here.".to_owned();
    failed(&Failure { code: "origin_denied".to_owned(), message, ..Code::RoleRequired.into() })
}

fn not_here() -> Failure {
    let message = "There is nothing at this path; GET / says what is here.".to_owned();
    Failure { code: "not_found".to_owned(), message, ..Code::RoomNotFound.into() }
}

fn wrong_method() -> Failure {
    let message = "This path is there, but not for this method.".to_owned();
    Failure { code: "method_not_allowed".to_owned(), message, ..Code::InvalidMessage.into() }
}

fn wrong_query() -> Failure {
    let message = "What follows the ? in this address is not as documented.".to_owned();
    Failure { code: "invalid_query".to_owned(), message, ..Code::InvalidMessage.into() }
}

fn too_long() -> Failure {
    let message = "This is longer than a message may be.".to_owned();
    Failure { code: "too_long".to_owned(), message, ..Code::InvalidMessage.into() }
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

    /// Who asks: by token, or as a guest where guests are let in.
    fn who(&self, headers: &HeaderMap) -> Result<Identity, Failure> {
        match bearer(headers) {
            Some(token) => {
                let who = self.verifier.verify(token)?;
                if who.is_possible(&self.limits) { Ok(who) } else { Err(Code::AuthenticationFailed.into()) }
            }
            None if self.guests => {
                Ok(Identity { user: "guest".to_owned(), name: "guest".to_owned(), role: Role::Player, expires_ms: None })
            }
            None => Err(Code::AuthenticationRequired.into()),
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

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).map(|value| value.to_str().ok().and_then(head::bearer).unwrap_or_default())
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

async fn open(State(cold): Shared, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    let (who, body) = match (cold.who(&headers), body) {
        (Ok(who), Ok(body)) => (who, body),
        (Ok(_), Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => return failed(&too_long()),
        (Ok(_), Err(_)) => return failed(&Code::InvalidMessage.into()),
        (Err(failure), _) => return failed(&failure),
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

async fn asked(cold: &Cold, headers: &HeaderMap, room: InPath, call: fn(String) -> Call) -> Response {
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
struct Paging {
    #[serde(default)]
    after: String,
    limit: Option<u32>,
    kind: Option<String>,
}

/// Public rooms by name, as `list_rooms` shows them.
async fn list(State(cold): Shared, headers: HeaderMap, paging: InQuery<Paging>) -> Response {
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

async fn rooms(cold: &Cold, who: Identity, paging: Paging) -> Result<Value, Failure> {
    let most = u32::try_from(cold.limits.page).unwrap_or(u32::MAX);
    let limit = paging.limit.unwrap_or(most).clamp(1, most);
    if paging.kind.as_deref().is_some_and(|kind| cold.kinds.get(kind).is_none()) {
        return Err(Code::UnknownKind.into());
    }
    let lookup = Lookup::Rooms { kind: paging.kind, after: paging.after, limit };
    let found = cold.read(move |lists| lists.look(&lookup)).await;
    let found = found.map_err(|_| Failure::from(Code::Internal))?.map_err(|_| Failure::from(Code::JournalDown))?;
    let Found::Rooms(rows) = found else { return Err(Code::Internal.into()) };
    let names = rows.iter().map(|row| row.room.to_string()).collect();
    let mut loaded: BTreeMap<String, Value> = BTreeMap::new();
    for reply in cold.ask_all(&who, &Call::List(names)).await {
        let part = match reply {
            Reply::Done { body, .. } => serde_json::from_str::<Value>(&body).unwrap_or_default(),
            Reply::Failed(failure) => return Err(failure),
            Reply::Counts(_) => Value::Null,
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
    (status, Json(json!({"ready": ready, "journal": journal, "draining": draining}))).into_response()
}

fn operator() -> Identity {
    Identity { user: "server".to_owned(), name: "server".to_owned(), role: Role::Spectator, expires_ms: None }
}

async fn counters(State(cold): Shared) -> Response {
    let mut all = Counts::default();
    for reply in cold.ask_all(&operator(), &Call::Counts).await {
        match reply {
            Reply::Counts(counts) => all.add(&counts),
            reply => return answer(reply),
        }
    }
    let text = metrics::text(&all, &cold.writer.totals());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

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
    match head::upgrade(request.method().as_str(), &value, 0, cold.guests) {
        Head::WebSocket { response, token, .. } => {
            let answer = crate::door::as_response(&response);
            tokio::spawn(async move {
                if let Ok(upgraded) = crate::door::take_back(request).await {
                    let (stream, rest) = upgraded;
                    cold.bells.of(ShardId(0)).ring(Knock::Upgraded { stream, rest, token });
                }
            });
            answer
        }
        Head::Refused(response) => crate::door::as_response(&response),
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
        Reply::Counts(_) => failed(&Code::Internal.into()),
    }
}

fn failed(failure: &Failure) -> Response {
    let status = match failure.code.as_str() {
        "method_not_allowed" => StatusCode::METHOD_NOT_ALLOWED,
        "too_long" => StatusCode::PAYLOAD_TOO_LARGE,
        "authentication_required" | "authentication_failed" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::from_u16(failure.kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let mut body =
        json!({"kind": failure.kind.as_str(), "code": failure.code, "message": failure.message, "retry": failure.retry});
    if let Some(details) = &failure.details {
        body["details"] = serde_json::from_str(details).unwrap_or_default();
    }
    (status, Json(body)).into_response()
}
