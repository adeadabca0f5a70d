//! `play`: a terminal client for any room that lists what is legal. Shows my view, numbers my legal actions, and comes back
//! when the line is cut.

use super::args::{Play, Remote};
use super::exit::{Exit, Failed};
use super::names::Names;
use super::patched;
use super::remote::{exit_for, sentence};
use super::show::{action, outline, print, words};
use parlour_engine::schema::Kinds;
use parlour_room::Position;
use serde_json::{Value, json};
use std::io::{self, BufRead, IsTerminal};
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::Duration;
use tungstenite::client::IntoClientRequest;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// How long one read waits before the keyboard is looked at again.
const TICK: Duration = Duration::from_millis(50);
/// Pauses between attempts to connect again, in seconds; after the last the game is given up.
const PAUSES_S: [u64; 6] = [0, 1, 1, 2, 4, 8];

const HELP: &str = "Type a number to take an action, v to see the room again, l for what you may do, {..} for an action in JSON, \
                    q to stop (your seat stays yours).";

pub(crate) fn run(kinds: &Kinds, play: &Play) -> Result<(), Failed> {
    if kinds.get(&play.kind).is_none() {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        return Err(Failed::new(Exit::NotFound, format!("there is no kind {:?}; there is: {}", play.kind, names.join(", "))));
    }
    let config: Value =
        serde_json::from_str(&play.config).map_err(|error| Failed::new(Exit::Usage, format!("--config is no JSON: {error}")))?;
    let mut client = Client::connect(play)?;
    client.open_room(play, &config)?;
    client.join(play.seat)?;
    say!("{HELP}");
    client.play()
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

struct Client {
    url: String,
    kind: String,
    remote: Remote,
    is_guest: bool,
    socket: Socket,
    reference: u64,
    /// So that two runs never use the same message ids.
    run: String,
    room: String,
    seat: Option<u32>,
    at: Option<String>,
    view: Value,
    /// The number of that view.
    p: Option<u64>,
    legal: Vec<Value>,
    /// A view came that was not shown yet.
    has_news: bool,
    /// The action that was sent and not answered yet, with its id.
    pending: Option<(String, Value)>,
    keyboard: Receiver<String>,
    is_over: bool,
}

impl Client {
    fn connect(play: &Play) -> Result<Self, Failed> {
        let url = play.remote.socket_url()?;
        let socket = dial(&url, play.remote.token.as_deref()).map_err(|error| play.remote.unreachable(&error))?;
        let mut client = Self {
            url,
            kind: play.kind.clone(),
            remote: play.remote.clone(),
            is_guest: false,
            socket,
            reference: 0,
            run: String::new(),
            room: String::new(),
            seat: None,
            at: None,
            view: Value::Null,
            p: None,
            legal: Vec::new(),
            has_news: false,
            pending: None,
            keyboard: read_keyboard(),
            is_over: false,
        };
        client.greeting()?;
        Ok(client)
    }

    /// The first frame says who we are, or why we may not be here.
    fn greeting(&mut self) -> Result<(), Failed> {
        if self.remote.token.is_none() {
            // A server that lets no guests in waits for a token and says nothing: asked for anything, it says so.
            self.send(&json!({"type": "ping"}))?;
        }
        loop {
            let frame = self.next()?;
            match frame["type"].as_str() {
                Some("connected") => {
                    self.run = frame["payload"]["session_id"].as_str().unwrap_or_default().to_owned();
                    if let Some(token) = frame["payload"]["token"].as_str() {
                        self.remote.token = Some(token.to_owned());
                        self.is_guest = true;
                    }
                    return Ok(());
                }
                Some("error") => return Err(failed(&frame["payload"])),
                _ => {}
            }
        }
    }

    fn open_room(&mut self, play: &Play, config: &Value) -> Result<(), Failed> {
        let mut payload = json!({"kind": play.kind, "config": config});
        if let Some(room) = &play.room {
            payload["room_id"] = json!(room);
        }
        if !play.no_bot {
            let seat = if play.seat == Some(1) { "0" } else { "1" };
            payload["bots"] = json!({seat: "random"});
        }
        let answer = self.ask("open_room", json!({"payload": payload}))?;
        self.room = match (answer["room_id"].as_str(), &play.room) {
            (Some(room), _) => room.to_owned(),
            (None, Some(room)) if answer["code"] == "room_exists" => room.clone(),
            _ => return Err(failed(&answer)),
        };
        Ok(())
    }

    fn join(&mut self, seat: Option<u32>) -> Result<(), Failed> {
        let mut payload = json!({"room_id": self.room, "as": "player", "nonce": self.run});
        if let Some(seat) = seat {
            payload["seat"] = json!(seat);
        }
        if let Some(at) = &self.at {
            payload["after"] = json!(at);
        }
        let answer = self.ask("join_room", json!({"payload": payload}))?;
        if answer["status"] != "ok" {
            return Err(failed(&answer));
        }
        self.seat = answer["seat"].as_u64().and_then(|seat| u32::try_from(seat).ok());
        say!(
            "You sit on seat {} of {}. The dice are sealed: {}",
            answer["seat"],
            self.room,
            answer["seed_hash"].as_str().unwrap_or("?")
        );
        Ok(())
    }

    /// Sends a request and waits for its answer; what comes in between is shown.
    fn ask(&mut self, kind: &str, mut message: Value) -> Result<Value, Failed> {
        self.reference += 1;
        let reference = self.reference.to_string();
        message["type"] = json!(kind);
        message["ref"] = json!(reference);
        self.send(&message)?;
        loop {
            let frame = self.next()?;
            if frame["type"] == "ack" && frame["payload"]["ref"] == reference.as_str() {
                return Ok(frame["payload"].clone());
            }
            self.take(&frame)?;
        }
    }

    fn play(&mut self) -> Result<(), Failed> {
        loop {
            let turn = self.turn();
            match turn {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(failed) if failed.exit == Exit::Unreachable => self.come_back()?,
                Err(failed) => return Err(failed),
            }
        }
    }

    /// Looks at the line and the keyboard once; whether the game goes on.
    fn turn(&mut self) -> Result<bool, Failed> {
        if let Some(frame) = self.poll()? {
            self.take(&frame)?;
            return Ok(true);
        }
        if std::mem::take(&mut self.has_news) {
            self.show_news()?;
        }
        if self.is_over {
            return Ok(false);
        }
        match self.keyboard.try_recv() {
            Ok(line) => self.typed(line.trim()),
            Err(TryRecvError::Empty) => Ok(true),
            Err(TryRecvError::Disconnected) => Ok(false),
        }
    }

    fn typed(&mut self, line: &str) -> Result<bool, Failed> {
        match line {
            "" => {}
            "q" | "quit" => {
                self.say_how_to_come_back();
                return Ok(false);
            }
            "v" => self.show_view()?,
            "l" => {
                self.ask_legal()?;
                self.show_legal()?;
            }
            "?" | "h" | "help" => say!("{HELP}"),
            json if json.starts_with('{') => match serde_json::from_str(json) {
                Ok(action) => self.act(action)?,
                Err(error) => say!("That is no JSON: {error}"),
            },
            number => match number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).and_then(|n| self.legal.get(n)) {
                Some(action) => self.act(action.clone())?,
                None if self.legal.is_empty() => say!("You cannot do anything just now. {HELP}"),
                None => say!("There is no {number}: choose 1 to {}. {HELP}", self.legal.len()),
            },
        }
        Ok(true)
    }

    fn say_how_to_come_back(&self) {
        let Self { kind, room, remote, .. } = self;
        say!("Your seat stays yours. To come back: parlour play {kind} --room {room} --server {}", remote.server);
        if let Some(token) = remote.token.as_ref().filter(|_| self.is_guest) {
            say!("with PARLOUR_TOKEN={token}");
        }
    }

    fn act(&mut self, action: Value) -> Result<(), Failed> {
        self.reference += 1;
        let id = format!("{}-{}", self.run, self.reference);
        self.pending = Some((id, action));
        self.send_pending()
    }

    fn send_pending(&mut self) -> Result<(), Failed> {
        let Some((id, action)) = self.pending.clone() else { return Ok(()) };
        let answer = self.ask("action", json!({"id": id, "room": self.room, "payload": action}))?;
        self.pending = None;
        if answer["status"] != "ok" {
            say!("No: {}", answer["message"].as_str().unwrap_or("refused"));
        }
        self.has_news = true;
        Ok(())
    }

    /// Shows the room when there is something to do in it, or when it is over; what the others do in between is told by events.
    fn show_news(&mut self) -> Result<(), Failed> {
        self.ask_legal()?;
        if self.is_over || !self.legal.is_empty() {
            self.show_view()?;
        }
        self.show_legal()
    }

    fn ask_legal(&mut self) -> Result<(), Failed> {
        if self.is_over {
            return Ok(());
        }
        let answer = self.ask("legal", json!({"room": self.room}))?;
        self.legal = answer["actions"].as_array().cloned().unwrap_or_default();
        self.is_over |= answer["ended"] == true;
        Ok(())
    }

    fn show_legal(&self) -> Result<(), Failed> {
        let names = Names::of(&self.view);
        let lines: Vec<String> = self.legal.iter().map(|value| action(&names.put_into(value))).collect();
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            text.push_str(&format!("  {:>2}  {line}\n", number + 1));
        }
        if self.legal.is_empty() && !self.is_over {
            text.push_str("  (waiting for the others)\n");
        }
        print(&text)
    }

    fn take(&mut self, frame: &Value) -> Result<(), Failed> {
        let kind = frame["type"].as_str().unwrap_or_default();
        match kind {
            "view" => {
                self.at = frame["at"].as_str().map(str::to_owned);
                (self.view, self.p) = (frame["payload"].clone(), frame["p"].as_u64());
                self.has_news = true;
                Ok(())
            }
            "patch" => {
                // Without a view there is none to change: a whole one is under way.
                let Some(p) = self.p.take() else { return Ok(()) };
                if frame["p"] != p + 1 || patched::apply(&mut self.view, &frame["payload"]["ops"]).is_none() {
                    // Something was lost: joining again brings a whole view.
                    return self.join(self.seat);
                }
                self.p = Some(p + 1);
                self.has_news = true;
                Ok(())
            }
            "closing" => {
                say!("The server is going away; waiting for it to come back.");
                Ok(())
            }
            "user_left" if frame["payload"]["you"] == true => {
                self.is_over = true;
                print("You are no longer in this room.\n")
            }
            "user_joined" | "user_left" => {
                let verb = if kind == "user_joined" { "is here" } else { "has gone" };
                print(&format!("* {} {verb}\n", frame["payload"]["user_id"].as_str().unwrap_or("somebody")))
            }
            "error" => {
                say!("{}", frame["payload"]["message"].as_str().unwrap_or("something was wrong"));
                Ok(())
            }
            "ack" | "pong" | "room_update" | "connected" => Ok(()),
            event => {
                self.heard(frame);
                let mut told = Names::of(&self.view).put_into(&frame["payload"]);
                if told.is_object() {
                    told["type"] = json!(event);
                }
                print(&format!("* {}\n", if told.is_object() { action(&told) } else { words(event) }))
            }
        }
    }

    /// An event says how far we have heard; what to come back to is `life.n.m`.
    fn heard(&mut self, frame: &Value) {
        let Some(mut at) = self.at.as_deref().and_then(Position::parse) else { return };
        at.n = frame["n"].as_u64().unwrap_or(at.n);
        at.m = frame["m"].as_u64().or(at.m);
        self.at = Some(at.to_string());
    }

    fn show_view(&self) -> Result<(), Failed> {
        print(&format!("\n── {} ──\n{}", self.room, outline(&Names::of(&self.view).put_into(&self.view))))
    }

    fn send(&mut self, message: &Value) -> Result<(), Failed> {
        self.socket.send(Message::text(message.to_string())).map_err(|error| self.remote.unreachable(&error))
    }

    fn next(&mut self) -> Result<Value, Failed> {
        loop {
            if let Some(frame) = self.poll()? {
                return Ok(frame);
            }
        }
    }

    fn poll(&mut self) -> Result<Option<Value>, Failed> {
        match self.socket.read() {
            Ok(Message::Text(text)) => Ok(serde_json::from_str(text.as_str()).ok()),
            Ok(Message::Close(_)) => Err(self.remote.unreachable(&"it closed the connection")),
            Ok(_) => Ok(None),
            Err(tungstenite::Error::Io(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(self.remote.unreachable(&error)),
        }
    }

    /// Connects again, resumes where we were, and sends again what was not answered: the same id, so that it counts once.
    fn come_back(&mut self) -> Result<(), Failed> {
        let mut last = self.remote.unreachable(&"gave up");
        for pause_s in PAUSES_S {
            thread::sleep(Duration::from_secs(pause_s));
            let back = dial(&self.url, self.remote.token.as_deref()).map_err(|error| self.remote.unreachable(&error)).and_then(
                |socket| {
                    self.socket = socket;
                    let run = std::mem::take(&mut self.run);
                    let greeted = self.greeting();
                    self.run = run;
                    greeted?;
                    self.join(self.seat)?;
                    self.send_pending()
                },
            );
            match back {
                Ok(()) => return Ok(()),
                Err(failed) if failed.exit == Exit::Unreachable => {
                    say!("No connection; trying again.");
                    last = failed;
                }
                Err(failed) => return Err(failed),
            }
        }
        Err(last)
    }
}

fn dial(url: &str, token: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let mut request = url.into_client_request()?;
    if let Some(token) = token.and_then(|token| format!("Bearer {token}").parse().ok()) {
        request.headers_mut().insert("Authorization", token);
    }
    let (socket, _) = tungstenite::connect(request)?;
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_read_timeout(Some(TICK)).map_err(tungstenite::Error::Io)?;
    }
    Ok(socket)
}

fn failed(payload: &Value) -> Failed {
    let text = |key: &str| payload[key].as_str().unwrap_or_default();
    Failed::new(exit_for(text("kind"), text("code")), sentence(text("message"), text("code")))
}

/// Lines as they are typed. When nothing can be typed any more the channel closes.
fn read_keyboard() -> Receiver<String> {
    let (typed, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if typed.send(line).is_err() {
                return;
            }
            if !io::stdin().is_terminal() {
                // A script has no eyes: give the room time to answer before the next line counts.
                thread::sleep(TICK * 2);
            }
        }
    });
    lines
}
