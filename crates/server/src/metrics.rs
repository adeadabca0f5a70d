//! `/metrics`: what the shard and the journal counted, in the Prometheus text format.

use crate::journal::Totals;
use parlour_engine::code::Kind;
use parlour_engine::io::Counts;
use std::fmt::Write;

const KINDS: [Kind; 8] =
    [Kind::Invalid, Kind::Illegal, Kind::Denied, Kind::Limited, Kind::NotFound, Kind::Expired, Kind::Unavailable, Kind::Internal];

/// The page for Prometheus. Text format 0.0.4.
pub(crate) fn text(counts: &Counts, totals: &Totals) -> String {
    let mut page = Page(String::new());
    page.family("parlour_build_info", "gauge", "Which Parlour this is.");
    page.sample("parlour_build_info", &format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
    page.one("parlour_connections", "gauge", "Connections open now.", counts.connections);
    page.one("parlour_connections_opened_total", "counter", "Connections ever opened.", counts.connections_opened);
    page.family("parlour_rooms", "gauge", "Rooms loaded now.");
    for (app, rooms) in &counts.rooms {
        page.sample("parlour_rooms", &format!("{{app=\"{app}\"}}"), *rooms);
    }
    page.one("parlour_rooms_frozen", "gauge", "Rooms frozen after a fault: look at the log.", counts.rooms_frozen);
    page.one("parlour_rooms_opened_total", "counter", "Rooms opened.", counts.rooms_opened);
    page.family("parlour_actions_total", "counter", "Actions, by what became of them.");
    page.sample("parlour_actions_total", "{kind=\"applied\"}", counts.actions_applied);
    page.sample("parlour_actions_total", "{kind=\"dup\"}", counts.actions_dup);
    for kind in KINDS {
        page.sample("parlour_actions_total", &format!("{{kind=\"{}\"}}", kind.as_str()), counts.actions_refused[kind as usize]);
    }
    page.one("parlour_events_total", "counter", "Events told, each once however many heard it.", counts.events);
    page.family("parlour_frames_total", "counter", "WebSocket messages.");
    page.family("parlour_bytes_total", "counter", "Bytes of WebSocket connections.");
    for (at, dir) in ["in", "out"].into_iter().enumerate() {
        page.sample("parlour_frames_total", &format!("{{dir=\"{dir}\"}}"), counts.frames[at]);
        page.sample("parlour_bytes_total", &format!("{{dir=\"{dir}\"}}"), counts.bytes[at]);
    }
    page.family("parlour_resumes_total", "counter", "Joins, by how they were caught up.");
    for (at, kind) in ["replayed", "snapshot", "fresh"].into_iter().enumerate() {
        page.sample("parlour_resumes_total", &format!("{{kind=\"{kind}\"}}"), counts.resumes[at]);
    }
    page.one("parlour_auth_failures_total", "counter", "Tokens refused.", counts.auth_failures);
    page.one("parlour_rules_panics_total", "counter", "Panics of rules.", counts.panics);
    page.one("parlour_replay_divergences_total", "counter", "Rooms that could not be replayed when loaded.", counts.divergences);
    page.one("parlour_journal_records_total", "counter", "Records on disk.", totals.records);
    page.one("parlour_journal_commits_total", "counter", "Transactions they were written in.", totals.commits);
    page.one("parlour_journal_bytes_total", "counter", "Bytes of records and snapshots written.", totals.bytes);
    page.family("parlour_journal_append_seconds_total", "counter", "Time spent writing and syncing.");
    let _ = writeln!(page.0, "parlour_journal_append_seconds_total {:.6}", totals.busy.as_secs_f64());
    page.family("parlour_journal_fold_seconds_total", "counter", "Time spent folding old records.");
    let _ = writeln!(page.0, "parlour_journal_fold_seconds_total {:.6}", totals.folding.as_secs_f64());
    page.one("parlour_journal_lag_events", "gauge", "Records not on disk yet.", counts.records.saturating_sub(totals.records));
    page.0
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }
}
