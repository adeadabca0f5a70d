//! What happened in rooms, told in order; and after it, of each room that changed, its state.

use super::names::{
    ACTION_APPLIED, EVENTS, GAME_OVER, GAME_STATE, Meaning, OPPONENT_STATUS, REASON, REMAINING_SECONDS, SEAT, TURN, TURN_START,
    TURN_TIMEOUT, WINNER,
};
use super::room::{Over, Room, Status};
use super::say::{self, Voice};
use super::time::timestamp;
use super::{Mantimon, Out, names};
use crate::io::Now;
use serde_json::Value;

/// Something to tell.
#[derive(Debug)]
pub(super) enum News {
    /// An event of a room.
    Event(Event),
    /// Who sits there is here.
    Came { game: String, seat: u64 },
    /// Who sits there is no longer here.
    Went { game: String, seat: u64 },
    /// The room has ended, and no event says so. Who sits at `loser` has resigned.
    Ended { game: String, outcome: String, loser: Option<u64> },
}

/// An event as this viewer was told it.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) game: String,
    pub(super) event_id: String,
    pub(super) kind: String,
    pub(super) changes: Value,
    /// When it happened.
    pub(super) ts_ms: Option<u64>,
}

impl Event {
    fn number(&self, field: &str) -> Option<u64> {
        self.changes.get(field)?.as_u64()
    }
}

impl Mantimon {
    pub(super) fn tell(&mut self, news: News, now: Now, out: &mut Vec<Out>) {
        let (game, seat, status) = match news {
            News::Event(event) => return self.tell_event(&event, now, out),
            News::Came { game, seat } => (game, seat, Status::Connected),
            News::Went { game, seat } => (game, seat, Status::Disconnected),
            News::Ended { game, outcome, loser } => {
                if let Some(room) = self.rooms.get_mut(&game).filter(|room| !room.is_idle()) {
                    let winner = loser.and_then(|loser| room.foe(loser));
                    room.over = Some(Over { event_id: room.public_id(), winner, reason: end_reason(&outcome).to_owned() });
                }
                return;
            }
        };
        let Some(room) = self.rooms.get_mut(&game) else { return };
        // While the game goes on its rules count the time of who is away, and say when it is over.
        if (status == Status::Connected || room.is_idle()) && room.becomes(seat, status) {
            let id = self.voice.fresh_id();
            tell_status(&self.voice, &id, (&game, &room.holder(seat)), status, now, out);
        }
    }

    fn tell_event(&mut self, event: &Event, now: Now, out: &mut Vec<Out>) {
        let is_strict = self.is_strict();
        let Some(room) = self.rooms.get_mut(&event.game) else { return };
        let voice = &self.voice;
        let (game_id, event_id) = (event.game.as_str(), event.event_id.as_str());
        let id = |name: names::Name| voice.id_of(game_id, event_id, name.kind);
        let seat = event.number(SEAT);
        let player = seat.map(|seat| room.holder(seat));
        if is_strict {
            let (player_id, action_type) = (player.as_deref(), event.kind.as_str());
            let fields = say::ActionApplied { game_id, event_id, player_id, action_type, changes: &event.changes };
            voice.say(ACTION_APPLIED, &id(ACTION_APPLIED), &fields, now, out);
        }
        let meaning = EVENTS.iter().find(|(kind, _)| *kind == event.kind).map(|(_, meaning)| *meaning);
        match (meaning, seat, &player) {
            (Some(Meaning::Begun), ..) => (room.over, room.is_over) = (None, false),
            (Some(Meaning::Turn), _, Some(player_id)) => {
                let turn_number = event.number(TURN).unwrap_or(1).max(1);
                let fields = say::TurnStart { game_id, player_id, turn_number, event_id };
                voice.say(TURN_START, &id(TURN_START), &fields, now, out);
            }
            (Some(Meaning::Warning | Meaning::Timeout), _, Some(player_id)) => {
                let is_warning = meaning == Some(Meaning::Warning);
                let fields = time_left(event, player_id, is_warning, now);
                voice.say(TURN_TIMEOUT, &id(TURN_TIMEOUT), &fields, now, out);
            }
            (Some(Meaning::Away | Meaning::Back | Meaning::Gone), Some(seat), Some(player)) => {
                let status = match meaning {
                    Some(Meaning::Away) => Status::Reconnecting,
                    Some(Meaning::Back) => Status::Connected,
                    _ => Status::Disconnected,
                };
                if room.becomes(seat, status) {
                    tell_status(voice, &id(OPPONENT_STATUS), (game_id, player), status, now, out);
                }
            }
            (Some(Meaning::Over), ..) => room.over = Some(over(event, room)),
            _ => {}
        }
    }

    /// One state of each room that changed, and that its game is over, if it is.
    pub(super) fn show(&mut self, now: Now, out: &mut Vec<Out>) {
        let shown = self.rooms.iter().filter(|(_, room)| room.view().is_some() && (room.is_changed || room.over.is_some()));
        let shown: Vec<String> = shown.map(|(game, _)| game.clone()).filter(|game| !self.is_being_entered(game)).collect();
        for game in shown {
            let Some(room) = self.rooms.get_mut(&game) else { continue };
            let (is_changed, over) = (std::mem::take(&mut room.is_changed), room.over.take());
            room.is_over |= over.is_some();
            let Some(state) = room.view() else { continue };
            if is_changed {
                let id = self.voice.fresh_id();
                let fields = say::GameState { game_id: &game, state, event_id: room.event_id() };
                self.voice.say(GAME_STATE, &id, &fields, now, out);
            }
            if let Some(Over { event_id, winner, reason }) = over {
                let fields = say::GameOver {
                    game_id: &game,
                    winner_id: winner.as_deref(),
                    end_reason: &reason,
                    final_state: state,
                    event_id: &event_id,
                };
                let id = self.voice.id_of(&game, &event_id, GAME_OVER.kind);
                self.voice.say(GAME_OVER, &id, &fields, now, out);
            }
        }
    }
}

fn tell_status(voice: &Voice, id: &str, (game_id, opponent_id): (&str, &str), status: Status, now: Now, out: &mut Vec<Out>) {
    let fields = say::OpponentStatus { game_id, opponent_id, status: status.as_str() };
    voice.say(OPPONENT_STATUS, id, &fields, now, out);
}

/// How much time is left, and when it is over: told late, there is less.
fn time_left<'a>(event: &'a Event, player_id: &'a str, is_warning: bool, now: Now) -> say::TurnTimeout<'a> {
    let seconds = if is_warning { event.number(REMAINING_SECONDS).unwrap_or(0) } else { 0 };
    let deadline_ms = event.ts_ms.map(|ts_ms| ts_ms.saturating_add(seconds.saturating_mul(1000)));
    let left = deadline_ms.map_or(seconds, |deadline_ms| deadline_ms.saturating_sub(now.wall_ms).div_ceil(1000));
    say::TurnTimeout {
        game_id: &event.game,
        remaining_seconds: left.min(seconds),
        is_warning,
        player_id,
        deadline: deadline_ms.map(timestamp),
    }
}

fn over(event: &Event, room: &Room) -> Over {
    let reason = end_reason(event.changes.get(REASON).and_then(Value::as_str).unwrap_or_default()).to_owned();
    Over { event_id: event.event_id.clone(), winner: event.number(WINNER).map(|seat| room.holder(seat)), reason }
}

fn end_reason(reason: &str) -> &str {
    names::END_REASONS.iter().find(|(word, _)| *word == reason).map_or(reason, |(_, ours)| ours)
}
