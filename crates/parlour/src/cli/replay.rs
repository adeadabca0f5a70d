//! `replay`: from a journal, or from a server.

use super::args::Replay;
use super::exit::{Exit, Failed};
use super::remote::encoded;
use super::rooms;
use super::show::print;
use parlour_engine::replay::Eyes;
use parlour_engine::schema::Kinds;
use parlour_engine::store::ReadError;
use parlour_room::{Seat, Viewer};
use parlour_server::offline::{self, ReplayError};
use serde_json::Value;
use std::path::Path;

pub(crate) fn run(kinds: &Kinds, replay: &Replay) -> Result<(), Failed> {
    let eyes = replay.eyes.as_deref().map(eyes).transpose()?.unwrap_or(Eyes::Records);
    match &replay.offline.data {
        Some(data) => from_journal(kinds, replay, eyes, data),
        None => from_server(replay),
    }
}

fn eyes(text: &str) -> Result<Eyes, Failed> {
    match text {
        "spectator" => Ok(Eyes::Viewer(Viewer::Spectator)),
        seat => seat
            .parse()
            .map(|seat| Eyes::Viewer(Viewer::Seat(Seat(seat))))
            .map_err(|_| Failed::new(Exit::Usage, format!("--as {seat}: name a seat by its number, or spectator"))),
    }
}

fn from_journal(kinds: &Kinds, replay: &Replay, eyes: Eyes, data: &Path) -> Result<(), Failed> {
    let journal = rooms::open(data)?;
    let replayed =
        offline::replay(&journal, kinds, &replay.room, replay.at, eyes, replay.verify).map_err(|error| match error {
            ReplayError::NoRoom => {
                Failed::new(Exit::NotFound, format!("there is no room {:?} in {}", replay.room, data.display()))
            }
            ReplayError::NoSeat => Failed::new(Exit::Usage, format!("{} has no such seat", replay.room)),
            ReplayError::Read(ReadError::Failed(why)) => Failed::new(Exit::Internal, why),
            other => Failed::new(Exit::Differs, format!("{}: {other}", replay.room)),
        })?;
    if replay.verify {
        let unplayed = match replayed.unplayed {
            0 => String::new(),
            unplayed => format!(" · {unplayed} before them not played: only rules that are not here could"),
        };
        return print(&format!("{} records · every hash matches · {}{unplayed}\n", replayed.records, replayed.hash));
    }
    for line in replayed.lines {
        print(&format!("{line}\n"))?;
    }
    Ok(())
}

fn from_server(replay: &Replay) -> Result<(), Failed> {
    let mut path = format!("/v1/rooms/{}/replay?verify={}", encoded(&replay.room), replay.verify);
    if let Some(at) = replay.at {
        path.push_str(&format!("&at={at}"));
    }
    if let Some(eyes) = &replay.eyes {
        path.push_str(&format!("&as={}", encoded(eyes)));
    }
    let text = replay.remote.get(&path)?;
    if !replay.verify {
        return print(&text);
    }
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    print(&format!("{} records · every hash matches · {}\n", value["records"], value["hash"].as_str().unwrap_or_default()))
}
