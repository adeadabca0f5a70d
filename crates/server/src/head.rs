//! The first request of a connection, before it is known what the connection is for: an upgrade that stays here, or HTTP that
//! goes to the cold path.

use crate::addresses::Full;
use parlour_engine::framing::engineio::{self, Refusal};
use parlour_engine::framing::handshake::{HandshakeError, Request, Upgrade, response};
use parlour_engine::framing::origin::{Caller, Origins};
use parlour_engine::wire::Speaks;

/// The path of Socket.IO. Clients write it with a slash at its end, or without.
pub(crate) const SOCKETIO_PATHS: [&str; 2] = ["/socket.io/", "/socket.io"];
/// A client offers this subprotocol, and beside it the token in another one.
pub(crate) const PROTOCOL: &str = "parlour.v1";
const TOKEN_PROTOCOL: &str = "parlour.token.";
const TOKEN_COOKIE: &str = "parlour_token";
/// Where a proxy says for whom it asks.
pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";
const HEADERS_MAX: usize = 64;

/// What became of the bytes read so far.
#[derive(Debug)]
pub(crate) enum Head {
    /// More must be read.
    Partial,
    /// An upgrade to a protocol of ours: answer with these bytes. The rest, from this offset on, is already WebSocket.
    WebSocket { response: Vec<u8>, way: Way, token: Option<String>, taken: usize, forwarded_for: Option<String> },
    /// An upgrade that cannot be: answer with these bytes, and close.
    Refused(Vec<u8>),
    /// Anything else: HTTP.
    Http,
}

/// What a connection is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To be one, and speak this.
    Open {
        speaks: Speaks,
        /// Path and query.
        target: String,
    },
    /// To take over this session of Engine.IO.
    Probe(String),
}

/// Who may ask: by the page they ask from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Callers {
    pub(crate) origins: Origins,
    /// Whether guests are welcome.
    pub(crate) guests: bool,
    /// Whether who speaks a dialect may be nobody in particular.
    pub(crate) anonymous: bool,
    /// Whether a token may stand in the query of an upgrade.
    pub(crate) token_in_query: bool,
}

impl Callers {
    /// Where guests are welcome there is no token to protect them from a page that gave its own name this machine's address (DNS
    /// rebinding): so there the server goes by its address or `localhost` only.
    pub(crate) fn judge<'a>(&self, origin: Option<&'a str>, host: Option<&str>) -> Caller<'a> {
        if self.guests && !host.is_none_or(is_local_name) { Caller::Stranger } else { self.origins.judge(origin, host) }
    }
}

impl Callers {
    /// The same of somebody without a token who speaks a dialect. A page that gave its own name this machine's address is not
    /// told from one that is served under that name: there a page's origin counts only if it is configured.
    pub(crate) fn admits_anonymous(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let is_listed = |origin| matches!(self.origins.judge(Some(origin), None), Caller::Page(_));
        !self.anonymous || host.is_none_or(is_local_name) || origin.is_none_or(is_listed)
    }
}

/// Looks at the head of a request, which may be this long.
pub(crate) fn look(bytes: &[u8], limit: usize, callers: &Callers) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let taken = match request.parse(bytes) {
        Ok(httparse::Status::Complete(taken)) if taken <= limit => taken,
        Ok(httparse::Status::Partial) if bytes.len() <= limit => return Head::Partial,
        Ok(_) => return Head::Refused(refusal(431, &[], "The head of this request is too long.")),
        // What is no HTTP is answered by those who speak it.
        Err(_) => return Head::Http,
    };
    let header = |name: &str| joined(request.headers, name);
    let (path, query) = split(request.path.unwrap_or_default());
    if !is_ours(path) || !asks_to_upgrade(path, header("upgrade").as_deref()) {
        return Head::Http;
    }
    upgrade(Asked { method: request.method.unwrap_or_default(), path, query }, &header, taken, callers)
}

/// The first line of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
}

impl Asked<'_> {
    fn way(&self) -> Result<Way, Refusal> {
        let target = || format!("{}?{}", self.path, self.query);
        if let Some(speaks) = Speaks::at(self.path) {
            return Ok(Way::Open { speaks, target: target() });
        }
        match (engineio::Request { method: self.method, query: self.query, is_upgrade: true }).judge()? {
            engineio::Asked::Probe(sid) => Ok(Way::Probe(sid.to_owned())),
            _ => Ok(Way::Open { speaks: Speaks::SocketIo, target: target() }),
        }
    }
}

/// Whether WebSockets are spoken at this path.
fn is_ours(path: &str) -> bool {
    Speaks::at(path).is_some() || SOCKETIO_PATHS.contains(&path)
}

/// The token in a query, where that counts. Those that are none need no escaping.
pub(crate) fn token_in(query: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "token").map(|(_, token)| token.to_owned())
}

/// Whether a request is an upgrade: one to anything but WebSocket is an offer that a poll may make, and is not taken up.
pub(crate) fn asks_to_upgrade(path: &str, upgrade: Option<&str>) -> bool {
    let names_websocket = |value: &str| value.split(',').any(|name| name.trim().eq_ignore_ascii_case("websocket"));
    upgrade.is_some_and(|value| !SOCKETIO_PATHS.contains(&path) || names_websocket(value))
}

fn split(path: &str) -> (&str, &str) {
    path.split_once('?').unwrap_or((path, ""))
}

/// Answers an upgrade to a protocol of ours.
pub(crate) fn upgrade(asked: Asked<'_>, header: &dyn Fn(&str) -> Option<String>, taken: usize, callers: &Callers) -> Head {
    let method = asked.method;
    if callers.judge(header("origin").as_deref(), header("host").as_deref()) == Caller::Stranger {
        return Head::Refused(refusal(403, &[], "This page's origin may not connect here."));
    }
    let way = match asked.way() {
        Ok(way) => way,
        Err(refusal) => return Head::Refused(self::refusal(refusal.status(), &[], refusal.message())),
    };
    let (connection, version, key) = (header("connection"), header("sec-websocket-version"), header("sec-websocket-key"));
    let (upgrade, protocols) = (header("upgrade"), header("sec-websocket-protocol"));
    let request = Request {
        method,
        upgrade: upgrade.as_deref(),
        connection: connection.as_deref(),
        version: version.as_deref(),
        key: key.as_deref(),
        protocols: protocols.as_deref(),
    };
    match request.check() {
        Ok(upgrade) => {
            let offered = token_offered(&upgrade);
            // One that cannot be read is no token, but it is not nobody either.
            let bearer = header("authorization").map(|value| bearer(&value).unwrap_or_default().to_owned());
            // A client of Socket.IO shows its token when it joins; where it polls first there is no other place before that.
            let elsewhere = || offered.clone().map(|(_, token)| token).or_else(|| header("cookie").and_then(|c| cookie(&c)));
            let is_plain = matches!(&way, Way::Open { speaks, .. } if *speaks != Speaks::SocketIo);
            let token = bearer.or_else(|| is_plain.then(elsewhere).flatten());
            let token = token.or_else(|| token_in(asked.query).filter(|_| callers.token_in_query));
            let is_dialect = matches!(&way, Way::Open { speaks, .. } if speaks.may_be_nobodys());
            let (origin, host) = (header("origin"), header("host"));
            if is_dialect && token.is_none() && !callers.admits_anonymous(origin.as_deref(), host.as_deref()) {
                return Head::Refused(refusal(403, &[], "This page's origin may connect here only with a token."));
            }
            // A browser ends the connection if it offered protocols and none of them is chosen.
            let ours = upgrade.protocols().any(|protocol| protocol == PROTOCOL);
            let chosen = if ours { Some(PROTOCOL.to_owned()) } else { offered.map(|(protocol, _)| protocol) };
            let response = response(&upgrade, chosen.as_deref());
            Head::WebSocket { response, way, token, taken, forwarded_for: header(FORWARDED_FOR) }
        }
        Err(error) => Head::Refused(refused(error)),
    }
}

/// The token of an `Authorization` header (RFC 6750; the scheme's case does not matter).
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn token_offered(upgrade: &Upgrade<'_>) -> Option<(String, String)> {
    let find = |protocol: &str| protocol.strip_prefix(TOKEN_PROTOCOL).map(|token| (protocol.to_owned(), token.to_owned()));
    upgrade.protocols().find_map(find)
}

fn cookie(header: &str) -> Option<String> {
    let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == TOKEN_COOKIE).map(|(_, value)| value.to_owned())
}

fn is_local_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    name.is_some_and(|name| name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok())
}

/// A header's value; one that is repeated is one list (RFC 9110 §5.3).
fn joined(headers: &[httparse::Header<'_>], name: &str) -> Option<String> {
    let values = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    let values: Vec<&str> = values.filter_map(|header| std::str::from_utf8(header.value).ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn refused(error: HandshakeError) -> Vec<u8> {
    refusal(error.status(), error.headers(), error.text())
}

/// A whole HTTP response with a text.
pub(crate) fn refusal(status: u16, headers: &[(&str, &str)], text: &str) -> Vec<u8> {
    let reason = match status {
        400 => "Bad Request",
        403 => "Forbidden",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let closes = if extra.to_ascii_lowercase().contains("connection:") { "" } else { "Connection: close\r\n" };
    let length = text.len() + 1;
    let body = format!("Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{text}\n");
    format!("HTTP/1.1 {status} {reason}\r\n{extra}{closes}{body}").into_bytes()
}

/// The response to a connection for which there is no room.
pub(crate) fn full(full: Full) -> Vec<u8> {
    refusal(full.status(), &[("Retry-After", &full.retry_after_s().to_string())], full.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPGRADE: &str = "GET /v1/ws?x=1 HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    const LIMIT: usize = 1000;

    fn head(extra: &str) -> Head {
        look(format!("{UPGRADE}{extra}\r\nrest").as_bytes(), LIMIT, &Callers::default())
    }

    #[test]
    fn an_upgrade_is_answered_and_what_follows_is_kept() {
        let Head::WebSocket { response, token, taken, .. } = head("") else { panic!() };
        assert!(response.starts_with(b"HTTP/1.1 101"));
        assert_eq!((token, taken), (None, UPGRADE.len() + 2));
    }

    #[test]
    fn a_token_is_taken_from_each_of_its_places() {
        for extra in [
            "Authorization: Bearer t.o.k\r\n",
            "Sec-WebSocket-Protocol: parlour.v1, parlour.token.t.o.k\r\n",
            "Sec-WebSocket-Protocol: parlour.token.t.o.k\r\n",
            "Cookie: a=b; parlour_token=t.o.k\r\n",
        ] {
            let Head::WebSocket { token, .. } = head(extra) else { panic!("{extra}") };
            assert_eq!(token.as_deref(), Some("t.o.k"), "{extra}");
        }
    }

    #[test]
    fn what_counts_as_a_token_is_the_same_however_a_client_of_socketio_begins() {
        let socketio = "/socket.io/?EIO=4&transport=websocket&token=q";
        let (cookie, header) = ("Cookie: parlour_token=c\r\n", "Authorization: Bearer h\r\n");
        for (path, extra, in_query, expected) in [
            (socketio, cookie, false, None),
            (socketio, "", false, None),
            (socketio, "", true, Some("q")),
            (socketio, header, true, Some("h")),
            ("/ws/mantimon?token=q", cookie, true, Some("c")),
            ("/ws/mantimon?token=q", "", false, None),
            ("/v1/ws?token=q", "", true, Some("q")),
        ] {
            let callers = Callers { token_in_query: in_query, ..Callers::default() };
            let request = format!("{}{extra}\r\n", UPGRADE.replace("/v1/ws?x=1", path));
            let Head::WebSocket { token, .. } = look(request.as_bytes(), LIMIT, &callers) else { panic!("{path}") };
            assert_eq!(token.as_deref(), expected, "{path} {extra} {in_query}");
        }
    }

    #[test]
    fn an_offer_to_speak_something_else_leaves_a_poll_a_poll() {
        assert!(!asks_to_upgrade("/socket.io/", Some("h2c")));
        assert!(asks_to_upgrade("/socket.io/", Some("h2c, WebSocket")));
        assert!(asks_to_upgrade("/v1/ws", Some("h2c")), "it is told what it should ask for");
        assert!(!asks_to_upgrade("/v1/ws", None));
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        let Head::Refused(bytes) = head("Origin: http://evil.example\r\n") else { panic!() };
        assert!(bytes.starts_with(b"HTTP/1.1 403"));
        assert!(matches!(head("Origin: http://h:1\r\n"), Head::WebSocket { .. }));
        assert!(matches!(head("Origin: null\r\n"), Head::Refused(_)));
    }

    #[test]
    fn what_is_no_upgrade_is_http_and_half_a_head_waits() {
        assert!(matches!(look(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", LIMIT, &Callers::default()), Head::Http));
        assert!(matches!(look(b"GET /v1/ws HTTP/1.1\r\nHost: h\r\n\r\n", LIMIT, &Callers::default()), Head::Http));
        assert!(matches!(look(b"GET /v1/ws HT", LIMIT, &Callers::default()), Head::Partial));
        assert!(matches!(look(b"\x16\x03\x01", LIMIT, &Callers::default()), Head::Http));
    }
    #[test]
    fn a_head_is_as_long_as_it_may_be_however_it_comes() {
        let long = format!("A: {}\r\n", "x".repeat(LIMIT));
        let whole = format!("{UPGRADE}{long}\r\n");
        for cut in [whole.len(), LIMIT + 1] {
            let Head::Refused(bytes) = look(&whole.as_bytes()[..cut], LIMIT, &Callers::default()) else { panic!("{cut}") };
            assert!(bytes.starts_with(b"HTTP/1.1 431"));
        }
        let body = "x".repeat(LIMIT);
        assert!(matches!(look(format!("POST / HTTP/1.1\r\n\r\n{body}").as_bytes(), LIMIT, &Callers::default()), Head::Http));
    }

    #[test]
    fn where_guests_are_welcome_no_other_name_of_this_machine_is_believed() {
        let origins = Origins::read(["http://other.example"]).unwrap();
        let (open, closed) =
            (Callers { origins: origins.clone(), guests: true, ..Callers::default() }, Callers { origins, ..Callers::default() });
        for host in ["127.0.0.1:7350", "localhost:7350", "[::1]:7350", "LOCALHOST"] {
            assert_eq!(open.judge(None, Some(host)), Caller::Own, "{host}");
        }
        assert_eq!(open.judge(Some("http://evil.example"), Some("evil.example")), Caller::Stranger);
        assert_eq!(open.judge(Some("http://other.example"), Some("evil.example")), Caller::Stranger);
        let other = Caller::Page("http://other.example");
        assert_eq!(open.judge(Some("http://other.example"), Some("127.0.0.1:7350")), other);
        assert_eq!(closed.judge(Some("http://other.example"), Some("ours.example")), other);
        assert_eq!(closed.judge(Some("http://ours.example"), Some("ours.example")), Caller::Own);
        assert_eq!(closed.judge(Some("http://evil.example"), Some("127.0.0.1:7350")), Caller::Stranger);
    }

    #[test]
    fn a_page_of_a_name_that_may_be_anybodys_speaks_a_dialect_for_nobody_only_where_it_is_configured() {
        let origins = Origins::read(["http://other.example"]).unwrap();
        let compat = Callers { origins, anonymous: true, ..Callers::default() };
        let asks = |path: &str, host: &str, extra: &str| {
            let upgrade = UPGRADE.replace("/v1/ws?x=1", path).replace("Host: h:1", &format!("Host: {host}"));
            !matches!(look(format!("{upgrade}{extra}\r\n").as_bytes(), LIMIT, &compat), Head::Refused(_))
        };
        let rebound = "Origin: http://evil.example\r\n";
        assert!(!asks("/ws/casys", "evil.example", rebound));
        assert!(asks("/ws/casys", "evil.example", &format!("{rebound}Authorization: Bearer t.o.k\r\n")), "with a token");
        assert!(asks("/ws/mantimon", "evil.example", rebound), "that never goes without one");
        assert!(asks("/ws/casys", "evil.example", "Origin: http://other.example\r\n"), "it is configured");
        assert!(asks("/ws/casys", "ours.example", ""), "no page asks");
        assert!(asks("/ws/casys", "127.0.0.1:7350", "Origin: http://127.0.0.1:7350\r\n"));
    }
}
