//! Whose seat is whose: `--as SEAT` shows or does nothing that the user behind the token may not.

use super::exit::{Exit, Failed};
use super::link::Link;
use super::remote::{encoded, failed};
use serde_json::{Value, json};

/// Sits down if `joins` says so; else makes sure that the seat, if one is named, is ours.
pub(crate) fn take(link: &mut Link, room: &str, seat: Option<u32>, joins: bool) -> Result<(), Failed> {
    if !joins {
        return seat.map_or(Ok(()), |seat| is_ours(link, room, seat));
    }
    let mut payload = json!({"room_id": room, "as": "player", "nonce": link.session, "open": false});
    if let Some(seat) = seat {
        payload["seat"] = json!(seat);
    }
    let answer = link.ask("join_room", json!({"payload": payload}), &mut |_| Ok(()))?;
    if answer["status"] == "ok" { Ok(()) } else { Err(failed(&answer)) }
}

/// Whether we hold this seat, which the server's list of members says.
pub(crate) fn is_ours(link: &Link, room: &str, seat: u32) -> Result<(), Failed> {
    let shown: Value = serde_json::from_str(&link.remote().get(&format!("/v1/rooms/{}", encoded(room)))?).unwrap_or_default();
    let denied = |why: String| Err(Failed::new(Exit::Denied, why));
    if shown["seats"].as_u64().is_some_and(|seats| u64::from(seat) >= seats) {
        return Err(Failed::new(
            Exit::Usage,
            format!("--as {seat}: {room} has seats 0 to {}", shown["seats"].as_u64().unwrap_or(1) - 1),
        ));
    }
    let holder = shown["members"].as_array().into_iter().flatten().find(|member| member["seat"] == seat);
    let me = &link.user;
    let guest = if link.is_guest { " (every command is a new guest: PARLOUR_TOKEN says who you are)" } else { "" };
    match holder.map(|member| member["user_id"].as_str().unwrap_or_default()) {
        Some(user) if user == me => Ok(()),
        Some(user) => {
            denied(format!("seat {seat} of {room} is {user}'s, and you are {me}{guest}: only its holder sees through it"))
        }
        None => denied(format!("nobody holds seat {seat} of {room}: `parlour play` or `parlour call --join` takes it")),
    }
}
