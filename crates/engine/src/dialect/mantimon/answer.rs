//! From native frames to answers, and to what is kept of rooms. What happened in rooms is only collected here: it is told after
//! all answers, by [`tell`](super::tell).

use super::code::{Code, Refusal};
use super::names::{ENDINGS, HEARTBEAT_ACK};
use super::pending::{Asker, Pending};
use super::say::Nothing;
use super::tell::News;
use super::{Mantimon, Out};
use crate::dialect::frame::{Answer, Connected, Ended, Frame, Presence};
use crate::io::Now;
use parlour_room::Position;
use serde_json::json;

impl Mantimon {
    /// Takes one frame in.
    pub(super) fn note(&mut self, frame: &Frame<'_>, now: Now, news: &mut Vec<News>, out: &mut Vec<Out>) {
        match (&*frame.kind, &frame.room) {
            ("ack", None) => {
                if let Some(answer) = frame.payload::<Answer<'_>>()
                    && let Some(pending) = self.asks.answered(&answer)
                {
                    self.answered(pending, answer, now, news, out);
                }
            }
            ("connected", None) => {
                if let Some(Connected { user_id, .. }) = frame.payload() {
                    self.voice.user = Some(user_id);
                    self.judge(Pending::Mine { pages: 0 }, None, out);
                }
            }
            ("error", None) => {
                if let Some(answer) = frame.payload::<Answer<'_>>() {
                    self.troubled(&answer, now, out);
                }
            }
            ("closing", None) => self.refuse(&Asker::nobody(), &Refusal::ended("closing", None), now, out),
            ("user_joined" | "user_left", None) => {
                if let Some(presence) = frame.payload::<Presence>() {
                    self.note_presence(&frame.kind, presence, now, news, out);
                }
            }
            ("room_ended", None) => {
                if let Some(Ended { room_id, outcome, seat }) = frame.payload() {
                    news.push(News::Ended { game: room_id, outcome, loser: seat });
                }
            }
            ("view" | "patch", Some(game)) => self.note_view(frame, game, out),
            (_, Some(game)) => self.note_event(frame, game, news),
            _ => {}
        }
    }

    fn answered(&mut self, pending: Pending, answer: Answer<'_>, now: Now, news: &mut Vec<News>, out: &mut Vec<Out>) {
        let failed = (answer.status != "ok").then(|| Refusal::of(&answer));
        match (pending, failed) {
            (Pending::Heartbeat { asker }, None) => {
                let id = self.voice.fresh_id();
                let body = self.voice.say(HEARTBEAT_ACK, &id, &Nothing {}, now, out);
                out.extend(asker.ack.map(|ack| Out::Ack { ack, body }));
            }
            (Pending::Act { asker, .. }, None) => {
                let changes = json!({"event_id": answer.at, "events": answer.events});
                self.result(&asker, Ok(changes), now, out);
            }
            (Pending::Act { asker, attempt }, Some(refusal)) if answer.kind == "illegal" => {
                self.try_next(asker, attempt, refusal, &answer.code, now, out);
            }
            (Pending::LeaveSpectate { asker, game }, None) => {
                self.drop_room(&game, &Code::NotInGame.into(), now, out);
                self.acknowledge(&asker, &json!({"success": true, "game_id": game}), out);
            }
            (pending @ Pending::Judge { .. }, None) => self.judged(pending, &answer, now, out),
            (Pending::Join { asker, entry }, None) => match position(&answer) {
                Some(at) => self.joined(entry.game.clone(), Some((asker, entry)), &at, answer, news),
                None => self.kept_out(&asker, &entry, &Code::InternalError.into(), now, out),
            },
            (Pending::Again { game }, None) => match position(&answer) {
                Some(at) => self.joined(game, None, &at, answer, news),
                None => self.not_again(game, &answer, &Code::InternalError.into(), now, out),
            },
            (Pending::Mine { pages }, None) => self.come_back(pages, &answer, out),
            (Pending::Join { asker, entry }, Some(refusal)) => self.kept_out(&asker, &entry, &refusal, now, out),
            (Pending::Judge { asker, entry, .. }, Some(refusal)) => self.kept_out(&asker, &entry, &refusal, now, out),
            (Pending::Heartbeat { asker } | Pending::Act { asker, .. } | Pending::LeaveSpectate { asker, .. }, Some(refusal)) => {
                self.refuse(&asker, &refusal, now, out)
            }
            (Pending::Again { game }, Some(refusal)) => self.not_again(game, &answer, &refusal, now, out),
            (Pending::Mine { .. }, Some(_)) | (Pending::Idle, _) => {}
        }
    }

    /// What the server says without having been asked: mostly that it ends the connection.
    fn troubled(&mut self, answer: &Answer<'_>, now: Now, out: &mut Vec<Out>) {
        let refusal = match self.voice.user {
            None => Refusal::because(Code::AuthenticationFailed, &answer.code),
            Some(_) if ENDINGS.contains(&&*answer.code) => Refusal::ended(&answer.code, None),
            Some(_) => Refusal::of(answer),
        };
        self.refuse(&Asker::nobody(), &refusal, now, out);
    }
}

/// How far the answer of who came in reaches.
fn position(answer: &Answer<'_>) -> Option<Position> {
    Position::parse(answer.at.as_deref()?)
}
