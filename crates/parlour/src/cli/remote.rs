//! Asking a server over HTTP.

use super::args::Remote;
use super::exit::{Exit, Failed};
use serde_json::Value;
use std::time::Duration;

/// How long a command waits for a server.
const TIMEOUT: Duration = Duration::from_secs(15);

impl Remote {
    pub(crate) fn get(&self, path: &str) -> Result<String, Failed> {
        self.call("GET", path, "")
    }

    /// Sends a request and returns the body of the answer, if it succeeded.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Result<String, Failed> {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build();
        let agent = ureq::Agent::new_with_config(config);
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base()));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json");
        }
        let request =
            request.body(body.to_owned()).map_err(|error| Failed::new(Exit::Usage, format!("{}: {error}", self.server)))?;
        let mut response = agent.run(request).map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(|error| self.unreachable(&error))?;
        if (200..300).contains(&status) { Ok(text) } else { Err(refused(status, &text)) }
    }

    fn base(&self) -> &str {
        self.server.trim_end_matches('/')
    }

    /// The address of the native protocol on this server.
    pub(crate) fn socket_url(&self) -> Result<String, Failed> {
        let base = self.base();
        base.strip_prefix("http://").map(|rest| format!("ws://{rest}/v1/ws")).ok_or_else(|| {
            Failed::new(Exit::Usage, format!("{base}: a server's address begins with http:// (TLS is for a proxy in front)"))
        })
    }

    pub(crate) fn unreachable(&self, error: &dyn std::fmt::Display) -> Failed {
        let why = format!(
            "no answer from {}: {error}. Is it running? `parlour demo` starts one here; --server names another.",
            self.base()
        );
        Failed::new(Exit::Unreachable, why)
    }
}

/// What a server refused, and how a command ends for it.
fn refused(status: u16, body: &str) -> Failed {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let exit = exit_for(text("kind"), text("code"));
    let exit = if text("kind").is_empty() && text("code") != "diverged" { Exit::Internal } else { exit };
    let why = if text("message").is_empty() {
        format!("the server answered {status}")
    } else {
        sentence(text("message"), text("code"))
    };
    Failed::new(exit, why)
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
        _ => format!("{message} ({code})"),
    }
}
