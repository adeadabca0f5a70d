//! Which file of the library each fetch is to become. A queue keeps its own downloads apart; two queues know nothing of each
//! other, so whoever comes second is told that the name is taken before anything is fetched, not when all of it is there.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The files that are being fetched, no more than there are jobs.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<BTreeSet<String>>);

/// A file that nobody else fetches for as long as this is held.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    claims: &'a Claims,
    path: String,
}

impl Claims {
    /// Nothing if somebody has it.
    pub(crate) fn take(&self, folder: &str, name: &str) -> Option<Claim<'_>> {
        // On some disks names that differ only in case are one.
        let path = format!("{folder}/{name}").to_lowercase();
        let is_free = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        // Made only if it is: dropped, it would let go of what is another's.
        is_free.then(|| Claim { claims: self, path })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_somebodys_until_they_let_go_whatever_its_case() {
        let claims = Claims::default();
        let first = claims.take("Show", "One.bin").expect("nobody has it");
        assert!(claims.take("show", "one.BIN").is_none());
        assert!(claims.take("show", "one.bin").is_none(), "who was refused has let go of nothing");
        assert!(claims.take("show", "two.bin").is_some());
        drop(first);
        assert!(claims.take("show", "one.bin").is_some());
    }
}
