//! `play`: a terminal client for any room that lists what is legal. Shows my view, numbers my legal actions, tells what others
//! do, and comes back when the line is cut.

mod keyboard;
mod screen;

use super::args::Play;
use super::exit::{Exit, Failed};
use super::link::{Link, is_lost, until_back};
use super::mirror::{Mirror, News};
use super::remote::failed;
use super::stop::Stop;
use parlour_engine::schema::Kinds;
use screen::Screen;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

/// For how long a lost server is looked for.
const PATIENCE: Duration = Duration::from_secs(120);

const HELP: &str = "Type a number to take an action, v to see the room again, l for what you may do, {..} for an action in JSON, \
                    q to stop (your seat stays yours).";

pub(crate) fn run(kinds: &Kinds, play: &Play) -> Result<(), Failed> {
    if kinds.get(&play.kind).is_none() {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        return Err(Failed::new(Exit::NotFound, format!("there is no kind {:?}; there is: {}", play.kind, names.join(", "))));
    }
    let config: Value =
        serde_json::from_str(&play.config).map_err(|error| Failed::new(Exit::Usage, format!("--config is no JSON: {error}")))?;
    let stop = Stop::listen()?;
    let mut client = Client {
        link: Link::open(&play.remote)?,
        kind: play.kind.clone(),
        room: String::new(),
        seat: None,
        mirror: Mirror::default(),
        legal: Vec::new(),
        came: VecDeque::new(),
        has_news: false,
        pending: None,
        keyboard: keyboard::lines(),
        screen: Screen::new(),
        is_over: false,
    };
    client.open_room(play, &config)?;
    client.join(play.seat)?;
    client.say_who_we_are(play)?;
    let end = client.play(&stop);
    client.screen.unprompt()?;
    if !client.is_over {
        client.say_how_to_come_back();
    }
    client.link.close();
    end
}

struct Client {
    link: Link,
    kind: String,
    room: String,
    seat: Option<u32>,
    mirror: Mirror,
    legal: Vec<Value>,
    /// Frames that came while an answer was waited for.
    came: VecDeque<Value>,
    /// A view came that was not shown yet.
    has_news: bool,
    /// The action that was sent and not answered yet, with its id.
    pending: Option<(String, Value)>,
    keyboard: Receiver<String>,
    screen: Screen,
    is_over: bool,
}

impl Client {
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
            _ => {
                let mut failed = failed(&answer);
                if !play.no_bot && matches!(answer["code"].as_str(), Some("bot_not_seated" | "no_such_seat" | "seat_taken")) {
                    failed.why.push_str(" With --no-bot the room opens without one.");
                }
                return Err(failed);
            }
        };
        Ok(())
    }

    fn join(&mut self, seat: Option<u32>) -> Result<(), Failed> {
        let mut payload = json!({"room_id": self.room, "as": "player", "nonce": self.link.session, "open": false});
        if let Some(seat) = seat {
            payload["seat"] = json!(seat);
        }
        if let Some(at) = self.mirror.position() {
            payload["after"] = json!(at);
        }
        let answer = self.ask("join_room", json!({"payload": payload}))?;
        if answer["status"] != "ok" {
            return Err(failed(&answer));
        }
        if self.seat.is_none() {
            say!(
                "You sit on seat {} of {}. The dice are sealed: {}",
                answer["seat"],
                self.room,
                answer["seed_hash"].as_str().unwrap_or("?")
            );
        }
        self.seat = answer["seat"].as_u64().and_then(|seat| u32::try_from(seat).ok());
        Ok(())
    }

    fn say_who_we_are(&mut self, play: &Play) -> Result<(), Failed> {
        if play.room.is_none() {
            say!("The room is new. To come back to it: {}", self.way_back());
        }
        self.screen.answer(HELP)
    }

    fn way_back(&self) -> String {
        let server = &self.link.remote().server;
        let server = if server == super::args::SERVER { String::new() } else { format!(" --server {server}") };
        format!("parlour play {} --room {}{server}", self.kind, self.room)
    }

    fn say_how_to_come_back(&self) {
        say!("Your seat stays yours. To come back: {}", self.way_back());
        if let Some(token) = self.link.remote().token.as_ref().filter(|_| self.link.is_guest) {
            say!("You are a guest: come back as the same one with PARLOUR_TOKEN={token}");
        }
    }

    /// Sends a request and waits for its answer; what comes in between waits for its turn.
    fn ask(&mut self, kind: &str, message: Value) -> Result<Value, Failed> {
        let Self { link, came, .. } = self;
        link.ask(kind, message, &mut |frame| {
            came.push_back(frame.value);
            Ok(())
        })
    }

    fn play(&mut self, stop: &Stop) -> Result<(), Failed> {
        loop {
            if let Some(end) = stop.asked() {
                return Err(end);
            }
            match self.turn() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(failed) if is_lost(&failed) => self.come_back(stop, failed)?,
                Err(failed) => return Err(failed),
            }
        }
    }

    /// Looks at the line and the keyboard once; whether the game goes on.
    fn turn(&mut self) -> Result<bool, Failed> {
        let came = match self.came.pop_front() {
            Some(frame) => Some(frame),
            None => self.link.poll()?.map(|frame| frame.value),
        };
        if let Some(frame) = came {
            self.take(&frame)?;
            return Ok(true);
        }
        if std::mem::take(&mut self.has_news) {
            self.show_news()?;
            return Ok(true);
        }
        if self.is_over {
            return Ok(false);
        }
        self.screen.prompt(!self.legal.is_empty())?;
        match self.keyboard.try_recv() {
            Ok(line) => {
                self.screen.entered();
                self.typed(line.trim())
            }
            Err(TryRecvError::Empty) => Ok(true),
            Err(TryRecvError::Disconnected) => Ok(false),
        }
    }

    fn typed(&mut self, line: &str) -> Result<bool, Failed> {
        match line {
            "" => {}
            "q" | "quit" => return Ok(false),
            "v" => {
                self.screen.forget();
                self.show_view()?;
            }
            "l" => {
                self.ask_legal()?;
                self.show_legal()?;
            }
            "?" | "h" | "help" => self.screen.answer(HELP)?,
            json if json.starts_with('{') => match serde_json::from_str(json) {
                Ok(action) => self.act(action)?,
                Err(error) => self.screen.answer(&format!("That is no JSON: {error}"))?,
            },
            number => match number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).and_then(|n| self.legal.get(n)) {
                Some(action) => self.act(action.clone())?,
                None if self.legal.is_empty() => self.screen.answer(&format!("You cannot do anything just now. {HELP}"))?,
                None => {
                    let last = self.legal.len();
                    self.screen.answer(&format!("There is no {number}: choose 1 to {last}. {HELP}"))?;
                }
            },
        }
        Ok(true)
    }

    fn act(&mut self, action: Value) -> Result<(), Failed> {
        self.pending = Some((self.link.new_id(), action));
        self.send_pending()
    }

    fn send_pending(&mut self) -> Result<(), Failed> {
        let Some((id, action)) = self.pending.clone() else { return Ok(()) };
        let answer = self.ask("action", json!({"id": id, "room": self.room, "payload": action}))?;
        self.pending = None;
        if answer["status"] != "ok" {
            self.screen.answer(&format!("No: {}", answer["message"].as_str().unwrap_or("refused")))?;
        }
        self.has_news = true;
        Ok(())
    }

    /// Shows the room when there is something to do in it, or when it is over; what the others do in between is told by events.
    fn show_news(&mut self) -> Result<(), Failed> {
        let could = !self.legal.is_empty();
        self.ask_legal()?;
        if !self.came.is_empty() {
            // More came meanwhile: that first.
            self.has_news = true;
            return Ok(());
        }
        if self.is_over || !self.legal.is_empty() {
            self.show_view()?;
        }
        if self.legal.is_empty() && could && !self.is_over {
            self.screen.aside("  (waiting for the others)")?;
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

    fn show_view(&mut self) -> Result<(), Failed> {
        let what = match (self.is_over, self.legal.is_empty()) {
            (true, _) => "it is over",
            (false, false) => "your move",
            (false, true) => "the others move",
        };
        let seat = self.seat.map_or(String::new(), |seat| format!("you are seat {seat} · "));
        self.screen.view(&format!("{} ── {seat}{what}", self.room), &self.mirror.view)
    }

    fn show_legal(&mut self) -> Result<(), Failed> {
        self.screen.legal(&self.mirror.view, &self.legal)
    }

    fn take(&mut self, frame: &Value) -> Result<(), Failed> {
        match self.mirror.take(frame) {
            News::View => self.has_news = true,
            News::Lost => return self.join(self.seat),
            News::Event => {
                let kind = frame["type"].as_str().unwrap_or_default();
                self.screen.event(self.seat, &self.mirror.view, kind, &frame["payload"])?;
            }
            News::Other => self.aside(frame)?,
        }
        Ok(())
    }

    fn aside(&mut self, frame: &Value) -> Result<(), Failed> {
        let payload = &frame["payload"];
        let user = payload["user_id"].as_str().unwrap_or("somebody");
        match frame["type"].as_str().unwrap_or_default() {
            "closing" => self.screen.aside("The server is going away; waiting for it to come back."),
            "user_left" if payload["you"] == true => {
                self.is_over = true;
                self.screen.aside("You are no longer in this room.")
            }
            "user_joined" => self.screen.aside(&format!("* {user} is here")),
            "user_left" => self.screen.aside(&format!("* {user} has gone")),
            "error" => self.screen.answer(payload["message"].as_str().unwrap_or("something was wrong")),
            _ => Ok(()),
        }
    }

    /// Connects again, resumes where we were, and sends again what was not answered: the same id, so that it counts once.
    fn come_back(&mut self, stop: &Stop, why: Failed) -> Result<(), Failed> {
        self.screen.aside("The connection is lost; trying again. Ctrl-C gives up.")?;
        let seat = self.seat;
        until_back(PATIENCE, stop, why, || self.link.again().and_then(|()| self.join(seat)).and_then(|()| self.send_pending()))?;
        self.has_news = true;
        self.screen.aside("Back again.")
    }
}
