//! `/metrics`: what the shard, the loop and the journal counted, in the Prometheus text format 0.0.4. Nothing here names a user
//! or a room: what is shown grows with the program, not with those who use it.

use crate::journal::Totals;
use crate::meters::{BOUNDS_US, Measured, Meters, REASONS};
use parlour_engine::code::Kind;
use parlour_engine::counts::{Actions, Counts, SIZES, Sizes};
use parlour_engine::limiter::Scope;
use std::fmt::{Display, Write};
use std::sync::atomic::Ordering;

const KINDS: [Kind; 8] =
    [Kind::Invalid, Kind::Illegal, Kind::Denied, Kind::Limited, Kind::NotFound, Kind::Expired, Kind::Unavailable, Kind::Internal];

/// Everything the page is made of.
pub(crate) struct Seen<'a> {
    pub(crate) counts: &'a Counts,
    pub(crate) totals: Totals,
    pub(crate) appends: Measured,
    pub(crate) meters: &'a Meters,
    /// Connections open, whatever they speak, and how many were turned away.
    pub(crate) connections: usize,
    pub(crate) turned_away: u64,
    /// How large the journal is.
    pub(crate) journal_bytes: u64,
}

/// The page.
pub(crate) fn text(seen: &Seen<'_>) -> String {
    let mut page = Page(String::new());
    page.family("parlour_build_info", "gauge", "Which Parlour this is.");
    page.sample("parlour_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    connections(&mut page, seen);
    rooms(&mut page, seen);
    actions(&mut page, seen);
    journal(&mut page, seen);
    page.0
}

fn connections(page: &mut Page, seen: &Seen<'_>) {
    let counts = seen.counts;
    page.family("parlour_connections", "gauge", "Connections open now.");
    page.sample("parlour_connections", &[("transport", "websocket")], counts.connections);
    let all = u64::try_from(seen.connections).unwrap_or(u64::MAX);
    page.sample("parlour_connections", &[("transport", "http")], all.saturating_sub(counts.connections));
    page.one("parlour_connections_opened_total", "counter", "WebSocket connections ever opened.", counts.connections_opened);
    page.family("parlour_connections_closed_total", "counter", "WebSocket connections ended, by close code; 1006 without one.");
    for (code, count) in &counts.connections_closed {
        let code = if *code == 0 { "other".to_owned() } else { code.to_string() };
        page.sample("parlour_connections_closed_total", &[("code", &code)], *count);
    }
    page.one("parlour_connections_refused_total", "counter", "Connections and HTTP requests turned away.", seen.turned_away);
    let lost = "Times that a connection lost track of a room because its client, or a loop of the server, did not read.";
    page.one("parlour_rooms_lost_total", "counter", lost, counts.lost);
    let closed = "Connections closed because their clients did not read.";
    let cut = seen.meters.slow_consumers.load(Ordering::Relaxed);
    page.one("parlour_slow_consumer_closed_total", "counter", closed, counts.not_reading.saturating_add(cut));
    page.family("parlour_frames_total", "counter", "WebSocket messages.");
    page.family("parlour_bytes_total", "counter", "Bytes of WebSocket connections.");
    for (at, dir) in ["in", "out"].into_iter().enumerate() {
        page.sample("parlour_frames_total", &[("dir", dir)], counts.frames[at]);
        page.sample("parlour_bytes_total", &[("dir", dir)], counts.bytes[at]);
    }
    page.family("parlour_auth_failures_total", "counter", "Those who could not say who they are, by why.");
    for (at, reason) in REASONS.into_iter().enumerate() {
        let over_http = seen.meters.auth_failures[at].load(Ordering::Relaxed);
        let count = over_http + counts.auth_failures.get(reason).copied().unwrap_or(0);
        page.sample("parlour_auth_failures_total", &[("reason", reason)], count);
    }
    page.family(
        "parlour_rate_limited_total",
        "counter",
        "Requests refused because somebody asked too much, by whose limit it was.",
    );
    for scope in Scope::ALL {
        page.sample("parlour_rate_limited_total", &[("kind", scope.as_str())], counts.rate_limited[scope as usize]);
    }
}

fn rooms(page: &mut Page, seen: &Seen<'_>) {
    let counts = seen.counts;
    page.family("parlour_rooms", "gauge", "Rooms loaded now.");
    for (app, rooms) in &counts.rooms {
        page.sample("parlour_rooms", &[("app", app)], *rooms);
    }
    page.one("parlour_rooms_frozen", "gauge", "Rooms frozen after a fault: look at the log.", counts.rooms_frozen);
    page.one("parlour_rooms_opened_total", "counter", "Rooms opened.", counts.rooms_opened);
    page.one("parlour_rooms_slept_total", "counter", "Rooms put to sleep.", counts.rooms_slept);
    page.one("parlour_rooms_woken_total", "counter", "Rooms woken because they were due.", counts.rooms_woken);
    page.family("parlour_rooms_closed_total", "counter", "Rooms ended: by their rules, or from outside.");
    for (at, reason) in ["ended", "closed"].into_iter().enumerate() {
        page.sample("parlour_rooms_closed_total", &[("reason", reason)], counts.rooms_closed[at]);
    }
    page.family("parlour_seats", "gauge", "Seats taken in rooms loaded now.");
    for (app, seats) in &counts.seats {
        for (at, state) in ["here", "away", "bot"].into_iter().enumerate() {
            page.sample("parlour_seats", &[("app", app), ("state", state)], seats[at]);
        }
    }
    page.family("parlour_resumes_total", "counter", "Joins, by how they were caught up.");
    for (at, kind) in ["replayed", "snapshot", "fresh", "refused"].into_iter().enumerate() {
        page.sample("parlour_resumes_total", &[("kind", kind)], counts.resumes[at]);
    }
    page.sizes("parlour_resume_events", "Events by which joins were caught up.", &counts.resume_events);
    page.one("parlour_turn_timeouts_total", "counter", "Clocks of rooms that ran out.", counts.clocks);
    page.one("parlour_rules_panics_total", "counter", "Panics of rules.", counts.panics);
}

fn actions(page: &mut Page, seen: &Seen<'_>) {
    let counts = seen.counts;
    page.family("parlour_actions_total", "counter", "Actions, by what became of them.");
    for (app, actions) in &counts.actions {
        let Actions { applied, dup, refused } = actions;
        page.sample("parlour_actions_total", &[("app", app), ("kind", "applied")], *applied);
        page.sample("parlour_actions_total", &[("app", app), ("kind", "dup")], *dup);
        for kind in KINDS {
            page.sample("parlour_actions_total", &[("app", app), ("kind", kind.as_str())], refused[kind as usize]);
        }
    }
    page.one("parlour_events_total", "counter", "Events told, each once however many heard it.", counts.events);
    page.family(
        "parlour_action_seconds",
        "histogram",
        "Applied actions: until the journal had them, and until they were on disk.",
    );
    page.times("parlour_action_seconds", &[("stage", "turn")], &seen.meters.turns.read());
    page.times("parlour_action_seconds", &[("stage", "journal")], &seen.meters.commits.read());
    page.family("parlour_ack_seconds", "histogram", "Applied actions, from the turn that read them to the one that answered.");
    page.times("parlour_ack_seconds", &[], &seen.meters.acks.read());
}

fn journal(page: &mut Page, seen: &Seen<'_>) {
    let (counts, totals) = (seen.counts, &seen.totals);
    page.one("parlour_journal_records_total", "counter", "Records on disk.", totals.records);
    page.one("parlour_journal_commits_total", "counter", "Transactions they were written in.", totals.commits);
    page.one("parlour_journal_written_bytes_total", "counter", "Bytes of records and snapshots written.", totals.bytes);
    page.one("parlour_journal_bytes", "gauge", "Size of the journal on disk.", seen.journal_bytes);
    page.family("parlour_journal_fold_seconds_total", "counter", "Time spent folding old records.");
    let folding_us = u64::try_from(totals.folding.as_micros()).unwrap_or(u64::MAX);
    page.sample("parlour_journal_fold_seconds_total", &[], seconds(folding_us));
    page.one("parlour_journal_lag_events", "gauge", "Records not on disk yet.", counts.records.saturating_sub(totals.records));
    page.family("parlour_journal_append_seconds", "histogram", "Writing and syncing one transaction.");
    page.times("parlour_journal_append_seconds", &[], &seen.appends);
    let recovery_s = seconds(seen.meters.recovery_us.load(Ordering::Relaxed));
    page.family("parlour_recovery_seconds", "gauge", "How long the journal took to open when this server started.");
    page.sample("parlour_recovery_seconds", &[], recovery_s);
    page.one("parlour_rooms_loaded_total", "counter", "Rooms read back from the journal.", counts.rooms_loaded);
    page.family("parlour_room_load_seconds", "histogram", "Reading one room back from the journal.");
    page.times("parlour_room_load_seconds", &[], &seen.meters.loads.read());
    page.one("parlour_replay_divergences_total", "counter", "Rooms that could not be replayed when loaded.", counts.divergences);
}

type Labels<'a> = [(&'a str, &'a str)];

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &Labels<'_>, value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn sizes(&mut self, name: &str, help: &str, sizes: &Sizes) {
        self.family(name, "histogram", help);
        self.ranges(name, &[], SIZES.iter().map(u64::to_string), &sizes.ranges);
        self.sample(&format!("{name}_sum"), &[], sizes.sum);
    }

    fn times(&mut self, name: &str, labels: &Labels<'_>, times: &Measured) {
        self.ranges(name, labels, BOUNDS_US.iter().map(|us| seconds(*us)), &times.ranges);
        self.sample(&format!("{name}_sum"), labels, seconds(times.sum_us));
    }

    /// Each range as the format has it: everything up to its end, what lies below included.
    fn ranges(&mut self, name: &str, labels: &Labels<'_>, ends: impl Iterator<Item = String>, ranges: &[u64]) {
        let mut so_far = 0;
        for (end, count) in ends.chain(["+Inf".to_owned()]).zip(ranges) {
            so_far += count;
            self.sample(&format!("{name}_bucket"), &[labels, &[("le", &end)]].concat(), so_far);
        }
        self.sample(&format!("{name}_count"), labels, so_far);
    }
}

/// Seconds, exactly: nothing is rounded.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_written_as_seconds() {
        for (us, text) in [(0, "0"), (100, "0.0001"), (1_000_000, "1"), (2_500_000, "2.5"), (10_000_000, "10"), (1, "0.000001")] {
            assert_eq!(seconds(us), text);
        }
    }
}
