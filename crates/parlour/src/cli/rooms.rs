//! `rooms ls|create|show|close`.

use super::args::{Format, Rooms};
use super::exit::{Exit, Failed};
use super::remote::encoded;
use super::show::{outline, print, table};
use parlour_engine::lookup::listed;
use parlour_engine::rebuild;
use parlour_engine::schema::Kinds;
use parlour_engine::store::ReadError;
use parlour_room::Viewer;
use parlour_server::journal::{OpenError, Reader, SqliteReader};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn run(kinds: &Kinds, verb: Rooms) -> Result<(), Failed> {
    match verb {
        Rooms::Ls { remote, offline, shown } => {
            let rooms = match offline.data {
                Some(data) => list_offline(&data)?,
                None => {
                    let mut rooms = Vec::new();
                    let mut after = String::new();
                    loop {
                        let page = parse(&remote.get(&format!("/v1/rooms?after={}", encoded(&after)))?);
                        rooms.extend(page["rooms"].as_array().cloned().unwrap_or_default());
                        match page["next"].as_str() {
                            Some(next) => after = next.to_owned(),
                            None => break rooms,
                        }
                    }
                }
            };
            match shown.output {
                Format::Json => print(&format!("{}\n", json!({"rooms": rooms}))),
                Format::Ndjson => rooms.iter().try_for_each(|room| print(&format!("{room}\n"))),
                Format::Table if rooms.is_empty() => {
                    say!("No rooms. `parlour rooms create KIND` opens one.");
                    Ok(())
                }
                Format::Table => print(&list(&rooms)),
            }
        }
        Rooms::Create { kind, id, config, bot, remote, shown } => {
            let config: Value = match config {
                Some(config) => serde_json::from_str(&config)
                    .map_err(|error| Failed::new(Exit::Usage, format!("--config is no JSON: {error}")))?,
                None => json!({}),
            };
            let bots = bots(&bot)?;
            let mut body = json!({"kind": kind, "config": config, "bots": bots});
            if let Some(id) = id {
                body["id"] = id.into();
            }
            let answer = remote.call("POST", "/v1/rooms", &body.to_string())?;
            match shown.output {
                Format::Json | Format::Ndjson => print(&format!("{answer}\n")),
                Format::Table => print(&format!("{}\n", parse(&answer)["room_id"].as_str().unwrap_or_default())),
            }
        }
        Rooms::Show { room, remote, offline, shown } => {
            let value = match offline.data {
                Some(data) => show_offline(kinds, &data, &room)?,
                None => parse(&remote.get(&format!("/v1/rooms/{}", encoded(&room)))?),
            };
            match shown.output {
                Format::Json | Format::Ndjson => print(&format!("{value}\n")),
                Format::Table => print(&outline(&value)),
            }
        }
        Rooms::Close { room, remote } => {
            remote.call("DELETE", &format!("/v1/rooms/{}", encoded(&room)), "")?;
            say!("{room} is closed");
            Ok(())
        }
    }
}

/// Reads `1=random`.
fn bots(given: &[String]) -> Result<Value, Failed> {
    let mut bots = serde_json::Map::new();
    for bot in given {
        let (seat, name) = bot
            .split_once('=')
            .ok_or_else(|| Failed::new(Exit::Usage, format!("--bot {bot}: write SEAT=BOT, for instance 1=random")))?;
        bots.insert(seat.to_owned(), name.into());
    }
    Ok(Value::Object(bots))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn list(rooms: &[Value]) -> String {
    let rows: Vec<Vec<String>> = rows(rooms);
    table(&["ROOM", "KIND", "STATE", "PLAYERS", "WATCHING"], &rows)
}

fn rows(rooms: &[Value]) -> Vec<Vec<String>> {
    let row = |room: &Value| {
        let text = |key: &str| room[key].as_str().unwrap_or_default().to_owned();
        let state = match room["outcome"].as_str() {
            Some(outcome) => format!("{}: {outcome}", text("status")),
            None => text("status"),
        };
        let players = match (room["members"].as_array(), room["seats"].as_u64()) {
            (Some(members), Some(seats)) => {
                let names: Vec<&str> = members.iter().filter_map(|member| member["name"].as_str()).collect();
                format!("{}/{seats} {}", members.len(), names.join(", "))
            }
            _ => "asleep".to_owned(),
        };
        vec![text("room_id"), text("kind"), state, players, room["spectators"].as_u64().map_or(String::new(), |n| n.to_string())]
    };
    rooms.iter().map(row).collect()
}

pub(crate) fn open(data: &Path) -> Result<SqliteReader, Failed> {
    SqliteReader::open(data).map_err(unopened)
}

fn list_offline(data: &Path) -> Result<Vec<Value>, Failed> {
    let journal = open(data)?;
    let mut rooms = Vec::new();
    let mut after = String::new();
    loop {
        let page = journal.rooms(&after, PAGE).map_err(read_failed)?;
        let Some(last) = page.last() else { return Ok(rooms) };
        after = last.room.to_string();
        rooms.extend(page.iter().map(listed));
    }
}

const PAGE: u32 = 1000;

fn show_offline(kinds: &Kinds, data: &Path, room: &str) -> Result<Value, Failed> {
    let history = open(data)?.load(room).map_err(read_failed)?;
    let history =
        history.ok_or_else(|| Failed::new(Exit::NotFound, format!("there is no room {room:?} in {}", data.display())))?;
    let (_, table) =
        rebuild::rebuild(kinds, room, &history).map_err(|broken| Failed::new(Exit::Differs, format!("{room}: {broken}")))?;
    let about = table.about();
    let members: Vec<Value> = about
        .members
        .iter()
        .map(|(user, member)| json!({"user_id": user, "name": member.name, "seat": member.seat.0, "bot": member.bot}))
        .collect();
    let view = table.view(Viewer::Spectator).map_err(|fault| Failed::new(Exit::Internal, fault))?;
    let mut value = json!({
        "room_id": room,
        "kind": about.kind,
        "rules": about.rules,
        "status": if about.ended.is_some() { "ended" } else { "open" },
        "at": table.position(Viewer::Spectator).to_string(),
        "records": about.seq,
        "opened_by": about.opener.user,
        "opened_ms": about.opener.ts_ms,
        "seats": about.seats,
        "members": members,
        "seed_hash": table.seed_hash(),
        "view": parse(&view),
    });
    if let Some(ended) = about.ended {
        value["outcome"] = json!(ended.outcome);
    }
    Ok(value)
}

/// Only what is not there is not found.
fn unopened(error: OpenError) -> Failed {
    let exit = match error {
        OpenError::NoJournal { .. } => Exit::NotFound,
        OpenError::NotAJournal { .. } | OpenError::Newer { .. } => Exit::Config,
        OpenError::AlreadyOpen { .. } | OpenError::Failed { .. } => Exit::Internal,
    };
    Failed::new(exit, error)
}

pub(crate) fn read_failed(error: ReadError) -> Failed {
    let exit = if matches!(error, ReadError::Damaged { .. }) { Exit::Differs } else { Exit::Internal };
    Failed::new(exit, error)
}
