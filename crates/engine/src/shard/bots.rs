//! Bots: asked what they do once for each position at which they may do something, and heard like anybody else.

use super::Shard;
use super::play::stamp;
use crate::hall::{BotAsked, Hall, Phase};
use crate::io::{AskBot, AskId, Now, Output};
use parlour_room::table::Member;
use parlour_room::{Acted, Dice, Hash64, Seat, Viewer};

impl Shard {
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
        for seat in about.members.bots() {
            let Some((_, Member { since, bot: Some(bot), .. })) = about.members.holder(seat) else { continue };
            let (since, seq) = (*since, about.seq);
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
        let holder = about.members.holder(seat).filter(|(_, member)| member.since == since && about.seq == seq);
        let Some(user) = holder.map(|(user, _)| user.to_owned()) else { return self.ask_bots(at) };
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
    pub(super) fn hurry_bots(&mut self, now: Now) {
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
}

/// Some legal action, chosen by what the room's last record hashes to.
fn chance(hall: &Hall, seat: Seat, seq: u64) -> Option<String> {
    let table = hall.table()?;
    let Hash64(luck) = Hash64::of(&[table.about().hash.0.to_be_bytes(), seq.to_be_bytes()].concat());
    let legal = table.legal(seat).ok()?;
    Dice::from_number(luck).pick(&legal).cloned()
}
