//! Asking a language model behind an endpoint that speaks chat completions.

use crate::{prompt, stream};
use parlour_quest::limits::NARRATIVE_CHARS;
use parlour_quest::{Fault, Pulse, Telling};
use parlour_room::Errand;
use std::io::BufReader;
use std::net::IpAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often it is asked for one narration.
const ATTEMPTS: u32 = 3;
/// How long the first rest is, and the longest; each is twice as long as the one before.
const REST: Duration = Duration::from_millis(500);
const REST_MAX: Duration = Duration::from_secs(10);
/// The most bytes of text in a pulse.
const PULSE_TEXT: usize = 600;
/// So many bytes are counted as one token: a cautious guess, for endpoints do not all say.
const BYTES_PER_TOKEN: usize = 3;

/// Where a language model is, and how much it is asked.
#[derive(Clone)]
pub struct Endpoint {
    url: String,
    key: Option<String>,
    /// The model's name there.
    pub model: String,
    /// How long one narration may take, all attempts together.
    pub timeout: Duration,
    /// The most tokens of one answer.
    pub tokens_per_call: u32,
    /// The most tokens of one game, questions and answers together.
    pub tokens_per_game: u32,
}

/// An address that no endpoint may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAddress;

impl std::fmt::Display for BadAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an endpoint is an address that begins with https://, or http:// on this machine, without a password")
    }
}

/// The key is nobody's to read.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url).field("model", &self.model).finish_non_exhaustive()
    }
}

/// What came of asking.
pub(crate) struct Answer {
    pub(crate) words: Result<String, Fault>,
    pub(crate) tokens: u32,
}

impl Endpoint {
    /// The endpoint below this address, `…/v1` as a rule: `/chat/completions` is put behind it.
    pub fn new(url: &str, key: Option<String>, model: &str) -> Result<Self, BadAddress> {
        let uri: ureq::http::Uri = url.parse().map_err(|_| BadAddress)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(BadAddress)?;
        let is_here =
            host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_safe = uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_here);
        let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if !is_safe || !is_plain {
            return Err(BadAddress);
        }
        let url = format!("{}/chat/completions", url.trim_end_matches('/'));
        let (timeout, model) = (Duration::from_secs(30), model.to_owned());
        Ok(Self { url, key, model, timeout, tokens_per_call: 600, tokens_per_game: 60_000 })
    }

    /// Asks, and again after a rest where that may help. `left` is what the game has left.
    pub(crate) fn ask(&self, telling: &Telling, left: u32, errand: &Errand<'_>) -> Answer {
        let until = Instant::now() + self.timeout;
        let mut answer = Answer { words: Err(Fault::TimedOut), tokens: 0 };
        let mut rest = REST;
        for attempt in 1..=ATTEMPTS {
            let left = left.saturating_sub(answer.tokens);
            let patience = until.saturating_duration_since(Instant::now());
            if left == 0 || patience.is_zero() || errand.is_stopped() {
                break;
            }
            let body = prompt::body(telling, &self.model, self.tokens_per_call.min(left)).to_string();
            let once = self.ask_once(&body, telling.step, patience, errand);
            answer.tokens = answer.tokens.saturating_add(once.tokens);
            let wait = match once.words {
                Err(Refused { again: Again::After(wait), .. }) => wait,
                Err(Refused { again: Again::Soon, .. }) => rest,
                Ok(words) => return Answer { words: Ok(words), ..answer },
                Err(Refused { again: Again::Never, fault }) => return Answer { words: Err(fault), ..answer },
            };
            answer.words = once.words.map_err(|refused| refused.fault);
            // Compared, not added: the endpoint names any number of seconds it likes.
            let is_too_long = wait > until.saturating_duration_since(Instant::now());
            if attempt == ATTEMPTS || is_too_long || !is_wanted_after(wait, errand) {
                break;
            }
            rest = (rest * 2).min(REST_MAX);
        }
        answer
    }

    fn ask_once(&self, body: &str, step: u32, patience: Duration, errand: &Errand<'_>) -> Once {
        let config = ureq::Agent::config_builder().timeout_global(Some(patience)).max_redirects(0).http_status_as_error(false);
        let agent = ureq::Agent::new_with_config(config.build());
        let mut request = agent.post(&self.url).header("Content-Type", "application/json").header("Accept", "text/event-stream");
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(ureq::Error::Timeout(_)) => return refused(Fault::TimedOut, Again::Never, 0),
            Err(_) => return refused(Fault::Unreachable, Again::Soon, 0),
        };
        let after = response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let again = after.map_or(Again::Soon, |seconds| Again::After(Duration::from_secs(seconds)));
        match response.status().as_u16() {
            200 => {}
            404 => return refused(Fault::NotFound, Again::Never, 0),
            429 => return refused(Fault::Limited, again, 0),
            500..=599 => return refused(Fault::ServerError, again, 0),
            _ => return refused(Fault::Refused, Again::Never, 0),
        }
        let show = |words: &str| {
            errand.pulse(&pulse(step, words));
            !errand.is_stopped() && words.chars().count() <= NARRATIVE_CHARS
        };
        let (words, ended) = stream::read(BufReader::new(response.body_mut().as_reader()), show);
        let tokens = tokens(body).saturating_add(tokens(&words));
        match ended {
            Ok(()) => Once { words: Ok(words), tokens },
            // It said more than is shown: what is shown is there.
            Err(Fault::Failed) if !errand.is_stopped() => Once { words: Ok(words), tokens },
            Err(fault) => refused(fault, Again::Never, tokens),
        }
    }
}

/// What came of one attempt.
struct Once {
    words: Result<String, Refused>,
    tokens: u32,
}

struct Refused {
    fault: Fault,
    again: Again,
}

/// Whether asking again may help.
#[derive(Clone, Copy)]
enum Again {
    Never,
    Soon,
    After(Duration),
}

fn refused(fault: Fault, again: Again, tokens: u32) -> Once {
    Once { words: Err(Refused { fault, again }), tokens }
}

/// Rests, no longer than a narration may take, and looks now and then whether it is still wanted.
fn is_wanted_after(wait: Duration, errand: &Errand<'_>) -> bool {
    let until = Instant::now() + wait;
    while !errand.is_stopped() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        sleep(left.min(Duration::from_millis(50)));
    }
    false
}

fn tokens(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
}

/// The newest part of what was said, as a pulse has room for it.
fn pulse(step: u32, words: &str) -> Pulse {
    let from = words.char_indices().map(|(at, _)| at).find(|at| words.len() - at <= PULSE_TEXT).unwrap_or(words.len());
    let (before, text) = words.split_at(from);
    let text_so_far = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    Pulse::Narrating { step, skipped: u32::try_from(before.chars().count()).unwrap_or(u32::MAX), text_so_far }
}
