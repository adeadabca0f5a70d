//! What happens by itself: clocks of rooms, silent connections, and the end.

use super::Shard;
use super::play::stamp;
use super::rooms::Happened;
use crate::dialect::native_out as say;
use crate::framing::websocket;
use crate::hall::Phase;
use crate::io::{ConnId, Now, Output};
use crate::session;

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
        self.fade_pulses(now);
        self.show_paced(now);
        self.look_after_wires(now);
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

    /// Plays every clock of a room that is due, each once, however late. A room that is too far ahead of the disk waits for it.
    pub(super) fn fire_due(&mut self, at: usize, now: Now) {
        if self.draining.is_some() {
            return;
        }
        let far = self.settings.limits.undurable_per_room;
        for _ in 0..FIRED_AT_ONCE {
            let Some(hall) = self.halls[at].as_mut().filter(|hall| hall.frozen.is_none()) else { return };
            if hall.undurable.len() >= far {
                break;
            }
            let stamp = stamp(hall.clock, now);
            let Some(table) = hall.table_mut() else { return };
            let outcome = table.fire(stamp);
            match self.happened(at, outcome, now) {
                Happened::Nothing => break,
                Happened::Played => self.counts.clocks += 1,
                Happened::Failed => return,
            }
        }
        self.set_timer(at);
    }

    pub(super) fn set_timer(&mut self, at: usize) {
        let far = self.settings.limits.undurable_per_room;
        let Some(hall) = self.halls[at].as_mut() else { return };
        let may_fire = hall.frozen.is_none() && hall.undurable.len() < far;
        let due_ms = match &hall.phase {
            Phase::Open { table, .. } if may_fire => table.due_ms().map(|due_ms| hall.clock.mono_ms(due_ms)),
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
        let clock = [&self.timers, &self.fading].into_iter().filter_map(|times| times.first()).map(|(due_ms, _)| *due_ms).min();
        let sweep = (!self.places.is_empty()).then_some(self.swept_ms + SWEEP_MS);
        let topics = self.topics.due_ms(self.settings.limits.topic_ms);
        let rooms = [self.lines_due_ms(), self.next_look_ms(), self.next_due_ms(), self.presence.next_ms(), self.jobs.next_ms()];
        let paced = self.paced.next_ms();
        let bots = self.asks_due.values().next().copied();
        let wake_at = [clock, sweep, bots, topics, paced, self.wires.due_ms()].into_iter().chain(rooms).flatten().min();
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
            let is_watched = session.wire.as_ref().is_none_or(|wire| !wire.keeps_time());
            // What has no pings of its own may be silent for long, but has to say who it is like any other.
            let is_netstring = session.wire.as_ref().is_some_and(|wire| wire.is_netstring());
            let unknown =
                (is_watched || is_netstring) && matches!(session.phase, session::Phase::Anonymous | session::Phase::Verifying);
            let has_expired = session.who.as_ref().and_then(|who| who.expires_ms).is_some_and(|at| at <= now.wall_ms);
            if session.phase == session::Phase::Closing {
                continue;
            } else if unknown && now.mono_ms.saturating_sub(session.opened_ms) >= limits.auth_ms {
                ends.push((session.conn, "authentication_required"));
            } else if has_expired {
                ends.push((session.conn, "token_expired"));
            } else if is_watched && silent_ms >= limits.silence_ms || is_netstring && silent_ms >= limits.laneya_idle_ms {
                ends.push((session.conn, "silent"));
            } else if is_watched && silent_ms >= limits.ping_ms && !session.pinged {
                session.pinged = true;
                match &mut session.wire {
                    Some(wire) => wire.ping(),
                    None => websocket::write_ping(&mut session.out, b""),
                }
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
        self.track_heard(now);
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
