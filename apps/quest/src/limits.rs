//! How much there may be of anything in a quest. What goes beyond is refused with a text, or the oldest of it is dropped.

/// How many may play together.
pub const SEATS: u32 = 8;
/// How many bytes a name or a remark may take for each character that it may have: letters take one to three, emoji four.
pub const BYTES_PER_CHAR: usize = 3;
/// The longest name of a hero or a member, in characters.
pub const NAME_CHARS: u32 = 50;
/// The longest remark, in characters.
pub const REMARK_CHARS: u32 = 280;
/// How many remarks are kept and shown; the oldest goes first.
pub const REMARKS: usize = 20;
/// How many of them the narrator is given.
pub const REMARKS_TOLD: usize = 8;
/// How many entries of the trace are kept; the oldest goes first. They hold words of the book and of the rules only, never those
/// of strangers: 200 remarks would make a view that is too large to be sent.
pub const HISTORY: usize = 200;
/// The longest narrative, in characters: what a narrator says beyond it is cut off.
pub const NARRATIVE_CHARS: usize = 4000;
/// How often the narrator may be asked again for one step.
pub const NARRATIONS: u32 = 5;
/// The highest value of a stat.
pub const STAT_MAX: u32 = 24;
/// What every stat is in the beginning.
pub const STAT_START: u32 = 20;
/// How many things an inventory holds, all quantities together.
pub const CAPACITY: u32 = 10;
/// The most gold.
pub const GOLD_MAX: u32 = 999_999;
/// The longest time for a vote or a turn, in seconds.
pub const SECONDS_MAX: u32 = 3600;
/// The most tokens of a narrator that are counted for one game.
pub const TOKENS_MAX: u32 = 100_000_000;
