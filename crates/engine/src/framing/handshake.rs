//! `bytes -> framing`, before the first frame: whether a request asks for a WebSocket, and our answer (RFC 6455, section 4.2).
//!
//! Parsing the head is the server's; here it comes as the few values that matter.

use super::base64;
use sha1::{Digest, Sha1};

/// The values of a request head that decide about an upgrade. A header sent more than once is given joined by commas.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// `Upgrade`
    pub upgrade: Option<&'a str>,
    /// `Connection`
    pub connection: Option<&'a str>,
    /// `Sec-WebSocket-Version`
    pub version: Option<&'a str>,
    /// `Sec-WebSocket-Key`
    pub key: Option<&'a str>,
    /// `Sec-WebSocket-Protocol`
    pub protocols: Option<&'a str>,
}

/// A request for a WebSocket that may be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade<'a> {
    accept: String,
    protocols: &'a str,
}

/// Why a request is no WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The method is not GET.
    Method,
    /// `Upgrade` does not name `websocket`.
    Upgrade,
    /// `Connection` does not name `Upgrade`.
    Connection,
    /// `Sec-WebSocket-Version` is not 13.
    Version,
    /// `Sec-WebSocket-Key` is not 16 bytes of base64.
    Key,
    /// `Sec-WebSocket-Protocol` is not a list of tokens.
    Protocols,
}

impl<'a> Request<'a> {
    /// Judges the request.
    pub fn check(&self) -> Result<Upgrade<'a>, HandshakeError> {
        if self.method != "GET" {
            return Err(HandshakeError::Method);
        }
        if !names(self.upgrade, "websocket") {
            return Err(HandshakeError::Upgrade);
        }
        if !names(self.connection, "upgrade") {
            return Err(HandshakeError::Connection);
        }
        if self.version.is_none_or(|version| version.trim() != "13") {
            return Err(HandshakeError::Version);
        }
        let key = self.key.map(str::trim).filter(|key| is_key(key)).ok_or(HandshakeError::Key)?;
        let protocols = self.protocols.unwrap_or_default();
        if !list(protocols).all(is_token) {
            return Err(HandshakeError::Protocols);
        }
        Ok(Upgrade { accept: accept_key(key), protocols })
    }
}

impl<'a> Upgrade<'a> {
    /// The subprotocols the client offers, the one it likes best first.
    pub fn protocols(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        list(self.protocols)
    }
}

impl HandshakeError {
    /// The status to answer with.
    pub fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::Upgrade | Self::Version => 426,
            Self::Connection | Self::Key | Self::Protocols => 400,
        }
    }

    /// The headers that belong to the status.
    pub fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Method => &[("Allow", "GET")],
            Self::Upgrade | Self::Version => {
                &[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
            }
            Self::Connection | Self::Key | Self::Protocols => &[],
        }
    }

    /// What is wrong, and what to do about it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Method => "This is a WebSocket endpoint: open it with GET.",
            Self::Upgrade => "This is a WebSocket endpoint: connect with a WebSocket client, or send \"Upgrade: websocket\".",
            Self::Connection => {
                "Send \"Connection: Upgrade\". If you did, a proxy in between removed it: let it pass upgrades on."
            }
            Self::Version => "Send \"Sec-WebSocket-Version: 13\"; no other version is spoken here.",
            Self::Key => "Send \"Sec-WebSocket-Key\" once, with 16 random bytes in base64.",
            Self::Protocols => {
                "Send \"Sec-WebSocket-Protocol\" as names with commas between them; \
                 a name has only letters, digits and !#$%&'*+-.^_`|~ in it."
            }
        }
    }
}

impl std::fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for HandshakeError {}

/// The answer that grants an upgrade: after it, both sides speak frames. A protocol the client did not offer is left out, because
/// the client would have to hang up on it.
pub fn response(upgrade: &Upgrade<'_>, protocol: Option<&str>) -> Vec<u8> {
    let mut head = String::with_capacity(192);
    head.push_str("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
    head.push_str(&upgrade.accept);
    if let Some(protocol) = protocol.filter(|&ours| upgrade.protocols().any(|offered| offered == ours)) {
        head.push_str("\r\nSec-WebSocket-Protocol: ");
        head.push_str(protocol);
    }
    head.push_str("\r\n\r\n");
    head.into_bytes()
}

/// The value of `Sec-WebSocket-Accept` that shows a client that its key was read.
pub fn accept_key(key: &str) -> String {
    let mut accepted = Vec::new();
    base64::encode(&Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize(), &mut accepted);
    String::from_utf8(accepted).expect("base64 is ASCII")
}

/// Whether a header's list of tokens has this one, in whatever case.
fn names(value: Option<&str>, token: &str) -> bool {
    value.is_some_and(|value| list(value).any(|item| item.eq_ignore_ascii_case(token)))
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(|item| item.trim_matches([' ', '\t'])).filter(|item| !item.is_empty())
}

fn is_token(item: &str) -> bool {
    item.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether this is the base64 of 16 bytes. Its four spare bits may be anything: they are not zero in the RFC's own example.
fn is_key(key: &str) -> bool {
    let digits = key.strip_suffix("==").unwrap_or_default();
    digits.len() == 22 && digits.bytes().all(base64::is_letter)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn request() -> Request<'static> {
        Request {
            method: "GET",
            upgrade: Some("websocket"),
            connection: Some("Upgrade"),
            version: Some("13"),
            key: Some(KEY),
            protocols: None,
        }
    }

    #[test]
    fn the_key_of_the_rfc_is_accepted_as_the_rfc_says() {
        assert_eq!(accept_key(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn an_upgrade_is_granted_by_exactly_these_bytes() {
        let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        assert_eq!(response(&request().check().unwrap(), None), expected.as_bytes());
    }

    #[test]
    fn tokens_are_found_in_lists_and_in_any_case() {
        let request = Request { upgrade: Some("h2c, WebSocket"), connection: Some("keep-alive,\tUPGRADE ,"), ..request() };
        assert!(request.check().is_ok());
    }

    #[test]
    fn a_token_is_not_found_inside_another() {
        let inside = Request { connection: Some("upgraded, keep upgrade"), ..request() };
        assert_eq!(inside.check(), Err(HandshakeError::Connection));
    }

    #[test]
    fn a_protocol_is_named_only_if_it_was_offered() {
        let upgrade = Request { protocols: Some("parlour.v1, token.abc,"), ..request() }.check().unwrap();
        assert_eq!(upgrade.protocols().collect::<Vec<_>>(), ["parlour.v1", "token.abc"]);
        let answer = String::from_utf8(response(&upgrade, Some("parlour.v1"))).unwrap();
        assert!(answer.ends_with("\r\nSec-WebSocket-Protocol: parlour.v1\r\n\r\n"), "{answer}");
        assert_eq!(response(&upgrade, Some("Parlour.v1")), response(&upgrade, None));
        assert_eq!(response(&upgrade, Some("parlour.v1\r\nSet-Cookie: a=b")), response(&upgrade, None));
    }

    #[test]
    fn each_broken_request_is_told_what_to_do() {
        let cases = [
            (Request { method: "POST", ..request() }, HandshakeError::Method, 405, "GET"),
            (Request { method: "get", ..request() }, HandshakeError::Method, 405, "GET"),
            (Request { upgrade: None, ..request() }, HandshakeError::Upgrade, 426, "Upgrade: websocket"),
            (Request { upgrade: Some("h2c"), ..request() }, HandshakeError::Upgrade, 426, "Upgrade: websocket"),
            (Request { connection: None, ..request() }, HandshakeError::Connection, 400, "Connection: Upgrade"),
            (Request { connection: Some("close"), ..request() }, HandshakeError::Connection, 400, "Connection: Upgrade"),
            (Request { version: None, ..request() }, HandshakeError::Version, 426, "Sec-WebSocket-Version: 13"),
            (Request { version: Some("8"), ..request() }, HandshakeError::Version, 426, "Sec-WebSocket-Version: 13"),
            (Request { version: Some("13, 8"), ..request() }, HandshakeError::Version, 426, "Sec-WebSocket-Version: 13"),
            (Request { key: None, ..request() }, HandshakeError::Key, 400, "Sec-WebSocket-Key"),
            (Request { protocols: Some("a b"), ..request() }, HandshakeError::Protocols, 400, "Sec-WebSocket-Protocol"),
            (Request { protocols: Some("a\r\nb"), ..request() }, HandshakeError::Protocols, 400, "Sec-WebSocket-Protocol"),
        ];
        for (request, error, status, advice) in cases {
            assert_eq!(request.check(), Err(error), "{request:?}");
            assert_eq!(error.status(), status);
            assert!(error.text().contains(advice), "{}", error.text());
        }
        assert!(HandshakeError::Version.headers().contains(&("Sec-WebSocket-Version", "13")));
        assert!(HandshakeError::Method.headers().contains(&("Allow", "GET")));
    }

    #[test]
    fn a_key_is_the_base64_of_16_bytes() {
        // The last one is the RFC's example in section 4.1, whose spare bits are not zero.
        for good in [
            KEY,
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "+/+/+/+/+/+/+/+/+/+/+w==",
            " dGhlIHNhbXBsZSBub25jZQ== ",
            "AQIDBAUGBwgJCgsMDQ4PEC==",
        ] {
            assert!(Request { key: Some(good), ..request() }.check().is_ok(), "{good}");
        }
        for bad in [
            "",
            "==",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZQA=",
            "dGhlIHNhbXBsZSBub25j_Q==",
            "dGhlIHNhbXBsZQ==",
            "dGhlIHNhbXBsZSBub25jZQAA==",
        ] {
            assert_eq!(Request { key: Some(bad), ..request() }.check(), Err(HandshakeError::Key), "{bad}");
        }
        let twice = format!("{KEY}, {KEY}");
        assert_eq!(Request { key: Some(&twice), ..request() }.check(), Err(HandshakeError::Key));
    }
}
