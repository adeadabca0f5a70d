//! What happens by itself: clocks of rooms, bots, silent connections, presence, and the end.

use super::Shard;
use super::play::stamp;
use crate::dialect::native_out as say;
use crate::framing::websocket;
use crate::hall::{BotAsked, Hall, Phase};
use crate::io::{AskBot, AskId, ConnId, Now, Output};
use crate::session;
use parlour_room::{Acted, Dice, Hash64, Seat, Viewer};

/// How often connections are looked over.
const SWEEP_MS: u64 = 1000;

impl Shard {
    pub(super) fn time(&mut self, now: Now) {
        // Whoever runs the shard has used up what it was told: it is told anew.
        self.wake_at = None;
        while let Some((due_ms, at)) = self.timers.first().copied().filter(|(due_ms, _)| *due_ms <= now.mono_ms) {
            self.timers.remove(&(due_ms, at));
            if let Some(hall) = self.halls[at].as_mut() {
                hall.timer = None;
                self.fire_due(at, now);
            }
        }
        self.put_idle_to_sleep(now);
        self.settle_presence(now);
        self.tell_topics(now);
        self.tell_presence(now);
        self.wake_jobs(now);
        self.hurry_bots(now);
        if now.mono_ms >= self.swept_ms + SWEEP_MS {
            self.swept_ms = now.mono_ms;
            self.sweep(now);
        }
        self.say_again(now);
    }

    /// Plays every clock of a room that is due, each once, however late.
    pub(super) fn fire_due(&mut self, at: usize, now: Now) {
        if self.draining.is_some() {
            return;
        }
        let limit = FIRED_AT_ONCE;
        for _ in 0..limit {
            let Some(hall) = self.halls[at].as_mut().filter(|hall| hall.frozen.is_none()) else { return };
            let stamp = stamp(hall.clock, now);
            let Some(table) = hall.table_mut() else { return };
            match table.fire(stamp) {
                Ok(None) => break,
                Ok(Some(played)) => {
                    self.counts.clocks += 1;
                    let fault = played.fault.clone();
                    self.record(at, played);
                    if let Some(fault) = fault {
                        self.trouble(at, &fault, now);
                    }
                }
                Err(fault) => return self.trouble(at, &fault, now),
            }
        }
        self.set_timer(at);
    }

    pub(super) fn set_timer(&mut self, at: usize) {
        let Some(hall) = self.halls[at].as_mut() else { return };
        let due_ms = match &hall.phase {
            Phase::Open { table, .. } if hall.frozen.is_none() => table.due_ms().map(|due_ms| hall.clock.mono_ms(due_ms)),
            _ => None,
        };
        if hall.timer == due_ms {
            return;
        }
        if let Some(old_ms) = hall.timer {
            self.timers.remove(&(old_ms, at));
        }
        hall.timer = due_ms;
        if let Some(due_ms) = due_ms {
            self.timers.insert((due_ms, at));
        }
    }

    pub(super) fn tell_when_to_wake(&mut self) {
        let clock = self.timers.first().map(|(due_ms, _)| *due_ms);
        let sweep = (!self.places.is_empty()).then_some(self.swept_ms + SWEEP_MS);
        let topics = self.topics.due_ms(self.settings.limits.topic_ms);
        let rooms = [self.lines_due_ms(), self.next_look_ms(), self.next_due_ms(), self.presence.next_ms(), self.jobs.next_ms()];
        let bots = self.asks_due.values().next().copied();
        let wake_at = [clock, sweep, bots, topics].into_iter().chain(rooms).flatten().min();
        if let Some(at) = wake_at.filter(|_| wake_at != self.wake_at) {
            self.outputs.push_back(Output::WakeAt(at));
        }
        self.wake_at = wake_at;
    }

    fn sweep(&mut self, now: Now) {
        let settings = self.settings.clone();
        let limits = &settings.limits;
        self.limiter.sweep(now.mono_ms);
        let mut ends: Vec<(ConnId, &str)> = Vec::new();
        for session in self.sessions.iter_mut().flatten().filter(|session| session.stands_for.is_none()) {
            let silent_ms = now.mono_ms.saturating_sub(session.heard_ms);
            let unknown = matches!(session.phase, session::Phase::Anonymous | session::Phase::Verifying);
            let has_expired = session.who.as_ref().and_then(|who| who.expires_ms).is_some_and(|at| at <= now.wall_ms);
            if session.phase == session::Phase::Closing {
                continue;
            } else if unknown && now.mono_ms.saturating_sub(session.opened_ms) >= limits.auth_ms {
                ends.push((session.conn, "authentication_required"));
            } else if has_expired {
                ends.push((session.conn, "token_expired"));
            } else if silent_ms >= limits.silence_ms {
                ends.push((session.conn, "silent"));
            } else if silent_ms >= limits.ping_ms && !session.pinged {
                session.pinged = true;
                websocket::write_ping(&mut session.out, b"");
                self.writable.push(session.conn);
            }
        }
        self.give_up_on_unanswered(now);
        for (conn, reason) in ends {
            if reason == "token_expired" {
                self.fail(conn, 0, None, crate::code::Code::TokenExpired);
            }
            self.hang_up(conn, 1008, reason);
        }
        self.look_after_slow(now);
    }

    /// Asks every bot that may act, once for each position of its room: when that is durable, for a bot may be anywhere.
    pub(super) fn ask_bots(&mut self, at: usize) {
        let durable = self.durable;
        let may_ask = |hall: &&mut Hall| hall.frozen.is_none() && hall.last_commit <= durable;
        let Some(hall) = self.halls[at].as_deref_mut().filter(may_ask) else { return };
        let Phase::Open { table, kind } = &hall.phase else { return };
        let about = table.about();
        if about.ended.is_some() {
            return;
        }
        for member in about.members.values() {
            let Some(bot) = &member.bot else { continue };
            let (since, seq, seat) = (member.since, about.seq, member.seat);
            let before = hall.asks.get(&seat).filter(|asked| asked.since == since && asked.seq == seq);
            let refused = before.map_or(0, |asked| asked.refused);
            if before.is_some_and(|asked| asked.is_open || asked.refused == 0) {
                continue;
            }
            let (legal, view) = match (table.legal(seat), table.view(Viewer::Seat(seat))) {
                (Ok(legal), Ok(view)) if !legal.is_empty() => (legal, view),
                (Ok(_), Ok(_)) => continue,
                (Err(fault), _) | (_, Err(fault)) => {
                    self.outputs
                        .push_back(Output::Note(format!("room {}: the bot on seat {seat} cannot be asked: {fault}", hall.name)));
                    continue;
                }
            };
            let looks_ahead = parlour_room::bot::looks_ahead(bot);
            let promises = looks_ahead.then(|| kind.promises(&view, &legal)).flatten().unwrap_or_default();
            self.asks += 1;
            let ask = AskId(self.asks);
            self.asked.insert(ask, at);
            let before = hall.asks.insert(seat, BotAsked { ask, since, seq, is_open: true, refused });
            if let Some(before) = before {
                self.asked.remove(&before.ask);
                self.asks_due.remove(&before.ask);
            }
            if self.settings.kinds.bots().model(bot).is_some() {
                let due_ms = self.presence.now_ms().saturating_add(self.settings.limits.bot_ms);
                self.asks_due.insert(ask, due_ms);
            }
            self.outputs.push_back(Output::AskBot(AskBot { ask, bot: bot.clone(), seat, view, legal, promises }));
        }
    }

    /// A bot's action goes the way of anybody's. An answer to an old position or tenure is dropped; after too many refusals
    /// chance decides.
    pub(super) fn bot_answered(&mut self, ask: AskId, action: &str, now: Now) {
        let retries = self.settings.limits.bot_retries;
        self.asks_due.remove(&ask);
        let Some(at) = self.asked.remove(&ask).filter(|_| self.draining.is_none()) else { return };
        let Some(hall) = self.halls[at].as_mut().filter(|hall| hall.frozen.is_none()) else { return };
        let Some((&seat, asked)) = hall.asks.iter_mut().find(|(_, asked)| asked.ask == ask) else { return };
        asked.is_open = false;
        let (since, seq, refused) = (asked.since, asked.seq, asked.refused);
        let action =
            if refused < retries { action.to_owned() } else { chance(hall, seat, seq).unwrap_or_else(|| action.to_owned()) };
        let stamp = stamp(hall.clock, now);
        let Some(table) = hall.table_mut() else { return };
        let about = table.about();
        let user =
            about.members.iter().find(|(_, member)| member.seat == seat && member.since == since).map(|(user, _)| user.clone());
        let Some(user) = user.filter(|_| about.seq == seq) else { return self.ask_bots(at) };
        match table.act(stamp, &user, None, &action) {
            Ok(Acted::Played(_, played)) => {
                let app = self.hall(at).app();
                self.counts.actions.entry(app).or_default().played(false);
                self.record(at, played);
            }
            Ok(Acted::Before(_)) => {}
            Err(parlour_room::Rejected::Fault(fault)) => self.trouble(at, &fault, now),
            Err(_) => {
                if let Some(asked) = self.hall(at).asks.get_mut(&seat) {
                    asked.refused = refused + 1;
                }
                if refused <= retries {
                    self.ask_bots(at);
                }
            }
        }
    }

    /// Who has thought for too long is asked again; after too many times chance decides.
    fn hurry_bots(&mut self, now: Now) {
        let retries = self.settings.limits.bot_retries;
        let is_due = |first: &(&AskId, &u64)| *first.1 <= now.mono_ms;
        while let Some((&ask, _)) = self.asks_due.first_key_value().filter(is_due) {
            self.asks_due.remove(&ask);
            let Some(&at) = self.asked.get(&ask) else { continue };
            let Some(hall) = self.halls[at].as_mut() else { continue };
            let Some(asked) = hall.asks.values_mut().find(|asked| asked.ask == ask) else { continue };
            asked.refused += 1;
            if asked.refused >= retries {
                self.bot_answered(ask, "", now);
            } else {
                asked.is_open = false;
                self.asked.remove(&ask);
                self.ask_bots(at);
            }
        }
    }

    /// Puts every room away and tells every client.
    pub(super) fn drain(&mut self, now: Now) {
        if self.draining.is_some() {
            return;
        }
        self.draining = Some(self.commit);
        for at in 0..self.halls.len() {
            if self.halls[at].is_some() {
                self.put_away(at, now);
            }
        }
        self.tell_of_draining();
        let awaited = self.last_appended();
        self.draining = Some(awaited);
        if awaited <= self.durable {
            self.leaves_now = true;
        }
    }

    pub(super) fn say_goodbye(&mut self) {
        if self.is_drained {
            return;
        }
        self.is_drained = true;
        self.refuse_all_waiting(crate::code::Code::Draining);
        self.refuse_all_looking(crate::code::Code::Draining);
        let conns: Vec<ConnId> =
            self.sessions.iter().flatten().filter(|session| session.stands_for.is_none()).map(|session| session.conn).collect();
        for conn in conns {
            self.say(conn, 0, |out| say::closing(out, "the server is shutting down"));
            self.hang_up(conn, 1012, "the server is shutting down");
        }
        self.says_drained = true;
    }
}

/// So many clocks of one room are played at one time; what remains is due again at once.
const FIRED_AT_ONCE: usize = 64;

/// Some legal action, chosen by what the room's last record hashes to.
fn chance(hall: &Hall, seat: Seat, seq: u64) -> Option<String> {
    let table = hall.table()?;
    let Hash64(luck) = Hash64::of(&[table.about().hash.0.to_be_bytes(), seq.to_be_bytes()].concat());
    let legal = table.legal(seat).ok()?;
    Dice::from_number(luck).pick(&legal).cloned()
}
