//! How much of everything there may be in one queue. Together they keep a view below the server's default of 256 KiB.

/// Downloads in the list, finished ones counted.
pub const ITEMS: usize = 200;
/// What members wrote into the list (addresses, keys, folders, names, ids of clients), in bytes, all together.
pub const TEXT_BYTES: usize = 64 * 1024;
/// The longest address.
pub const URL_BYTES: usize = 1024;
/// The longest key.
pub const KEY_BYTES: usize = 64;
/// The longest name of a file or a folder.
pub const NAME_BYTES: usize = 120;
/// The longest id that a client gives a download.
pub const CLIENT_ID_BYTES: usize = 64;
/// Ids of clients that are remembered, the newest.
pub const CLIENT_IDS: usize = 512;
/// Downloads at one time; with the scan and the tidying they stay below the jobs that a room may have open.
pub const PARALLEL: u32 = 60;
/// Members at one time.
pub const SEATS: u32 = 256;
/// Bytes, of a file or a second: what every client can count to.
pub const BYTES: u64 = 1 << 50;
/// What a configuration may suggest.
pub const SUGGESTIONS: usize = 16;
/// Removed downloads whose unfinished files wait to be deleted.
pub const UNTIDY: usize = 512;
/// Series listed of the library; all of them are counted.
pub const LISTED: usize = 100;
