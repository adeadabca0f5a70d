//! `.. <- framing`: what an HTTP request of Engine.IO is answered, in the words that its clients know.

use serde_json::json;

/// Why a request is refused: the protocol's own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such transport.
    UnknownTransport,
    /// There is no such session, or no more.
    UnknownSession,
    /// A session begins with GET.
    BadHandshakeMethod,
    /// This is not how this session is spoken to.
    BadRequest,
    /// Whoever asks may not.
    Forbidden,
    /// It is not version 4 that is spoken.
    UnsupportedVersion,
}

impl Refusal {
    /// Its number.
    pub fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSession => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    /// Its text, which also is what a refused WebSocket handshake says.
    pub fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    /// The HTTP status that carries it.
    pub fn status(self) -> u16 {
        if self == Self::Forbidden { 403 } else { 400 }
    }
}

/// The answer to an HTTP request. None of them may be kept by a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Content-Type`; none of a body that is empty.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// To a poll: these packets.
    pub fn payload(body: Vec<u8>) -> Self {
        Self { status: 200, content_type: Some("text/plain; charset=UTF-8"), body }
    }

    /// To a post.
    pub fn ok() -> Self {
        Self { status: 200, content_type: Some("text/html"), body: b"ok".to_vec() }
    }

    /// A status that says everything.
    pub fn bare(status: u16) -> Self {
        Self { status, content_type: None, body: Vec::new() }
    }

    /// To what cannot be.
    pub fn refused(refusal: Refusal) -> Self {
        let body = json!({"code": refusal.code(), "message": refusal.message()}).to_string().into_bytes();
        Self { status: refusal.status(), content_type: Some("application/json"), body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_the_protocols_own() {
        for (refusal, status, body) in [
            (Refusal::UnknownTransport, 400, r#"{"code":0,"message":"Transport unknown"}"#),
            (Refusal::UnknownSession, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
            (Refusal::BadHandshakeMethod, 400, r#"{"code":2,"message":"Bad handshake method"}"#),
            (Refusal::BadRequest, 400, r#"{"code":3,"message":"Bad request"}"#),
            (Refusal::Forbidden, 403, r#"{"code":4,"message":"Forbidden"}"#),
            (Refusal::UnsupportedVersion, 400, r#"{"code":5,"message":"Unsupported protocol version"}"#),
        ] {
            let answer = Answer::refused(refusal);
            assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()));
        }
    }
}
