//! Asking a server over HTTP, and the words for everything that goes wrong on the way to one.

use super::args::Remote;
use super::exit::{Exit, Failed};
use serde_json::Value;
use std::time::Duration;

impl Remote {
    pub(crate) fn get(&self, path: &str) -> Result<String, Failed> {
        self.call("GET", path, "")
    }

    /// Sends a request and returns the body of the answer, if it succeeded.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Result<String, Failed> {
        let (status, text) = self.exchange(method, path, body)?;
        if (200..300).contains(&status) { Ok(text) } else { Err(refused(status, &text)) }
    }

    /// Sends a request and returns what was answered, whatever it is.
    pub(crate) fn exchange(&self, method: &str, path: &str, body: &str) -> Result<(u16, String), Failed> {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(self.timeout)).http_status_as_error(false).max_redirects(0).build();
        let agent = ureq::Agent::new_with_config(config);
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base()?));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json");
        }
        let request =
            request.body(body.to_owned()).map_err(|error| Failed::new(Exit::Usage, format!("{}: {error}", self.server)))?;
        let mut response = agent.run(request).map_err(|error| self.failed(&error))?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(|error| self.failed(&error))?;
        Ok((status, text))
    }

    /// The server's address without a slash at its end.
    pub(crate) fn base(&self) -> Result<&str, Failed> {
        let base = self.server.trim_end_matches('/');
        let usage = |why: &str| Err(Failed::new(Exit::Usage, format!("--server {}: {why}", self.server)));
        match base.split_once("://") {
            Some(("http", rest)) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(base),
            Some(("https", _)) => usage(
                "this command speaks no TLS, which is for a proxy in front of the server. Run it on the server's machine, or \
                 bring the port here: ssh -L 7350:127.0.0.1:7350 HOST, then --server http://127.0.0.1:7350",
            ),
            _ => usage("write http://HOST:PORT, for instance http://127.0.0.1:7350"),
        }
    }

    fn failed(&self, error: &ureq::Error) -> Failed {
        match error {
            // To be let in at all takes no time on a server that is there.
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => self.unreachable(error),
            ureq::Error::Timeout(_) => self.timed_out(),
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => self.timed_out(),
            _ => self.unreachable(error),
        }
    }

    pub(crate) fn unreachable(&self, error: &dyn std::fmt::Display) -> Failed {
        let why = format!(
            "no answer from {}: {error}. Is it running? `parlour demo` starts one here; --server names another.",
            self.server.trim_end_matches('/')
        );
        Failed::new(Exit::Unreachable, why)
    }

    pub(crate) fn timed_out(&self) -> Failed {
        let why = format!(
            "{} was reached and did not answer within {}. `parlour health` asks how it is; --timeout waits longer.",
            self.server.trim_end_matches('/'),
            spoken(self.timeout)
        );
        Failed::new(Exit::TimedOut, why)
    }
}

/// Reads `500ms`, `5s`, `2m` or a number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: u64 = digits.parse().map_err(|_| "write a time, for instance 500ms, 5s or 2m".to_owned())?;
    let duration = match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "" | "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        other => return Err(format!("{other:?} is no unit: write ms, s or m")),
    };
    let day = Duration::from_secs(86_400);
    if duration.is_zero() || duration > day {
        Err("it must be more than nothing, and a day at most".to_owned())
    } else {
        Ok(duration)
    }
}

pub(crate) fn spoken(duration: Duration) -> String {
    if duration < Duration::from_secs(1) { format!("{} ms", duration.as_millis()) } else { format!("{} s", duration.as_secs()) }
}

/// A name as part of a path or a query.
pub(crate) fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => text.push(char::from(byte)),
            // A name of dots alone would be a step in the path.
            b'.' if name.bytes().any(|byte| byte != b'.') => text.push('.'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// What a server refused, and how a command ends for it.
fn refused(status: u16, body: &str) -> Failed {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let exit = exit_for(text("kind"), text("code"));
    let exit = if text("kind").is_empty() && text("code") != "diverged" { Exit::Internal } else { exit };
    let why = if text("message").is_empty() {
        format!("the server answered {status}: is this address one of Parlour's?")
    } else {
        sentence(text("message"), text("code"))
    };
    Failed::new(exit, why)
}

/// A refusal that came over the WebSocket.
pub(crate) fn failed(payload: &Value) -> Failed {
    let text = |key: &str| payload[key].as_str().unwrap_or_default();
    Failed::new(exit_for(text("kind"), text("code")), sentence(text("message"), text("code")))
}

/// How a command ends for a failure of this kind.
pub(crate) fn exit_for(kind: &str, code: &str) -> Exit {
    match (kind, code) {
        (_, "diverged") => Exit::Differs,
        ("not_found", _) => Exit::NotFound,
        ("denied" | "expired", _) => Exit::Denied,
        ("invalid" | "illegal" | "limited", _) => Exit::Rejected,
        ("unavailable", _) => Exit::TimedOut,
        _ => Exit::Internal,
    }
}

/// A failure in words, with what to do where that is known here and not there.
pub(crate) fn sentence(message: &str, code: &str) -> String {
    match code {
        "authentication_required" => {
            format!(
                "{message} `parlour token mint --sub YOU --data DIR` prints one; pass it with --token or PARLOUR_TOKEN. ({code})"
            )
        }
        "role_required" => {
            format!("{message} `parlour token mint --sub YOU --role admin --data DIR` prints one that does. ({code})")
        }
        "room_not_found" => format!("{message} `parlour rooms ls` lists those there are. ({code})"),
        _ => format!("{message} ({code})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!((duration("5"), duration("5s")), (Ok(Duration::from_secs(5)), Ok(Duration::from_secs(5))));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "s", "5h", "-1", "0", "1.5s", "99999999", "5 s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_name_breaks_out_of_its_place_in_an_address() {
        assert_eq!(encoded("cards-1.a_b~"), "cards-1.a_b~");
        assert_eq!(encoded("a b/c?d#e%é"), "a%20b%2Fc%3Fd%23e%25%C3%A9");
        assert_eq!((encoded(".."), encoded(".")), ("%2E%2E".to_owned(), "%2E".to_owned()));
    }
}
