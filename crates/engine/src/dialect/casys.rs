//! The dialect `casys`: a gamebook's own messages, over a plain WebSocket and a few HTTP requests. It stands between framing and
//! the native protocol, at the edge of one connection: what its client says becomes native requests, and the native frames that
//! the shard has for this connection become the dialect's messages.
//!
//! A connection shows one game. It is looked at first and sat down in only when it is seen to be a quest, so that a wrong name
//! takes nobody's seat. What it keeps is bounded: the view, so that patches can be applied, the state that was said last, so
//! that a choice can be understood as the answer to it, and requests that are not answered yet.
//!
//! In one turn answers come first, then one state if the game has changed. `docs/casys.md` is what authors of clients read; the
//! names of everything are in [`names`].

mod choice;
mod code;
mod enter;
mod hear;
mod message;
mod names;
mod rest;
mod state;
#[cfg(test)]
mod tests;

use super::asks::Asks;
use super::frame::Frame;
use super::seen::Seen;
use super::{Dialect, Heard, Mode, Out};
use crate::io::Now;
use choice::{Offer, Sent};
use code::Refusal;
use message::Message;
pub(crate) use rest::{Call, is_route};
use serde_json::Value;
use std::collections::VecDeque;

/// The dialect's part of one connection.
pub(crate) struct Casys {
    mode: Mode,
    /// Whether nothing says who this is.
    is_anonymous: bool,
    /// The game that it shows; none where no name was given and none is meant.
    game: Option<String>,
    /// What the client calls its session, if it does.
    session: Option<String>,
    /// What makes the ids of its choices: nobody else's connection has the same.
    luck: [u8; 32],
    asks: Asks<Pending>,
    is_over: bool,
    room: Room,
    /// Whether the client is shown the game.
    is_in: bool,
    /// Whether it is a member of it, as far as is known.
    plays: bool,
    /// What it said before it was shown anything.
    waiting: VecDeque<Message>,
    /// The state that was said last.
    shown: Option<Shown>,
    /// What was offered before that.
    before: Option<Offer>,
    /// The last choice that was passed on.
    sent: Option<Sent>,
    /// Whether a state is the answer to something.
    owes_state: bool,
    /// Whether the client asked to see the narrator at work.
    wants_progress: bool,
}

/// A native request that is not answered yet.
#[derive(Debug)]
enum Pending {
    /// To look at the game.
    Watch,
    /// To sit down in it.
    Sit,
    /// A whole view, because one was lost.
    Again,
    Choice,
    Action,
    /// Nothing hangs on the answer.
    Idle,
}

/// What was said of the game last.
struct Shown {
    text: String,
    seq: u64,
    offer: Offer,
}

/// The game as its viewer was told it.
#[derive(Default)]
struct Room {
    seen: Seen,
    /// The number of the view.
    p: u64,
    life: String,
    /// When it was opened, in wall time: what its own time counts from.
    opened_ms: u64,
    /// Whether the view is not the one that was said.
    is_changed: bool,
}

impl Room {
    /// It was joined.
    fn joined(&mut self, answer: &super::frame::Answer<'_>) {
        let at = answer.at.as_deref().and_then(parlour_room::Position::parse);
        self.life = at.map(|at| at.life).unwrap_or_default();
        self.opened_ms = answer.opened_ms.unwrap_or(0);
        self.seen.spoil();
    }

    /// A view or a patch came. False if it is not of the view that is kept.
    fn look(&mut self, frame: &Frame<'_>) -> bool {
        self.p = frame.p.unwrap_or(0);
        self.is_changed = true;
        if frame.kind != "view" {
            return self.seen.patch(frame.payload().map(|super::frame::Patch { ops }| ops), self.p);
        }
        match frame.payload() {
            Some(view) => self.seen.look(view, self.p),
            None => self.seen.spoil(),
        }
        self.seen.view().is_some()
    }

    /// The state of it.
    fn state(&self, game: &str, session: Option<&str>, mode: Mode, seq: u64) -> Option<Value> {
        let about = state::About { game, session: session.unwrap_or(&self.life), opened_ms: self.opened_ms, mode };
        Some(about.state(self.seen.view()?, seq))
    }
}

impl Casys {
    /// For a connection of which nothing was heard yet. `remembered` is what [`Out::Remember`] said for its address.
    pub(crate) fn new(opening: &crate::wire::Opening<'_>, mode: Mode) -> Self {
        let named = |name| super::query(opening.target, name).filter(|value| !value.is_empty());
        let (mut game, mut session) = (named("game_id"), named("session_id").filter(|session| names::is_session(session)));
        if game.is_none() && mode == Mode::Compat {
            let (known, its_session) = names::recall(opening.remembered);
            (game, session) = (Some(known), session.or(its_session));
        }
        Self {
            mode,
            is_anonymous: opening.is_anonymous,
            game,
            session,
            luck: opening.luck,
            asks: Asks::new(),
            is_over: false,
            room: Room::default(),
            is_in: false,
            plays: false,
            waiting: VecDeque::new(),
            shown: None,
            before: None,
            sent: None,
            owes_state: false,
            wants_progress: false,
        }
    }

    /// It cannot go on: says why, and that is the end.
    fn end(&mut self, refusal: &Refusal, out: &mut Vec<Out>) {
        self.end_with(names::MESSAGE_ERROR, refusal, out);
    }

    /// The same as an error of this type.
    fn end_with(&mut self, error: &str, refusal: &Refusal, out: &mut Vec<Out>) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.waiting.clear();
            code::say(error, refusal, out);
            out.push(Out::End(refusal.close_code(), refusal.reason()));
        }
    }

    /// One state, if the game has changed or somebody waits for it; then what was said before there was one.
    fn show(&mut self, now: Now, out: &mut Vec<Out>) {
        let Some(game) = self.game.clone().filter(|_| self.is_in && !self.is_over && self.room.seen.view().is_some()) else {
            return;
        };
        let said = self.shown.as_ref().map_or(0, |shown| shown.seq);
        if self.room.is_changed {
            let seq = self.room.p.max(said + 1);
            let (Some(state), Some(view)) =
                (self.room.state(&game, self.session.as_deref(), self.mode, seq), self.room.seen.view())
            else {
                return;
            };
            let shown = Shown { text: state.to_string(), seq, offer: Offer::of(view) };
            if let Some(before) = self.shown.replace(shown).filter(|before| !self.is_offered(&before.offer)) {
                self.before = Some(before.offer);
            }
        }
        if std::mem::take(&mut self.room.is_changed) | std::mem::take(&mut self.owes_state) {
            out.extend(self.shown.as_ref().map(|shown| say(shown.text.clone())));
        }
        while let Some(message) = self.waiting.pop_front() {
            self.serve(message, now, out);
        }
    }

    fn is_offered(&self, offer: &Offer) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.offer.is_of(offer))
    }
}

impl Dialect for Casys {
    fn begins(&mut self, _: Now, out: &mut Vec<Out>) {
        match (&self.game, self.is_anonymous, self.mode) {
            (Some(game), true, Mode::Compat) => out.push(Out::Named(names::player_of(game))),
            (_, true, _) => self.end(&Refusal::anonymous(), out),
            (_, false, _) => {}
        }
    }

    fn hear(&mut self, heard: Heard<'_>, now: Now, out: &mut Vec<Out>) {
        if !self.is_over {
            self.hear_message(heard.text, now, out);
        }
    }

    fn turn(&mut self, frames: &mut dyn Iterator<Item = &str>, now: Now, out: &mut Vec<Out>) {
        for text in frames {
            // Those that are no frames of ours are none that anybody is to be told of.
            if let Ok(frame) = serde_json::from_str::<Frame<'_>>(text)
                && !self.is_over
            {
                self.note(&frame, out);
            }
        }
        self.settle_entry(out);
        self.show(now, out);
    }
}

/// A message.
fn say(body: String) -> Out {
    Out::Say { event: "", body }
}
