//! Coming into the room whose queue it is. Who showed a token comes in as a member, where there is a seat; others watch. A room
//! that a client named is watched first, and looked at: nobody takes a seat of what is no queue.

use super::code::{Code, Refusal};
use super::names::{DEFAULT_ROOM, ROOM_PARAMETERS, VIEW_FIELDS};
use crate::dialect::frame::Answer;
use crate::dialect::query;
use parlour_room::is_guest;
use serde_json::{Value, json};

/// How far one has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Outside,
    /// It is asked to watch, to see what room it is.
    Looks,
    /// It is asked to be a member.
    Sits,
    /// It is asked to watch, and that is all.
    Watches,
    Inside,
}

/// The way in.
#[derive(Debug)]
pub(super) struct Entrance {
    pub(super) room: String,
    is_named: bool,
    /// Whether they are to control it, which guests do only where they ask for that.
    controls: bool,
    user: String,
    stage: Stage,
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Ask(Value),
    /// It is followed from here on, as soon as its view has come.
    Inside,
    Refused(Refusal),
}

impl Entrance {
    /// Into the room that a query names.
    pub(super) fn of(target: &str) -> Self {
        let named = ROOM_PARAMETERS.iter().find_map(|name| query(target, name));
        let is_named = named.as_deref().is_some_and(|name| name != DEFAULT_ROOM);
        let room = named.unwrap_or_else(|| DEFAULT_ROOM.to_owned());
        Self { room, is_named, controls: false, user: String::new(), stage: Stage::Outside }
    }

    /// As somebody who controls it.
    pub(super) fn controlling(self) -> Self {
        Self { controls: true, ..self }
    }

    pub(super) fn is_known(&mut self, user: String) {
        self.user = user;
    }

    /// Whether it is known who comes.
    pub(super) fn is_somebody(&self) -> bool {
        !self.user.is_empty()
    }

    /// Whether nothing was asked yet, or it is outside again.
    pub(super) fn is_outside(&self) -> bool {
        self.stage == Stage::Outside
    }

    pub(super) fn is_inside(&self) -> bool {
        self.stage == Stage::Inside
    }

    /// Begins.
    pub(super) fn enter(&mut self) -> Value {
        self.stage = match self.is_named {
            true => Stage::Looks,
            false if self.may_sit() => Stage::Sits,
            false => Stage::Watches,
        };
        self.request()
    }

    /// It was put out, or goes.
    pub(super) fn leave(&mut self) {
        self.stage = Stage::Outside;
    }

    /// The server has answered.
    pub(super) fn answered(&mut self, answer: &Answer<'_>) -> Step {
        let is_let_in = answer.status == "ok";
        match self.stage {
            // Its view may have come before.
            Stage::Looks | Stage::Inside if is_let_in => Step::Inside,
            Stage::Sits | Stage::Watches if is_let_in => {
                self.stage = Stage::Inside;
                Step::Inside
            }
            // Where there is no seat, one can still watch.
            Stage::Sits if !self.controls && answer.kind == "denied" => {
                self.stage = Stage::Watches;
                Step::Ask(self.request())
            }
            Stage::Outside | Stage::Inside | Stage::Looks | Stage::Sits | Stage::Watches => {
                self.stage = Stage::Outside;
                Step::Refused(Refusal::of(answer))
            }
        }
    }

    /// Its view has come. Nothing where that changes nothing.
    pub(super) fn seen(&mut self, view: &Value) -> Option<Step> {
        if !VIEW_FIELDS.iter().all(|field| view.get(field).is_some()) {
            self.stage = Stage::Outside;
            return Some(Step::Refused(Code::QueueNotFound.into()));
        }
        if self.stage != Stage::Looks {
            return None;
        }
        if self.may_sit() {
            self.stage = Stage::Sits;
            return Some(Step::Ask(self.request()));
        }
        self.stage = Stage::Inside;
        None
    }

    /// What takes it out again.
    pub(super) fn exit(&self) -> Value {
        json!({"type": "unsubscribe", "payload": {"room_id": self.room}})
    }

    fn may_sit(&self) -> bool {
        self.controls || !is_guest(&self.user)
    }

    fn request(&self) -> Value {
        let role = if self.stage == Stage::Sits { "player" } else { "spectator" };
        json!({"type": "join_room", "payload": {"room_id": self.room, "as": role}})
    }
}
