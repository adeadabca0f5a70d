//! `call`: one action, its answer, and an exit code that a script can go by.

use super::args::{Call, Format};
use super::exit::{Exit, Failed};
use super::link::{Link, is_lost};
use super::remote::{exit_for, failed, sentence, spoken};
use super::seat;
use super::show::print;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait before a lost server is tried again.
const AGAIN: Duration = Duration::from_millis(500);

pub(crate) fn run(call: &Call) -> Result<(), Failed> {
    let action = action(call)?;
    let deadline = call.wait.map(|wait| Instant::now() + wait);
    let mut id = call.id.clone();
    let mut link = None;
    loop {
        let tried = attempt(call, &action, &mut link, &mut id);
        let pause = match &tried {
            Ok(answer) if answer["status"] == "ok" => return applied(call, answer, id.as_deref().unwrap_or_default()),
            Ok(answer) if answer["retry"] == true => {
                Some(Duration::from_millis(answer["retry_after_ms"].as_u64().unwrap_or(500)))
            }
            Err(lost) if is_lost(lost) => {
                link = None;
                Some(AGAIN)
            }
            Ok(_) | Err(_) => None,
        };
        let pause = pause.filter(|pause| deadline.is_some_and(|deadline| Instant::now() + *pause < deadline));
        match (pause, tried) {
            (Some(pause), _) => thread::sleep(pause),
            (None, Ok(answer)) => return rejected(call, &answer),
            // Sent or not, nobody knows: with the same id it counts once.
            (None, Err(lost)) if is_lost(&lost) && id.is_some() => {
                let id = id.unwrap_or_default();
                let why = format!("{} It may have been applied: the same command with --id {id} finds out.", lost.why);
                return Err(Failed::new(lost.exit, why));
            }
            (None, Err(failed)) => return Err(failed),
        }
    }
}

/// The action's name and its fields as one object.
fn action(call: &Call) -> Result<Value, Failed> {
    let usage = |why: String| Failed::new(Exit::Usage, why);
    let mut value: Value =
        serde_json::from_str(&call.fields).map_err(|error| usage(format!("{:?} is no JSON: {error}", call.fields)))?;
    let Some(fields) = value.as_object_mut() else {
        return Err(usage("the action's fields must be a JSON object, for instance '{\"card\": 3}'".to_owned()));
    };
    if fields.insert("type".to_owned(), json!(call.action)).is_some() {
        return Err(usage("the action's name stands before its fields: leave \"type\" out of them".to_owned()));
    }
    Ok(value)
}

fn attempt(call: &Call, action: &Value, link: &mut Option<Link>, id: &mut Option<String>) -> Result<Value, Failed> {
    let link = match link {
        Some(link) => link,
        None => {
            let mut opened = Link::open(&call.remote)?;
            seat::take(&mut opened, &call.room, call.seat, call.join)?;
            link.insert(opened)
        }
    };
    let id = id.get_or_insert_with(|| link.new_id()).clone();
    link.ask("action", json!({"id": id, "room": call.room, "payload": action}), &mut |_| Ok(()))
}

fn applied(call: &Call, answer: &Value, id: &str) -> Result<(), Failed> {
    match call.shown.output {
        Format::Json | Format::Ndjson => {
            let mut answer = answer.clone();
            answer["id"] = json!(id);
            print(&format!("{}\n", without_reference(&answer)))
        }
        Format::Table => {
            let at = answer["at"].as_str().unwrap_or_default();
            let how = if answer["dup"] == true { "applied before, as" } else { "applied, as" };
            print(&format!("{how} {id} · {} stands at {at}\n", call.room))
        }
    }
}

fn rejected(call: &Call, answer: &Value) -> Result<(), Failed> {
    if call.shown.output != Format::Table {
        print(&format!("{}\n", without_reference(answer)))?;
    }
    Err(refused(answer))
}

fn refused(answer: &Value) -> Failed {
    let text = |key: &str| answer[key].as_str().unwrap_or_default();
    if text("code") == "not_in_room" {
        let why = sentence("You hold no seat in this room: --join takes a free one first.", text("code"));
        return Failed::new(exit_for(text("kind"), text("code")), why);
    }
    let mut failed = failed(answer);
    if let Some(wait) = answer["retry_after_ms"].as_u64() {
        failed.why.push_str(&format!(" Try again in {}, or let --wait do it.", spoken(Duration::from_millis(wait))));
    }
    failed
}

fn without_reference(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("ref");
    }
    answer
}
