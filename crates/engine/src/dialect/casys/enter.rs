//! What native frames say: how a connection comes into its game, and what it hears of it from then on.

use super::code::{self, Refusal};
use super::names::{
    ACTION_ERROR, CHOICE_ERROR, DEFAULT_GAME, MESSAGE_ERROR, NARRATING, NARRATION_ERROR, NARRATION_FAILED, OPENED_ANEW,
};
use super::{Casys, Out, Pending, say, state};
use crate::dialect::frame::{Answer, Ended, Frame, Presence};
use serde_json::{Value, json};

impl Casys {
    /// Takes one frame in.
    pub(super) fn note(&mut self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        match (&*frame.kind, &frame.room) {
            ("ack", None) => {
                if let Some(answer) = frame.payload::<Answer<'_>>()
                    && let Some(pending) = self.asks.answered(&answer)
                {
                    self.answered(pending, &answer, out);
                }
            }
            ("connected", None) => match self.game {
                Some(_) => self.join(Pending::Watch, "spectator", out),
                None => self.end(&Refusal::no_game(), out),
            },
            ("error", None) => {
                if let Some(answer) = frame.payload::<Answer<'_>>() {
                    code::say(MESSAGE_ERROR, &Refusal::of(&answer), out);
                }
            }
            ("closing", None) => code::say(MESSAGE_ERROR, &closing(), out),
            ("user_left", None) => {
                if let Some(Presence { you: true, reason, .. }) = frame.payload() {
                    self.is_out(&reason, out);
                }
            }
            ("room_ended", None) => {
                if let Some(Ended { .. }) = frame.payload() {
                    code::say(MESSAGE_ERROR, &Refusal::own("illegal", "game_closed", "The game was closed."), out);
                }
            }
            ("view" | "patch", Some(_)) => self.look(frame, out),
            (NARRATING, Some(_)) if frame.n.is_none() && frame.m.is_none() => self.progress(frame, out),
            (NARRATION_FAILED, Some(_)) if self.is_in => {
                let Some(told) = frame.payload::<Value>() else { return };
                let text = told["message"].as_str().unwrap_or_default();
                let code = told["error"].as_str().unwrap_or_default();
                code::say(NARRATION_ERROR, &Refusal::own("unavailable", code, text), out);
            }
            _ => {}
        }
    }

    /// Once it is seen what the room is: a quest is sat down in, and anything else is none of ours.
    pub(super) fn settle_entry(&mut self, out: &mut Vec<Out>) {
        let Some(view) = self.room.seen.view().filter(|_| !self.is_in && !self.is_over) else { return };
        if !state::is_quest(view) {
            let request = json!({"type": "unsubscribe", "payload": {"room_id": self.game}});
            self.asks.ask(Pending::Idle, request, out);
            self.end(&Refusal::not_found(), out);
        } else if self.plays {
            self.is_in = true;
        } else if !self.is_joining() {
            self.join(Pending::Sit, "player", out);
        }
    }

    fn answered(&mut self, pending: Pending, answer: &Answer<'_>, out: &mut Vec<Out>) {
        let failed = (answer.status != "ok").then(|| Refusal::of(answer));
        match (pending, failed) {
            (Pending::Watch | Pending::Again, None) => self.room.joined(answer),
            (Pending::Sit, None) => {
                self.room.joined(answer);
                self.plays = true;
            }
            // It opens for whoever sits down in it.
            (Pending::Watch, Some(refusal)) if self.game.as_deref() == Some(DEFAULT_GAME) && is_missing(&refusal) => {
                self.join(Pending::Sit, "player", out);
            }
            // Who cannot play watches.
            (Pending::Sit, Some(_)) if self.room.seen.view().is_some() => self.is_in = true,
            (Pending::Watch | Pending::Sit | Pending::Again, Some(refusal)) if is_missing(&refusal) => {
                self.end(&Refusal::not_found(), out);
            }
            (Pending::Watch | Pending::Sit | Pending::Again, Some(refusal)) => self.end(&refusal, out),
            (Pending::Choice, Some(refusal)) => self.refuse(CHOICE_ERROR, &refusal, out),
            (Pending::Action, Some(refusal)) => self.refuse(ACTION_ERROR, &refusal, out),
            (Pending::Choice | Pending::Action, None) => self.owes_state = true,
            (Pending::Idle, _) => {}
        }
    }

    /// What was asked was not done. Where that is a fault inside, the connection ends.
    fn refuse(&mut self, error: &str, refusal: &Refusal, out: &mut Vec<Out>) {
        if refusal.is_fault() {
            self.end_with(error, refusal, out);
        } else {
            code::say(error, refusal, out);
        }
    }

    fn join(&mut self, pending: Pending, role: &str, out: &mut Vec<Out>) {
        let request = json!({"type": "join_room", "payload": {"room_id": self.game, "as": role}});
        self.asks.ask(pending, request, out);
    }

    fn is_joining(&self) -> bool {
        self.asks.pending().any(|pending| matches!(pending, Pending::Watch | Pending::Sit | Pending::Again))
    }

    fn look(&mut self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        if !self.room.look(frame) && !self.is_joining() {
            self.come_again(out);
        }
    }

    /// Asks for a whole view, because the one that is kept is worth nothing.
    fn come_again(&mut self, out: &mut Vec<Out>) {
        self.room.seen.spoil();
        self.join(Pending::Again, if self.plays { "player" } else { "spectator" }, out);
    }

    /// The connection is shown the game no longer, unless it only begins anew.
    fn is_out(&mut self, reason: &str, out: &mut Vec<Out>) {
        self.room.seen.spoil();
        (self.is_in, self.plays) = (false, false);
        if reason == OPENED_ANEW {
            self.join(Pending::Watch, "spectator", out);
        } else {
            self.end(&Refusal::out(reason), out);
        }
    }

    fn progress(&self, frame: &Frame<'_>, out: &mut Vec<Out>) {
        let Some(told) = frame.payload::<Value>().filter(|_| self.wants_progress && self.is_in) else { return };
        let section = self.room.seen.last().map(|view| view["section"]["number"].clone());
        out.push(say(json!({
            "type": "progress",
            "game_id": self.game,
            "section_number": section,
            "step": told["step"],
            "skipped": told["skipped"],
            "content": told["text_so_far"],
        })
        .to_string()));
    }
}

fn is_missing(refusal: &Refusal) -> bool {
    refusal.code == "room_not_found"
}

fn closing() -> Refusal {
    Refusal::own("unavailable", "closing", "The server goes away; come back in a moment.")
}
