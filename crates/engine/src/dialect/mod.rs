//! The wire formats. The native one turns bytes into a `Command` and notices into bytes, and knows no room. Every other is a
//! [`Dialect`]: it stands between framing and the native protocol, at the edge of one connection. What its client says becomes
//! native requests, and the native frames that the shard has for this connection become the dialect's messages. So every
//! promise of the native protocol holds through it.

pub(crate) mod aniworld;
mod asks;
pub(crate) mod casys;
pub mod chat;
mod envelope;
pub(crate) mod frame;
pub mod laneya;
pub mod mantimon;
pub mod native;
pub mod native_out;
pub(crate) mod seen;

use crate::io::Now;

/// How closely the original is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    /// Its format without its quirks.
    Strict,
    /// As its clients know it.
    Compat,
}

/// A dialect's part of one connection. It keeps what it was told, and nothing of it without a bound.
pub trait Dialect: Send {
    /// The connection begins; who it is may be known later, and a native `connected` says so.
    fn begins(&mut self, _now: Now, _out: &mut Vec<Out>) {}

    /// Its client said something.
    fn hear(&mut self, heard: Heard<'_>, now: Now, out: &mut Vec<Out>);

    /// The native frames that one turn of the shard has for this connection, in order. Before `connected` an `error` may
    /// come: that it is nobody, or its token no good; the shard ends the connection after that.
    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, now: Now, out: &mut Vec<Out>);

    /// The journal cannot be written: nothing more is told of any room, and the server ends. No native client is told that.
    fn fails(&mut self, _now: Now, _out: &mut Vec<Out>) {}

    /// When to call [`Dialect::time`], in monotonic time.
    fn deadline(&self) -> Option<u64> {
        None
    }

    /// Does what is due by now.
    fn time(&mut self, _now: Now, _out: &mut Vec<Out>) {}

    /// What its clients know this close code as.
    fn close_code(&self, code: u16) -> u16 {
        code
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// A native request, as a client would have sent it. It is charged.
    Ask(String),
    /// Who it is: by this token.
    Known(String),
    /// Who it is: by a name that it gave itself, where the mode believes that. Else it is told `authentication_required`,
    /// natively.
    Named(String),
    /// It said something that asks nothing natively, and was no junk: charged as a control frame is. What makes neither this
    /// nor a request of what its client said has called it junk, which is a strike.
    Heeded,
    /// A message of the dialect, whole. Over Socket.IO it is the one argument of this event.
    Say {
        /// The name of the event; empty where there are none.
        event: &'static str,
        /// JSON.
        body: String,
    },
    /// Answers the event that asked for this ack, with one object.
    Ack {
        /// Which.
        ack: u64,
        /// The object.
        body: String,
    },
    /// Answers the HTTP request, where that is what the connection is: once, and that is its end.
    Reply {
        /// HTTP's.
        status: u16,
        /// JSON.
        body: String,
    },
    /// Connections that come from the same address later are given this.
    Remember(String),
    /// The connection is to end, after what was said: a close code of RFC 6455.
    End(u16, &'static str),
}

/// What a client said.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The Socket.IO event by which it came.
    pub event: Option<&'a str>,
    /// The message; empty where it was binary, which none is.
    pub text: &'a str,
    /// The ack that it asks for.
    pub ack: Option<u64>,
}

/// An HTTP request of a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// In capitals.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// What came with it: the empty text where that was no UTF-8.
    pub body: String,
}

/// The value of a name in a query, decoded (WHATWG URL, `application/x-www-form-urlencoded`). The first, if there are several.
pub(crate) fn query(target: &str, name: &str) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(key, _)| decoded(key).as_deref() == Some(name)).and_then(|(_, value)| decoded(value))
}

/// `%41` and `+` as they were meant. `None` if that is no UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex =
            |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
        (rest, _) = match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => (&after[2..], bytes.push(high << 4 | low)),
            (b'+', ..) => (after, bytes.push(b' ')),
            _ => (after, bytes.push(*first)),
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_browsers_write_it() {
        let target = "/ws/casys?session_id=a%20b&game_id=g+%C3%A9%2Fx&game_id=second&flag";
        assert_eq!(query(target, "session_id").as_deref(), Some("a b"));
        assert_eq!(query(target, "game_id").as_deref(), Some("g é/x"));
        assert_eq!(query(target, "flag").as_deref(), Some(""));
        assert_eq!(query(target, "other"), None);
        assert_eq!(query("/ws/casys", "game_id"), None);
        assert_eq!(query("/p?x=%ff", "x"), None, "what is no UTF-8 is no value");
        assert_eq!(query("/p?x=%4", "x").as_deref(), Some("%4"));
    }
}
