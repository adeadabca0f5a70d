//! A connection to a server as a client has it: the native protocol over one WebSocket, requests with answers, and the way back
//! when the line is cut.

use super::args::Remote;
use super::exit::{Exit, Failed};
use super::remote::failed;
use super::stop::Stop;
use serde_json::{Value, json};
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::http::Uri;
use tungstenite::{Message, WebSocket};

/// How long one look at the line takes at most.
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// Pauses between attempts to connect again; the last one repeats.
const PAUSES_S: [u64; 5] = [0, 1, 1, 2, 4];

/// One message of the server's, as it came and as it reads.
pub(crate) struct Frame {
    pub(crate) text: String,
    pub(crate) value: Value,
}

/// A connection that knows who it is.
pub(crate) struct Link {
    remote: Remote,
    socket: WebSocket<TcpStream>,
    reference: u64,
    /// Who the server says we are.
    pub(crate) user: String,
    /// Of the first connection: so that two runs never use the same message ids.
    pub(crate) session: String,
    pub(crate) is_guest: bool,
    heard: Instant,
    /// After this much silence the line is taken for dead: the server would have pinged.
    silence: Duration,
}

impl Link {
    pub(crate) fn open(remote: &Remote) -> Result<Self, Failed> {
        let mut link = Self {
            socket: dial(remote)?,
            remote: remote.clone(),
            reference: 0,
            user: String::new(),
            session: String::new(),
            is_guest: false,
            heard: Instant::now(),
            silence: Duration::MAX,
        };
        link.greeting()?;
        Ok(link)
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Connects again as the same one.
    pub(crate) fn again(&mut self) -> Result<(), Failed> {
        self.socket = dial(&self.remote)?;
        self.heard = Instant::now();
        self.greeting()
    }

    /// The first frame says who we are, or why we may not be here.
    fn greeting(&mut self) -> Result<(), Failed> {
        if self.remote.token.is_none() {
            // A server that lets no guests in waits for a token and says nothing: asked for anything, it says so.
            self.send(&json!({"type": "ping"}))?;
        }
        let deadline = Instant::now() + self.remote.timeout;
        loop {
            let Some(frame) = self.poll()? else {
                if Instant::now() > deadline {
                    return Err(self.remote.timed_out());
                }
                continue;
            };
            let payload = &frame.value["payload"];
            match frame.value["type"].as_str() {
                Some("connected") => {
                    let text = |key: &str| payload[key].as_str().unwrap_or_default().to_owned();
                    self.user = text("user_id");
                    if self.session.is_empty() {
                        self.session = text("session_id");
                    }
                    if let Some(token) = payload["token"].as_str() {
                        self.remote.token = Some(token.to_owned());
                        self.is_guest = true;
                    }
                    if let Some(ping_ms) = payload["limits"]["ping_ms"].as_u64() {
                        self.silence = Duration::from_millis(ping_ms.saturating_mul(2)).saturating_add(self.remote.timeout);
                    }
                    return Ok(());
                }
                Some("error") => return Err(failed(payload)),
                _ => {}
            }
        }
    }

    /// Sends a request and waits for its answer; what comes in between is handed to `meanwhile`.
    pub(crate) fn ask(
        &mut self,
        kind: &str,
        mut message: Value,
        meanwhile: &mut dyn FnMut(Frame) -> Result<(), Failed>,
    ) -> Result<Value, Failed> {
        self.reference += 1;
        let reference = self.reference.to_string();
        message["type"] = json!(kind);
        message["ref"] = json!(reference);
        self.send(&message)?;
        let deadline = Instant::now() + self.remote.timeout;
        loop {
            match self.poll()? {
                Some(mut frame) if frame.value["type"] == "ack" && frame.value["payload"]["ref"] == reference.as_str() => {
                    return Ok(frame.value["payload"].take());
                }
                Some(frame) => meanwhile(frame)?,
                None if Instant::now() > deadline => return Err(self.remote.timed_out()),
                None => {}
            }
        }
    }

    /// An id that no other request of anybody's has.
    pub(crate) fn new_id(&mut self) -> String {
        self.reference += 1;
        format!("{}-{}", self.session, self.reference)
    }

    pub(crate) fn send(&mut self, message: &Value) -> Result<(), Failed> {
        self.socket.send(Message::text(message.to_string())).map_err(|error| self.remote.unreachable(&error))
    }

    /// What came, if anything did within a moment.
    pub(crate) fn poll(&mut self) -> Result<Option<Frame>, Failed> {
        let read = self.socket.read();
        if read.is_ok() {
            self.heard = Instant::now();
        }
        match read {
            Ok(Message::Text(text)) => {
                let value = serde_json::from_str(text.as_str());
                Ok(value.ok().map(|value| Frame { text: text.as_str().to_owned(), value }))
            }
            Ok(Message::Close(_)) => Err(self.remote.unreachable(&"it closed the connection")),
            Ok(_) => Ok(None),
            Err(tungstenite::Error::Io(error)) if is_waiting(&error) => {
                if self.heard.elapsed() > self.silence {
                    Err(self.remote.timed_out())
                } else {
                    Ok(None)
                }
            }
            Err(error) => Err(self.remote.unreachable(&error)),
        }
    }

    /// Takes leave, as far as the line still carries it.
    pub(crate) fn close(&mut self) {
        let _ = self.socket.close(None);
        let _ = self.socket.flush();
    }
}

/// Attempts to come back after the line was lost for this reason: until one succeeds, fails for another reason, or is the last
/// for which there is patience.
pub(crate) fn until_back(
    patience: Duration,
    stop: &Stop,
    why: Failed,
    mut attempt: impl FnMut() -> Result<(), Failed>,
) -> Result<(), Failed> {
    let (until, mut last) = (Instant::now() + patience, why);
    let pauses = PAUSES_S.into_iter().chain(std::iter::repeat(PAUSES_S[PAUSES_S.len() - 1]));
    for pause in pauses {
        let next = Instant::now() + Duration::from_secs(pause);
        if next > until {
            break;
        }
        while Instant::now() < next && stop.asked().is_none() {
            thread::sleep(TICK);
        }
        if let Some(end) = stop.asked() {
            return Err(end);
        }
        match attempt() {
            Err(failed) if is_lost(&failed) => last = failed,
            end => return end,
        }
    }
    Err(last)
}

/// Whether connecting again may help.
pub(crate) fn is_lost(failed: &Failed) -> bool {
    matches!(failed.exit, Exit::Unreachable | Exit::TimedOut)
}

/// Nothing came within a moment, or a signal did, which is looked at elsewhere.
fn is_waiting(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

fn dial(remote: &Remote) -> Result<WebSocket<TcpStream>, Failed> {
    let rest = remote.base()?.trim_start_matches("http://");
    let wrong = |why: &dyn std::fmt::Display| Failed::new(Exit::Usage, format!("--server {}: {why}", remote.server));
    let url: Uri = format!("ws://{rest}/v1/ws").parse().map_err(|error| wrong(&error))?;
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_u16().unwrap_or(80);
    let mut request = url.into_client_request().map_err(|error| wrong(&error))?;
    if let Some(token) = &remote.token {
        let bearer = format!("Bearer {token}").parse();
        let bearer = bearer.map_err(|_| Failed::new(Exit::Usage, "the token has characters that no token has: is it whole?"))?;
        request.headers_mut().insert("Authorization", bearer);
    }
    let deadline = Instant::now() + remote.timeout;
    let stream = connect(remote, &host, port)?;
    let prepared = stream
        .set_read_timeout(Some(TICK))
        .and_then(|()| stream.set_write_timeout(Some(remote.timeout)))
        .and_then(|()| stream.set_nodelay(true));
    prepared.map_err(|error| remote.unreachable(&error))?;
    let mut attempt = tungstenite::client(request, stream);
    loop {
        match attempt {
            Ok((socket, _)) => return Ok(socket),
            Err(HandshakeError::Interrupted(_)) if Instant::now() > deadline => return Err(remote.timed_out()),
            Err(HandshakeError::Interrupted(half)) => attempt = half.handshake(),
            Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                let why = format!("it answered {} where a Parlour server opens a WebSocket", response.status());
                return Err(remote.unreachable(&why));
            }
            Err(HandshakeError::Failure(error)) => return Err(remote.unreachable(&error)),
        }
    }
}

fn connect(remote: &Remote, host: &str, port: u16) -> Result<TcpStream, Failed> {
    let addresses = (host, port).to_socket_addrs().map_err(|error| remote.unreachable(&error))?;
    let mut last = remote.unreachable(&"the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, remote.timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = remote.unreachable(&error),
        }
    }
    Err(last)
}
