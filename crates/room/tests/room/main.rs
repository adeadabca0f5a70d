//! What the room crate promises, each promise in a file of its own: one binary, because the support below is shared.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod common;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod dice;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod inbox;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod missed;
#[cfg(test)]
mod own_events;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod seats;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod tenure;
#[cfg(test)]
mod time;
#[cfg(test)]
mod versions;
