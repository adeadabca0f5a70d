//! Rooms to talk in: messages that can be answered, changed and taken back, a history, typing, read marks, moderation.
//!
//! **The rules in short.** Up to ten thousand may be in a room. Who comes first owns it, until they leave. Who loses the
//! connection and does not come back in time is a member no more. Owners give roles; owners and moderators set the topic and how
//! fast people may write, take back what others wrote, silence people for a while, send them away, and keep them out. Everybody
//! may change and take back what they wrote themselves, while the room still knows it. A private room is one into which only
//! those come who were invited.
//!
//! **What is told.** Every message, change and decision is a public event, told once to each connection and kept in the history.
//! A message is named by the number of its event. Views are small and sent only to who cannot catch up by events, so that a
//! message costs one frame a reader, whoever else is there.
//!
//! **Where to read.** `state.rs` is all that is kept, `action.rs`, `event.rs`, `view.rs` and `refusal.rs` all that is sent, and
//! `limits.rs` how much of it there may be. `check.rs` says what is legal, `play.rs` does it; `text.rs` is what may be written.

mod action;
mod away;
mod check;
mod config;
mod event;
mod hidden;
mod legal;
mod limits;
mod owner;
mod play;
mod pulse;
mod refusal;
mod sound;
mod state;
mod text;
mod view;

pub use action::Action;
pub use config::{Config, ReadMarks};
pub use event::Event;
pub use limits::*;
pub use pulse::{Pulse, Ring, Rings};
pub use refusal::Refusal;
pub use state::{Chat, Role};
pub use view::{Holder, Mark, Muted, View, You};

use parlour_room::{As, Audience, Dice, Room, Seat, Seats, Source, Turn, Viewer, Who};
use std::time::Duration;

impl Room for Chat {
    const KIND: &'static str = "chat";
    const RULES: u32 = 1;
    const HISTORY: bool = true;
    const EVENTS_SUFFICE: bool = true;
    const PRESENCE: bool = true;

    type Config = Config;
    type Action = Action;
    type Event = Event;
    type View = View;
    type Refusal = Refusal;
    type World = Rings;

    fn seats(config: &Config) -> Seats {
        Seats::Open(config.members)
    }

    fn open(config: Config, _: &mut Dice) -> Result<Self, Refusal> {
        Ok(Self::of(config.checked()?))
    }

    fn admit(&self, who: Who<'_>, wanted: As) -> Result<As, Refusal> {
        match wanted {
            _ if self.banned.contains(who.user) => Err(Refusal::Banned),
            _ if self.invited.as_ref().is_some_and(|invited| !invited.contains(who.user)) => Err(Refusal::MembersOnly),
            As::Spectator if !self.config.spectators => Err(Refusal::MembersOnly),
            wanted => Ok(wanted),
        }
    }

    fn check(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        self.check_action(by, action)
    }

    /// Only how fast one may write depends on the time; who is silenced is told when that is over.
    fn check_at(&self, by: Seat, action: &Action, now_ms: u64) -> Result<(), Refusal> {
        self.check_time(by, action, now_ms)?;
        self.check_action(by, action)
    }

    fn apply(&mut self, by: Seat, action: Action, turn: &mut Turn<Self>) {
        self.play(by, action, turn);
    }

    fn seated(&mut self, who: Who<'_>, seat: Seat, turn: &mut Turn<Self>) {
        self.comes(who, seat, turn);
    }

    fn left(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.leaves(seat, turn);
    }

    fn present(&mut self, seat: Seat, here: bool, turn: &mut Turn<Self>) {
        self.is_here(seat, here, turn);
    }

    /// Nobody can end a room for all by giving up.
    fn resigned(&mut self, seat: Seat, turn: &mut Turn<Self>) {
        self.leaves(seat, turn);
        turn.remove(seat, "resigned");
    }

    fn signal(&mut self, ring: Ring, turn: &mut Turn<Self>) {
        match ring {
            Ring::Unmute => self.unmute_over(turn),
            Ring::Away => self.clear(turn),
        }
    }

    fn pulse(&self, from: Source<'_>, _: &Pulse) -> Option<Audience> {
        self.sees_typing(from)
    }

    fn shown(&self, from: Source<'_>, pulse: Pulse) -> Pulse {
        self.signed(from, pulse)
    }

    fn fades(&self, pulse: &Pulse) -> Option<(Duration, Pulse)> {
        let Pulse::Typing { is_typing, .. } = pulse;
        let after = Duration::from_millis(u64::from(self.config.typing_ms));
        is_typing.then_some((after, Pulse::Typing { is_typing: false, from: None, from_name: None }))
    }

    fn legal(&self, by: Seat) -> Vec<Action> {
        self.legal_actions(by)
    }

    fn view(&self, viewer: Viewer) -> View {
        self.seen_by(viewer)
    }

    fn sound(&self) -> Result<(), String> {
        self.is_sound()
    }
}
