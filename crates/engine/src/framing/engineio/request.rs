//! `bytes -> framing`, before the first packet: what a request to the path of Engine.IO is for.

use super::Refusal;

/// What of a request decides.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// What stands after the `?` of its path.
    pub query: &'a str,
    /// Whether it asks for a WebSocket.
    pub is_upgrade: bool,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// To begin a session by polling.
    OpenPolling,
    /// To begin a session on a WebSocket.
    OpenWebSocket,
    /// To hear what this session has to say.
    Poll(&'a str),
    /// To say something to this session.
    Post(&'a str),
    /// To bring this session over to a WebSocket.
    Probe(&'a str),
}

impl<'a> Request<'a> {
    /// Judges the request, in the order in which the protocol's own server does.
    pub fn judge(&self) -> Result<Asked<'a>, Refusal> {
        let is_websocket = match self.value("transport")? {
            Some("polling") => false,
            Some("websocket") => true,
            _ => return Err(Refusal::UnknownTransport),
        };
        if let Some(session) = self.value("sid").map_err(|_| Refusal::UnknownSession)?.filter(|sid| !sid.is_empty()) {
            return match (is_websocket, self.is_upgrade, self.method) {
                (true, true, "GET") => Ok(Asked::Probe(session)),
                (false, false, "GET") => Ok(Asked::Poll(session)),
                (false, false, "POST") => Ok(Asked::Post(session)),
                _ => Err(Refusal::BadRequest),
            };
        }
        if self.method != "GET" {
            return Err(Refusal::BadHandshakeMethod);
        }
        if is_websocket != self.is_upgrade {
            return Err(Refusal::BadRequest);
        }
        if self.value("EIO") != Ok(Some("4")) {
            return Err(Refusal::UnsupportedVersion);
        }
        Ok(if is_websocket { Asked::OpenWebSocket } else { Asked::OpenPolling })
    }

    /// The value of this key, as it was written: those that matter hold nothing that needs escaping. A key that is there twice is
    /// a list, and there is no transport that is a list.
    fn value(&self, key: &str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.query.split('&').filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name == key).then_some(value)
        });
        let value = values.next();
        if values.next().is_some() { Err(Refusal::UnknownTransport) } else { Ok(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(method: &'static str, query: &'static str, is_upgrade: bool) -> Result<Asked<'static>, Refusal> {
        Request { method, query, is_upgrade }.judge()
    }

    #[test]
    fn a_request_is_for_what_its_query_says() {
        assert_eq!(judge("GET", "EIO=4&transport=polling&t=x1", false), Ok(Asked::OpenPolling));
        assert_eq!(judge("GET", "EIO=4&transport=websocket", true), Ok(Asked::OpenWebSocket));
        assert_eq!(judge("GET", "EIO=4&transport=polling&sid=a-b", false), Ok(Asked::Poll("a-b")));
        assert_eq!(judge("POST", "transport=polling&sid=a", false), Ok(Asked::Post("a")));
        assert_eq!(judge("GET", "sid=a&EIO=4&transport=websocket", true), Ok(Asked::Probe("a")));
        assert_eq!(judge("GET", "EIO=4&transport=polling&sid=", false), Ok(Asked::OpenPolling));
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_code_that_clients_know() {
        for (method, query, is_upgrade, refusal) in [
            ("GET", "", false, Refusal::UnknownTransport),
            ("GET", "EIO=4", false, Refusal::UnknownTransport),
            ("GET", "EIO=4&transport=webtransport", false, Refusal::UnknownTransport),
            ("GET", "EIO=4&transport=polling&transport=polling", false, Refusal::UnknownTransport),
            ("GET", "EIO=4&transport=polling&sid=a&sid=b", false, Refusal::UnknownSession),
            ("POST", "EIO=4&transport=polling", false, Refusal::BadHandshakeMethod),
            ("OPTIONS", "EIO=4&transport=polling", false, Refusal::BadHandshakeMethod),
            ("GET", "EIO=4&transport=websocket", false, Refusal::BadRequest),
            ("GET", "EIO=4&transport=polling", true, Refusal::BadRequest),
            ("GET", "EIO=4&transport=websocket&sid=a", false, Refusal::BadRequest),
            ("PUT", "EIO=4&transport=polling&sid=a", false, Refusal::BadRequest),
            ("GET", "transport=polling", false, Refusal::UnsupportedVersion),
            ("GET", "EIO=3&transport=polling", false, Refusal::UnsupportedVersion),
            ("GET", "EIO=3&transport=websocket", true, Refusal::UnsupportedVersion),
            ("GET", "EIO=4&EIO=4&transport=polling", false, Refusal::UnsupportedVersion),
            ("GET", "EIO=abc&transport=polling", false, Refusal::UnsupportedVersion),
        ] {
            assert_eq!(judge(method, query, is_upgrade), Err(refusal), "{method} {query}");
        }
    }
}
