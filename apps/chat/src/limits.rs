//! How much there may be of everything: each limit once, with what happens beyond it.

/// How many members a room may have.
pub const MEMBERS: u32 = 10_000;
/// The longest message, in bytes of UTF-8; a longer one is `too_long`.
pub const CONTENT_BYTES: usize = 16 * 1024;
/// The longest topic.
pub const TOPIC_BYTES: usize = 1024;
/// The longest user id that an action may name.
pub const USER_BYTES: usize = 256;
/// So many of the last messages can still be changed, taken back and answered; older ones are `too_old`.
pub const MESSAGES: usize = 512;
/// So often one message may be changed; then `too_many_edits`.
pub const EDITS: usize = 16;
/// Of so many users it is remembered how far they have read; of more only of those who are members.
pub const MARKS: usize = 16_384;
/// How many owners and moderators a room may have; more are `too_many`.
pub const ROLES: usize = 64;
/// How many may be silenced at one time.
pub const MUTES: usize = 256;
/// The longest time for which somebody is silenced: thirty days.
pub const MUTE_SECONDS: u32 = 30 * 24 * 60 * 60;
/// How many may be kept out.
pub const BANS: usize = 1024;
/// How many may be invited into a private room.
pub const INVITED: usize = 256;
/// How many of those who are kept out a view names.
pub const BANS_SHOWN: usize = 64;
/// The slowest slow mode: one message an hour.
pub const SLOW_SECONDS: u32 = 60 * 60;
/// Of so many writers it is remembered when they wrote last, while a room is slow; of more the oldest may write at once.
pub const WRITERS: usize = 16_384;
/// In a room with more members nobody is shown who is typing.
pub const TYPING_MEMBERS: usize = 64;
/// In a room with more members nobody but oneself is shown how far one has read.
pub const READ_MEMBERS: usize = 64;
