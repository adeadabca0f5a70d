//! `bytes -> framing`, before anything else: whose page it is that asks. Browsers let any page ask, with what they keep for us;
//! only what we say of origins protects who uses them.
//!
//! Besides pages of our own, those of the origins that are configured may ask, each as it is written: there is no `*`, because
//! whoever may ask may do so with credentials. It counts for HTTP (CORS, in the Fetch standard) and for upgrades, which browsers
//! do not ask about beforehand.

use std::fmt;
use std::sync::Arc;

/// The origins of others whose pages may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Arc<[String]>);

/// What is no origin, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOrigin(String);

impl fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no origin: write https://play.example, with a port if it has one and nothing after it", self.0)
    }
}

impl std::error::Error for BadOrigin {}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// No page at all, or one of ours.
    Own,
    /// A page of this origin, which may.
    Page(&'a str),
    /// A page of another origin, which may not.
    Stranger,
}

impl Origins {
    /// Takes them as they are written in the configuration.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, BadOrigin> {
        let read = |text: &str| as_browsers_write(text.trim()).ok_or_else(|| BadOrigin(text.to_owned()));
        texts.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// As they will be compared.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether no other origin's page may ask, so that no answer depends on who asks.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Judges a request by its `Origin` and `Host`. A page may ask the server it came from; programs send no `Origin`.
    pub fn judge<'a>(&self, origin: Option<&'a str>, host: Option<&str>) -> Caller<'a> {
        let Some(origin) = origin else { return Caller::Own };
        let place = origin.split_once("://").map(|(_, place)| place);
        if place.is_some_and(|place| host.is_some_and(|host| place.eq_ignore_ascii_case(host))) {
            return Caller::Own;
        }
        if self.iter().any(|allowed| allowed == origin) { Caller::Page(origin) } else { Caller::Stranger }
    }
}

impl<'a> Caller<'a> {
    /// What to tell its browser in an answer.
    pub fn headers(self) -> Vec<(&'static str, &'a str)> {
        match self {
            Caller::Page(origin) => vec![
                ("access-control-allow-origin", origin),
                ("access-control-allow-credentials", "true"),
                ("access-control-expose-headers", "retry-after"),
            ],
            Caller::Own | Caller::Stranger => Vec::new(),
        }
    }

    /// What to tell its browser when that asks what the page may do, in an answer without a body (204).
    pub fn preflight(self) -> Vec<(&'static str, &'a str)> {
        match self {
            Caller::Page(origin) => vec![
                ("access-control-allow-origin", origin),
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-methods", "GET, POST, DELETE"),
                ("access-control-allow-headers", "authorization, content-type"),
                ("access-control-max-age", "600"),
            ],
            Caller::Own | Caller::Stranger => Vec::new(),
        }
    }
}

/// An origin as browsers send it: in small letters, without the port that everybody knows.
fn as_browsers_write(text: &str) -> Option<String> {
    let (scheme, place) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let host = match place.strip_prefix('[') {
        Some(rest) => &place[..rest.find(']')? + 2],
        None => place.split(':').next()?,
    };
    let bare = host.trim_matches(['[', ']']);
    let is_host = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b));
    let after = &place[host.len()..];
    let port = match after.strip_prefix(':') {
        Some(port) => Some(port.parse::<u16>().ok().filter(|_| port.bytes().all(|b| b.is_ascii_digit()))?),
        None if after.is_empty() => None,
        None => return None,
    };
    if !is_scheme || !is_host {
        return None;
    }
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let is_known = matches!((scheme.as_str(), port), ("http", Some(80)) | ("https", Some(443)));
    let port = port.filter(|_| !is_known).map_or(String::new(), |port| format!(":{port}"));
    Some(format!("{scheme}://{host}{port}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_origin_is_compared_as_browsers_write_it() {
        for (written, compared) in [
            ("https://play.example", "https://play.example"),
            (" HTTPS://Play.Example:443 ", "https://play.example"),
            ("http://play.example:80", "http://play.example"),
            ("http://play.example:443", "http://play.example:443"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(Origins::read([written]).unwrap().iter().collect::<Vec<_>>(), [compared]);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_what_would_be_one() {
        for bad in [
            "",
            "*",
            "null",
            "play.example",
            "https://",
            "https://*.example",
            "https://play.example/",
            "https://play.example/path",
            "https://me@play.example",
            "https://play.example:",
            "https://play.example:99999",
            "https://play.example:+1",
            "https://[::1",
            "https://a b",
            "1://a",
            "https://play.example?x",
        ] {
            let error = Origins::read(["https://fine.example", bad]).unwrap_err();
            assert!(error.to_string().contains("https://play.example"), "{bad}");
        }
    }

    #[test]
    fn only_pages_of_ours_and_of_allowed_origins_may_ask() {
        let origins = Origins::read(["https://play.example", "http://localhost:5173"]).unwrap();
        let host = Some("rooms.example:7350");
        assert_eq!(origins.judge(None, host), Caller::Own);
        assert_eq!(origins.judge(Some("http://Rooms.example:7350"), host), Caller::Own);
        assert_eq!(origins.judge(Some("https://play.example"), host), Caller::Page("https://play.example"));
        assert_eq!(origins.judge(Some("http://localhost:5173"), None), Caller::Page("http://localhost:5173"));
        for stranger in [
            "http://play.example",
            "https://play.example:8443",
            "https://play.example.evil.example",
            "https://evil.example",
            "null",
            "",
            "https://play.example/",
            "rooms.example:7350",
        ] {
            assert_eq!(origins.judge(Some(stranger), host), Caller::Stranger, "{stranger}");
        }
        assert_eq!(Origins::default().judge(Some("https://play.example"), host), Caller::Stranger);
    }

    #[test]
    fn a_browser_is_told_of_its_own_origin_and_of_no_other() {
        let page = Caller::Page("https://play.example");
        for headers in [page.headers(), page.preflight()] {
            assert!(headers.contains(&("access-control-allow-origin", "https://play.example")));
            assert!(headers.contains(&("access-control-allow-credentials", "true")));
        }
        for other in [Caller::Own, Caller::Stranger] {
            assert!(other.headers().is_empty() && other.preflight().is_empty());
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd_and_what_is_read_stays_as_it_is(text in "\\PC{0,12}|[a-z]{1,5}://[a-z.\\[\\]:0-9@/]{0,12}") {
            if let Ok(origins) = Origins::read([text.as_str()]) {
                let again: Vec<&str> = origins.iter().collect();
                prop_assert_eq!(Origins::read(again.iter().copied()), Ok(origins.clone()));
            }
        }
    }
}
