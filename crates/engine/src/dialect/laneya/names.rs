//! Every name that the dialect takes from elsewhere: its own actions and updates, and which events and fields of a dungeon mean
//! what in it. Nothing else here knows a dungeon.

/// The room of those who name none.
pub(super) const DEFAULT_ROOM: &str = "dungeon-default";

/// The types of messages.
pub(super) const REQUEST: &str = "request";

/// Actions that are the dialect's own. All others are the room's.
pub(super) const HELLO: &str = "hello";
pub(super) const LOGOUT: &str = "logout";
pub(super) const GET_MAP: &str = "get_map";
pub(super) const GET_VIEW: &str = "get_view";
pub(super) const BATCH: &str = "batch";
pub(super) const POSITION: &str = "position";

/// The action whose data the original checks.
pub(super) const MOVE: &str = "move";
pub(super) const DIRECTIONS: [&str; 5] = ["north", "east", "south", "west", "stop"];

/// With this one nobody walks.
pub(super) const STOP: &str = "stop";
/// The refusal of who died, and the action by which they live again.
pub(super) const DEAD: &str = "dead";
pub(super) const RESPAWN: &str = "respawn";

/// What the dialect itself tells.
pub(super) const SNAPSHOT: &str = "snapshot";
pub(super) const SPAWN: &str = "spawn";
pub(super) const DESPAWN: &str = "despawn";
pub(super) const SEQ: &str = "seq";
pub(super) const CLOSING: &str = "closing";
pub(super) const LEFT: &str = "left";
pub(super) const ENDED: &str = "room_ended";
pub(super) const ERROR: &str = "error";
pub(super) const PRESENCE: &str = "presence";

/// Events of a dungeon that are positions.
pub(super) const STEPPED: &str = "stepped";
pub(super) const APPEARED: &str = "appeared";
pub(super) const GONE: &str = "gone";

/// The kind of entity that no client of the original knows.
pub(super) const ITEM: &str = "item";
/// The body of a player is called by its seat and one; ids from here on are others'.
pub(super) const FIRST_OTHER: u64 = 1000;
/// What the names of players and of others begin with.
pub(super) const USER: &str = "User:";
pub(super) const GHOST: &str = "Ghost:";

/// How large the map of the original is.
pub(super) const COLUMNS: usize = 60;
pub(super) const ROWS: usize = 40;
pub(super) const WALL: &str = "wall";
pub(super) const FLOOR: &str = "floor";
/// In the rows of a view: what is no floor. A blank is a field that the viewer does not know.
pub(super) const WALLS: [char; 2] = ['#', ' '];
