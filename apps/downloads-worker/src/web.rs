//! Asks for a file. It is read by a thread of its own, a little ahead, so that whoever writes the file can always look whether it
//! is still wanted.

use crate::addresses::{Allowed, Guarded, Private};
use parlour_downloads::{Fault, rules};
use std::io::{ErrorKind, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use ureq::http::{HeaderMap, Response, header};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Error, Timeout};

/// So often one goes where a host sends one.
const REDIRECTS: u32 = 5;
/// So many pieces are read ahead.
const AHEAD: usize = 4;
/// The largest piece.
pub(crate) const PIECE: usize = 64 * 1024;
/// How long finding and reaching a host may take, each.
const REACH: Duration = Duration::from_secs(10);

/// What is asked for.
pub(crate) struct Question {
    pub(crate) url: String,
    /// From this byte on.
    pub(crate) from: u64,
    /// If it is still what this names; else all of it.
    pub(crate) validator: Option<String>,
    pub(crate) piece: usize,
}

/// What comes of it, in this order.
pub(crate) enum News {
    Head(Head),
    Piece(Vec<u8>),
    /// That was all.
    End,
    Failed(Fault),
}

/// How an answer begins.
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Where it begins, if it is a part.
    pub(crate) from: Option<u64>,
    /// How long the whole file is.
    pub(crate) total: Option<u64>,
    /// What names this version of the file.
    pub(crate) validator: Option<String>,
}

/// Somebody who asks.
pub(crate) fn agent(allowed: Allowed, patience: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        // A proxy of the environment would connect in our place, to addresses that nobody has looked at.
        .proxy(None)
        .max_idle_connections(0)
        .user_agent(concat!("parlour/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(REACH))
        .timeout_connect(Some(REACH))
        .timeout_recv_response(Some(patience))
        .timeout_per_read(Some(patience))
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Guarded::new(allowed))
}

/// A question that was asked; dropped, nobody listens any more and its connection is closed.
pub(crate) struct Asked {
    pub(crate) news: Receiver<News>,
    agent: Option<Agent>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(agent) = self.agent.take() {
            agent.shutdown();
        }
    }
}

/// Asks.
pub(crate) fn ask(agent: Agent, question: Question) -> Result<Asked, Fault> {
    let (told, news) = sync_channel(AHEAD);
    let asked = agent.clone();
    let read = move || {
        if let Err(fault) = answer(&asked, &question, &told) {
            // If nobody listens any more nobody wants to know.
            let _ = told.send(News::Failed(fault));
        }
    };
    thread::Builder::new().name("fetch".to_owned()).spawn(read).map_err(|_| Fault::Internal)?;
    Ok(Asked { news, agent: Some(agent) })
}

fn answer(agent: &Agent, question: &Question, told: &SyncSender<News>) -> Result<(), Fault> {
    let response = follow(agent, question)?;
    let head = head(&response)?;
    if told.send(News::Head(head)).is_err() {
        return Ok(());
    }
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    loop {
        let mut piece = vec![0; question.piece];
        let count = match body.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                let is_silent = matches!(Error::from(error), Error::Timeout(_));
                return Err(if is_silent { Fault::Stalled } else { Fault::Interrupted });
            }
        };
        piece.truncate(count);
        if told.send(News::Piece(piece)).is_err() {
            return Ok(());
        }
    }
    // If nobody listens any more nobody wants to know.
    let _ = told.send(News::End);
    Ok(())
}

/// Asks, also elsewhere if the host says so; each address is looked at anew.
fn follow(agent: &Agent, question: &Question) -> Result<Response<Body>, Fault> {
    let mut url = question.url.clone();
    for _ in 0..=REDIRECTS {
        rules::address(&url).map_err(|_| Fault::BadRedirect)?;
        let mut request = agent.get(&url).header(header::ACCEPT_ENCODING, "identity");
        if question.from > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", question.from));
            if let Some(validator) = &question.validator {
                request = request.header(header::IF_RANGE, validator);
            }
        }
        let response = request.call().map_err(|error| fault_of(&error))?;
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(response);
        }
        let next = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let next = joined(&url, next.ok_or(Fault::BadRedirect)?).ok_or(Fault::BadRedirect)?;
        if is_https(&url) && !is_https(&next) {
            return Err(Fault::BadRedirect);
        }
        url = next;
    }
    Err(Fault::TooManyRedirects)
}

fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

/// The address that a host named, seen from the one it was asked at.
fn joined(base: &str, to: &str) -> Option<String> {
    let to = to.split('#').next()?;
    let scheme_ends = to.find("://").filter(|end| !to[..*end].contains(['/', '?']));
    if scheme_ends.is_some() {
        return Some(to.to_owned());
    }
    let (scheme, rest) = base.split_once("://")?;
    if to.starts_with("//") {
        return Some(format!("{scheme}:{to}"));
    }
    let rest = rest.split('?').next()?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (to, query) = to.find('?').map_or((to, ""), |at| to.split_at(at));
    let path = match to {
        "" => path.to_owned(),
        to if to.starts_with('/') => to.to_owned(),
        to => format!("{}/{to}", path.rsplit_once('/')?.0),
    };
    let mut parts: Vec<&str> = Vec::new();
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let end = if is_folder && !parts.is_empty() { "/" } else { "" };
    Some(format!("{scheme}://{authority}/{}{end}{query}", parts.join("/")))
}

fn head(response: &Response<Body>) -> Result<Head, Fault> {
    let headers = response.headers();
    // Nothing else was asked for, and a range would be one of what was encoded.
    if text(headers, header::CONTENT_ENCODING.as_str()).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Fault::BadAnswer);
    }
    let status = response.status().as_u16();
    let (from, total) = match text(headers, header::CONTENT_RANGE.as_str()).filter(|_| status == 206) {
        Some(range) => {
            let (from, total) = range_of(range).ok_or(Fault::BadAnswer)?;
            (Some(from), total)
        }
        None => (None, text(headers, header::CONTENT_LENGTH.as_str()).and_then(|length| length.trim().parse().ok())),
    };
    // A weak tag may name two files that are not the same byte for byte.
    let tag = text(headers, header::ETAG.as_str()).filter(|tag| tag.starts_with('"'));
    let validator = tag.or_else(|| text(headers, header::LAST_MODIFIED.as_str())).map(str::to_owned);
    Ok(Head { status, from, total, validator })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `bytes 5-9/10`: 5, and 10 if it is known.
fn range_of(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    Some((from.parse().ok()?, total))
}

fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Io(error) if Private::is_why(error) => Fault::AddressRefused,
        Error::HostNotFound | Error::Timeout(Timeout::Resolve) => Fault::HostNotFound,
        Error::Timeout(Timeout::Connect) | Error::ConnectionFailed => Fault::CannotConnect,
        Error::Timeout(_) => Fault::Stalled,
        Error::Io(error) => match error.kind() {
            ErrorKind::TimedOut => Fault::Stalled,
            ErrorKind::InvalidData => Fault::NoTls,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                Fault::Interrupted
            }
            _ => Fault::CannotConnect,
        },
        Error::Tls(_) | Error::Pem(_) | Error::Rustls(_) => Fault::NoTls,
        _ => Fault::BadAnswer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_from_the_one_it_was_named_at() {
        let base = "http://a.example:80/one/two?q=1";
        let cases = [
            ("https://b.example/x", "https://b.example/x"),
            ("//b.example/x", "http://b.example/x"),
            ("/x/y?z", "http://a.example:80/x/y?z"),
            ("three", "http://a.example:80/one/three"),
            ("../../../three", "http://a.example:80/three"),
            ("./", "http://a.example:80/one/"),
            ("?z", "http://a.example:80/one/two?z"),
            ("/x#part", "http://a.example:80/x"),
            ("/to?u=http://c.example/", "http://a.example:80/to?u=http://c.example/"),
        ];
        for (to, found) in cases {
            assert_eq!(joined(base, to).as_deref(), Some(found), "{to}");
        }
    }

    #[test]
    fn a_range_is_read_or_refused() {
        assert_eq!(range_of("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range_of("bytes 5-9/*"), Some((5, None)));
        for odd in ["5-9/10", "bytes */10", "bytes 5-9", "bytes -9/10", "bytes 5-9/x"] {
            assert_eq!(range_of(odd), None, "{odd}");
        }
    }
}
