//! The thread that fetches a set of keys: when it is old, and when a token names a key that is not in it, but not more often than
//! `Limits::jwks_again_ms`. Tokens wait here for the next set; what they wait for never waits for a loop.

use super::keys::{Key, KeyError};
use super::verifier::{Asked, Keyring};
use crate::voice::tell;
use jsonwebtoken::Algorithm;
use parlour_engine::code::Code;
use parlour_engine::limits::Limits;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Where a set of keys (JWKS) is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In this file.
    File(PathBuf),
    /// At this address.
    Url(String),
}

impl Source {
    /// An address that keys may be fetched from: by TLS, or on this machine; without a password in it, for it is shown.
    pub fn of_url(url: &str) -> Option<Self> {
        let uri: ureq::http::Uri = url.parse().ok()?;
        let host = uri.host().filter(|host| !host.is_empty())?;
        let is_here = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_safe = uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_here);
        let is_plain = !uri.authority()?.as_str().contains('@');
        (is_safe && is_plain).then(|| Source::Url(url.to_owned()))
    }

    /// What is there now.
    pub fn read(&self, rsa: Algorithm, limits: &Limits) -> Result<Vec<Key>, KeyError> {
        let text = match self {
            Source::File(path) => read_file(path, limits).map_err(|error| KeyError(error.to_string()))?,
            Source::Url(url) => get(url, limits).map_err(|error| KeyError(error.to_string()))?,
        };
        Key::of_set(&text, rsa, limits.jwks_keys)
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::File(path) => path.display().fmt(f),
            Source::Url(url) => f.write_str(url),
        }
    }
}

fn read_file(path: &PathBuf, limits: &Limits) -> io::Result<Vec<u8>> {
    let most = u64::try_from(limits.jwks_bytes).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut text)?;
    if text.len() > limits.jwks_bytes { Err(io::Error::other("is longer than limits.jwks_bytes")) } else { Ok(text) }
}

fn get(url: &str, limits: &Limits) -> Result<Vec<u8>, ureq::Error> {
    let patience = Duration::from_millis(limits.jwks_fetch_ms);
    // Whoever answers for the address answers for the keys: nobody else is asked.
    let config = ureq::Agent::config_builder().timeout_global(Some(patience)).max_redirects(0).build();
    let mut response = ureq::Agent::new_with_config(config).get(url).header("Accept", "application/json").call()?;
    response.body_mut().with_config().limit(u64::try_from(limits.jwks_bytes).unwrap_or(u64::MAX)).read_to_vec()
}

/// Starts it. It ends when nobody can ask it any more.
pub(super) fn start(
    keyring: Arc<Keyring>,
    source: Source,
    rsa: Algorithm,
    limits: Limits,
    asked: Receiver<Asked>,
) -> io::Result<()> {
    let fetcher = Fetcher { keyring, source, rsa, limits, waiting: Vec::new(), tried: None, has_failed: false };
    thread::Builder::new().name("keys".to_owned()).spawn(move || fetcher.run(&asked)).map(drop)
}

struct Fetcher {
    keyring: Arc<Keyring>,
    source: Source,
    rsa: Algorithm,
    limits: Limits,
    /// Tokens that wait for the next set: `Limits::tokens_waiting` of them.
    waiting: Vec<Asked>,
    /// When it was fetched last, and whether in vain.
    tried: Option<Instant>,
    has_failed: bool,
}

impl Fetcher {
    fn run(mut self, asked: &Receiver<Asked>) {
        loop {
            let left = self.due().map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                self.fetch();
                self.answer();
                continue;
            }
            match asked.recv_timeout(left) {
                Ok(one) if self.waiting.len() < self.limits.tokens_waiting => self.waiting.push(one),
                Ok(one) => (one.answer)(Err(Code::KeysUnavailable)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// When it is fetched next; `None` is now.
    fn due(&self) -> Option<Instant> {
        let is_wanted = self.has_failed || !self.waiting.is_empty();
        let wait_ms = if is_wanted { self.limits.jwks_again_ms } else { self.limits.jwks_age_ms };
        self.tried.map(|tried| tried + Duration::from_millis(wait_ms))
    }

    fn fetch(&mut self) {
        let read = self.source.read(self.rsa, &self.limits);
        self.tried = Some(Instant::now());
        let had_failed = std::mem::replace(&mut self.has_failed, read.is_err());
        match read {
            Ok(keys) => {
                if keys.is_empty() {
                    tell(&format!("{}: none of the keys there can be used for tokens", self.source));
                } else if had_failed {
                    tell(&format!("{}: the keys for tokens are there again", self.source));
                }
                self.keyring.replace(keys);
            }
            Err(error) => {
                if !had_failed {
                    tell(&format!("{}: no keys for tokens, those there were still count: {error}", self.source));
                }
                self.keyring.is_behind();
            }
        }
    }

    /// Everybody who waited for this set.
    fn answer(&mut self) {
        for one in std::mem::take(&mut self.waiting) {
            let result = self.keyring.verify(&one.token).map_err(|missed| self.keyring.settled(missed));
            (one.answer)(result);
        }
    }
}
