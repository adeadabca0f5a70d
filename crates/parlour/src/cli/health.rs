//! `health` and `version`.

use super::args::{Format, Health};
use super::exit::{Exit, Failed};
use super::remote::failed;
use super::show::print;
use parlour_engine::schema::Kinds;
use parlour_server::NAME;
use serde_json::{Value, json};

pub(crate) fn run(health: &Health) -> Result<(), Failed> {
    let path = if health.ready { "/readyz" } else { "/healthz" };
    let text = health.remote.exchange("GET", path, "")?.1;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let is_good = if health.ready { answer["ready"] == true } else { answer["status"] == "ok" };
    if !answer.is_object() || (answer.get("code").is_some() && !is_good) {
        return Err(if answer.is_object() { failed(&answer) } else { not_parlour(health) });
    }
    match health.shown.output {
        Format::Json | Format::Ndjson => print(&format!("{answer}\n"))?,
        Format::Table if is_good => print(if health.ready { "ready\n" } else { "alive\n" })?,
        Format::Table => {}
    }
    if is_good {
        return Ok(());
    }
    let missing: Vec<&str> = [("draining", true), ("journal", false)]
        .into_iter()
        .filter(|(name, wrong)| answer[name].as_bool() == Some(*wrong))
        .map(|(name, _)| if name == "draining" { "it is shutting down" } else { "its journal cannot be used: its log says why" })
        .collect();
    Err(Failed::new(Exit::TimedOut, format!("{} is not ready: {}", health.remote.server, missing.join(", "))))
}

fn not_parlour(health: &Health) -> Failed {
    Failed::new(Exit::Unreachable, format!("{} answers, but not as a Parlour server does", health.remote.server))
}

pub(crate) fn version(kinds: &Kinds, as_json: bool) -> Result<(), Failed> {
    let version = NAME.split('/').nth(1).unwrap_or_default();
    if !as_json {
        return print(&format!("parlour {version}\n"));
    }
    let kinds: Vec<Value> = kinds.iter().map(|kind| json!({"kind": kind.name(), "rules": kind.rules()})).collect();
    print(&format!("{}\n", json!({"name": "parlour", "version": version, "protocol": 1, "kinds": kinds})))
}
