//! The rooms that stand open: those that existing clients expect by their names, and what any other name is.

use super::config::ANY_ROOM;
use parlour_engine::schema::Kinds;
use parlour_engine::standing::StandingRooms;
use parlour_engine::wire::Mode;

/// Names that clients of other systems join without opening them: their kind, its configuration, and that in compat mode.
const NAMED: [(&str, &str, &str, &str); 3] = [
    ("casys-default", "quest", r#"{"party":"vote"}"#, r#"{"party":"vote"}"#),
    ("downloads-default", "downloads", "{}", "{}"),
    ("dungeon-default", "dungeon", "{}", r#"{"sight":"open"}"#),
];

/// Those whose kinds are here. `any` is what was configured for every other name: "" is nothing.
pub(super) fn rooms(kinds: &Kinds, any: Option<&str>, mode: Mode) -> StandingRooms {
    let named = NAMED.iter().filter(|(_, kind, ..)| kinds.get(kind).is_some());
    let rooms = named.fold(StandingRooms::default(), |rooms, (name, kind, strict, compat)| {
        rooms.with(name, kind, if mode == Mode::Compat { compat } else { strict })
    });
    match any {
        None if kinds.get(ANY_ROOM).is_some() => rooms.with_any(ANY_ROOM),
        None | Some("") => rooms,
        Some(kind) => rooms.with_any(kind),
    }
}
