//! The shard on a desk: rooms whose rules fail, clients that send junk, what reviews found, and rooms that sleep.

#[cfg(test)]
mod chatting;
#[cfg(test)]
mod crowds;
#[cfg(test)]
mod dungeon;
#[cfg(test)]
mod failing_rooms;
#[cfg(test)]
mod faulty;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod junk;
#[cfg(test)]
mod models;
#[cfg(test)]
mod passing;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod review;
#[cfg(test)]
mod sleeping;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod stalled_disk;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod tracking;
#[cfg(test)]
mod unpatched;
#[cfg(test)]
mod versions;
