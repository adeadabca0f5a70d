//! The HTTP requests of the dialect: each asks natively what its route means, and is answered once. What only looks takes no
//! seat, and what acts does so as the user, wherever that sits.

use super::code::Refusal;
use super::names::{self, DICE, FEEDBACK, GUEST, KIND, SETTINGS};
use super::{Mode, Out, Room, state};
use crate::dialect::asks::Asks;
use crate::dialect::frame::{Answer, Connected, Frame};
use crate::dialect::{Dialect, Heard, Rest, query};
use crate::io::Now;
use crate::wire::Opening;
use serde_json::{Map, Value, json};

const DICE_PATH: &str = "/api/utils/dice/";

/// By method and path.
const ROUTES: [(&str, &str, Route); 7] = [
    ("POST", "/api/game/initialize", Route::Initialize),
    ("GET", "/api/game/state", Route::State),
    ("POST", "/api/game/stop", Route::Stop),
    ("POST", "/api/game/reset", Route::Reset),
    ("GET", "/api/game/feedback", Route::Feedback),
    ("POST", "/api/utils/feedback", Route::GiveFeedback),
    ("GET", "/api/health", Route::Health),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Initialize,
    State,
    Stop,
    Reset,
    Feedback,
    GiveFeedback,
    Dice,
    Health,
}

/// Whether a request to this path is the dialect's.
pub(crate) fn is_route(path: &str) -> bool {
    path.starts_with(DICE_PATH) || ROUTES.iter().any(|(_, known, _)| *known == path)
}

/// What is being asked natively.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Join,
    Look,
    Act,
}

/// One request.
pub(crate) struct Call {
    mode: Mode,
    is_anonymous: bool,
    route: Result<Route, Refusal>,
    /// The last part of the path.
    rest: String,
    fields: Map<String, Value>,
    game: Option<String>,
    session: Option<String>,
    luck: [u8; 32],
    /// How long it may take, and until when it waits for the narrator.
    patience_ms: u64,
    until_ms: Option<u64>,
    /// Whether that is over: the book's own words stand, whatever the narrator does later.
    is_late: bool,
    is_guest: bool,
    is_opened: bool,
    asks: Asks<Stage>,
    room: Room,
}

impl Call {
    /// For a request of which nothing was done yet. It waits so long for the narrator, at most.
    pub(crate) fn new(opening: &Opening<'_>, request: &Rest, mode: Mode, patience_ms: u64) -> Self {
        let (path, rest) = match request.target.split_once('?').map_or(request.target.as_str(), |(path, _)| path) {
            path if path.starts_with(DICE_PATH) => (DICE_PATH, &path[DICE_PATH.len()..]),
            path => (path, ""),
        };
        let mut call = Self {
            mode,
            is_anonymous: opening.is_anonymous,
            route: route(&request.method, path),
            rest: rest.to_owned(),
            fields: Map::new(),
            game: None,
            session: None,
            luck: opening.luck,
            patience_ms,
            until_ms: None,
            is_late: false,
            is_guest: false,
            is_opened: false,
            asks: Asks::new(),
            room: Room::default(),
        };
        if let Ok(route) = call.route
            && let Err(refusal) = call.read(route, opening, request)
        {
            call.route = Err(refusal);
        }
        call
    }

    /// Finds out which game is meant, and of what.
    fn read(&mut self, route: Route, opening: &Opening<'_>, request: &Rest) -> Result<(), Refusal> {
        if request.method == "POST" && !request.body.trim().is_empty() {
            self.fields = serde_json::from_str(&request.body)
                .map_err(|_| Refusal::own("unprocessable", "invalid_body", "The body is one JSON object, or nothing."))?;
        }
        self.game = self.text("game_id")?.or_else(|| query(&request.target, "game_id").filter(|game| !game.is_empty()));
        self.session = self.text("session_id")?.or_else(|| query(&request.target, "session_id"));
        if self.session.as_deref().is_some_and(|session| !names::is_session(session)) {
            return Err(Refusal::own("unprocessable", "invalid_session", "A session_id is of letters, digits, '.', '-', '_'."));
        }
        match route {
            Route::Dice | Route::Health => return Ok(()),
            Route::Initialize => {
                if self.fields.get("section_number").is_some_and(|section| !section.is_null() && section != 1) {
                    return Err(Refusal::invalid("bad_section", "A game begins in section 1."));
                }
                // Known beforehand: who plays without a token plays as the game's.
                self.game.get_or_insert_with(|| format!("{KIND}-{}", super::choice::hex(&self.luck[..8])));
            }
            // The original had to be told, too.
            Route::State => {}
            Route::Stop | Route::Reset | Route::Feedback | Route::GiveFeedback => {
                if self.game.is_none() && self.mode == Mode::Compat {
                    let (game, session) = names::recall(opening.remembered);
                    (self.game, self.session) = (Some(game), self.session.take().or(session));
                }
            }
        }
        if route == Route::GiveFeedback {
            self.feedback()?;
        }
        self.game.as_ref().map(|_| ()).ok_or_else(Refusal::no_game)
    }

    /// A field that is a text, or not there.
    fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(Refusal::own("unprocessable", "invalid_body", &format!("{name} is a string."))),
        }
    }

    fn feedback(&self) -> Result<&str, Refusal> {
        let said = FEEDBACK.iter().find_map(|name| self.fields.get(*name)?.as_str());
        said.ok_or_else(|| Refusal::own("unprocessable", "invalid_body", "The body has feedback: a string."))
    }

    fn reply(status: u16, body: &Value) -> Out {
        Out::Reply { status, body: body.to_string() }
    }

    fn refuse(refusal: &Refusal) -> Out {
        let refusal = if refusal.code == "room_not_found" { &Refusal::not_found() } else { refusal };
        Out::Reply { status: refusal.status(), body: refusal.detail() }
    }

    fn ask(&mut self, stage: Stage, kind: &str, payload: Value, out: &mut Vec<Out>) {
        self.asks.ask(stage, json!({"type": kind, "payload": payload}), out);
    }

    fn join(&mut self, role: &str, out: &mut Vec<Out>) {
        let stage = if role == "player" { Stage::Join } else { Stage::Look };
        self.ask(stage, "join_room", json!({"room_id": self.game, "as": role}), out);
    }

    fn act(&mut self, action: Value, out: &mut Vec<Out>) {
        self.asks.ask(Stage::Act, json!({"type": "action", "room": self.game, "payload": action}), out);
    }

    /// It is known who asks.
    fn start(&mut self, route: Route, out: &mut Vec<Out>) {
        match route {
            Route::Initialize => {
                let settings = self.fields.get("settings").and_then(Value::as_object);
                let chosen = SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), settings?.get(*name)?.clone())));
                let config: Map<String, Value> = chosen.collect();
                self.ask(Stage::Open, "open_room", json!({"kind": KIND, "room_id": self.game, "config": config}), out);
            }
            Route::State | Route::Feedback => self.join("spectator", out),
            Route::Stop => self.act(json!({"type": "stop"}), out),
            Route::Reset => self.act(json!({"type": "restart"}), out),
            Route::GiveFeedback => {
                let text = self.feedback().unwrap_or_default().to_owned();
                self.act(json!({"type": "remark", "text": text}), out);
            }
            Route::Dice | Route::Health => {}
        }
    }

    fn answered(&mut self, route: Route, stage: Stage, answer: &Answer<'_>, out: &mut Vec<Out>) {
        let is_ok = answer.status == "ok";
        match (route, stage) {
            (Route::Initialize, Stage::Open) if is_ok => {
                self.is_opened = true;
                // The story begins when somebody comes. A guest comes by another name.
                self.join(if self.is_guest { "spectator" } else { "player" }, out);
            }
            (Route::Initialize, Stage::Open) if answer.code == "room_exists" => self.join("spectator", out),
            (_, Stage::Join | Stage::Look) if is_ok => self.room.joined(answer),
            (Route::Reset, Stage::Act) if is_ok => self.join("spectator", out),
            (Route::Stop, Stage::Act) if is_ok => {
                out.push(Self::reply(200, &json!({"success": true, "message": "The game was stopped.", "game_id": self.game})));
            }
            (Route::GiveFeedback, Stage::Act) if is_ok => {
                out.push(Self::reply(200, &json!({"success": true, "message": "Thank you.", "game_id": self.game})));
            }
            _ => out.push(Self::refuse(&Refusal::of(answer))),
        }
    }

    /// Answers with what is seen of the game, once that can be.
    fn settle(&mut self, route: Route, out: &mut Vec<Out>) {
        let Some(view) = self.room.seen.view().filter(|_| self.asks.pending().len() == 0) else { return };
        if !state::is_quest(view) {
            return out.push(Self::refuse(&Refusal::not_found()));
        }
        if route == Route::Initialize && state::is_narrating(view) && !self.is_late {
            return;
        }
        let game = self.game.clone().unwrap_or_default();
        let Some(state) = self.room.state(&game, self.session.as_deref(), self.mode, self.room.p) else { return };
        let body = match route {
            Route::State => state,
            Route::Feedback => json!({"game_id": game, "feedback": self.remarks(view, &game)}),
            Route::Reset => json!({"success": true, "message": "The story begins anew.", "game_id": game, "state": state}),
            _ => {
                let message = if self.is_opened { "The game was initialised." } else { "The game goes on." };
                out.push(Out::Remember(names::memory(&game, self.session.as_deref())));
                json!({"success": true, "message": message, "game_id": game, "state": state})
            }
        };
        out.push(Self::reply(200, &body));
    }

    fn remarks(&self, view: &Value, game: &str) -> Vec<Value> {
        let about = state::About { game, session: "", opened_ms: self.room.opened_ms, mode: self.mode };
        let remarks = view["party"]["remarks"].as_array().map(Vec::as_slice).unwrap_or_default();
        let told = remarks.iter().map(|remark| {
            let at = about.time(&remark["at_ms"]);
            json!({"name": remark["name"], "text": remark["text"], "step": remark["step"], "timestamp": at})
        });
        told.collect()
    }

    /// Two dice, of the connection's own luck: no room draws them, and none is moved by them.
    fn roll(&self) -> Out {
        if !DICE.contains(&self.rest.as_str()) {
            let text = format!("There are no dice of this type: one of {}.", DICE.join(", "));
            return Self::refuse(&Refusal::own("not_found", "unknown_dice", &text));
        }
        let [a, b, c, d, e, f, g, h, ..] = self.luck;
        // Of so many numbers that one pair is not seen to be likelier than another.
        let pair = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 36;
        let (one, other) = (pair / 6 + 1, pair % 6 + 1);
        Self::reply(200, &json!({"total": one + other, "details": [one, other], "type": self.rest}))
    }
}

impl Dialect for Call {
    fn begins(&mut self, now: Now, out: &mut Vec<Out>) {
        self.until_ms = Some(now.mono_ms.saturating_add(self.patience_ms));
        match (&self.route, &self.game) {
            (Err(refusal), _) => out.push(Self::refuse(refusal)),
            (Ok(Route::Health), _) => out.push(Self::reply(200, &json!({"status": "ok"}))),
            (Ok(Route::Dice), _) => out.push(self.roll()),
            (Ok(_), Some(game)) if self.is_anonymous && self.mode == Mode::Compat => {
                out.push(Out::Named(names::player_of(game)));
            }
            (Ok(_), _) if self.is_anonymous => out.push(Self::refuse(&Refusal::anonymous())),
            (Ok(_), _) => {}
        }
    }

    /// It has no socket.
    fn hear(&mut self, _: Heard<'_>, _: Now, _: &mut Vec<Out>) {}

    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, _: Now, out: &mut Vec<Out>) {
        let Ok(route) = self.route else { return };
        for text in frames {
            let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else { continue };
            match (&*frame.kind, &frame.room) {
                ("connected", None) => {
                    let user = frame.payload::<Connected>().map(|connected| connected.user_id);
                    self.is_guest = user.as_deref() == Some(GUEST);
                    self.start(route, out);
                }
                ("error", None) => {
                    if let Some(answer) = frame.payload::<Answer<'_>>() {
                        out.push(Self::refuse(&Refusal::of(&answer)));
                    }
                }
                ("ack", None) => {
                    if let Some(answer) = frame.payload::<Answer<'_>>()
                        && let Some(stage) = self.asks.answered(&answer)
                    {
                        self.answered(route, stage, &answer, out);
                    }
                }
                ("view" | "patch", Some(_)) if !self.room.look(&frame) => self.join("spectator", out),
                _ => {}
            }
        }
        self.settle(route, out);
    }

    fn deadline(&self) -> Option<u64> {
        self.until_ms.filter(|_| self.route == Ok(Route::Initialize))
    }

    fn time(&mut self, _: Now, out: &mut Vec<Out>) {
        (self.until_ms, self.is_late) = (None, true);
        if let Ok(route) = self.route {
            self.settle(route, out);
        }
    }
}

fn route(method: &str, path: &str) -> Result<Route, Refusal> {
    let known = ROUTES.iter().find(|(_, known, _)| *known == path).map(|(method, _, route)| (*method, *route));
    match known.unwrap_or(("GET", Route::Dice)) {
        (meant, route) if meant == method || (meant == "GET" && method == "HEAD") => Ok(route),
        _ => Err(Refusal::own("method", "method_not_allowed", "Method Not Allowed")),
    }
}
