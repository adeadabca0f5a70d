//! Who follows a room: found by connection and by user, for a crowd comes and goes at once.

use crate::io::ConnId;
use parlour_room::Viewer;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A connection that follows the room.
#[derive(Clone, Debug)]
pub(crate) struct Follow {
    pub(crate) conn: ConnId,
    pub(crate) user: Arc<str>,
    pub(crate) viewer: Viewer,
    /// Where in the streams the tenure of the viewer's seat begins.
    pub(crate) since: u64,
    /// Whether it is told of what changes in its view. A view that nobody wants is not made.
    pub(crate) patches: bool,
    /// The view it was shown last: of which class of viewers, and its number.
    pub(crate) shown: Option<(Viewer, u64)>,
}

impl Follow {
    pub(crate) fn plays(&self) -> bool {
        self.viewer != Viewer::Spectator
    }
}

/// All of them: to read, a list in no particular order. Whose a connection is never changes.
#[derive(Debug, Default)]
pub(crate) struct Follows {
    list: Vec<Follow>,
    places: BTreeMap<ConnId, usize>,
    by_user: BTreeMap<Arc<str>, BTreeSet<ConnId>>,
}

impl Follows {
    pub(crate) fn get(&self, conn: ConnId) -> Option<&Follow> {
        self.places.get(&conn).and_then(|at| self.list.get(*at))
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Follow> {
        self.places.get(&conn).and_then(|at| self.list.get_mut(*at))
    }

    /// Those of one user.
    pub(crate) fn of(&self, user: &str) -> impl Iterator<Item = &Follow> {
        self.by_user.get(user).into_iter().flatten().filter_map(|conn| self.get(*conn))
    }

    /// Whether a user has one, as whatever.
    pub(crate) fn has(&self, user: &str) -> bool {
        self.by_user.contains_key(user)
    }

    /// Whether a user has one as a player.
    pub(crate) fn has_player(&self, user: &str) -> bool {
        self.of(user).any(Follow::plays)
    }

    /// How many only watch.
    pub(crate) fn spectators(&self) -> usize {
        self.list.iter().filter(|follow| !follow.plays()).count()
    }

    /// In the place of what this connection was before, if it followed.
    pub(crate) fn insert(&mut self, follow: Follow) {
        self.remove(follow.conn);
        self.places.insert(follow.conn, self.list.len());
        self.by_user.entry(follow.user.clone()).or_default().insert(follow.conn);
        self.list.push(follow);
    }

    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<Follow> {
        let at = self.places.remove(&conn)?;
        let follow = self.list.swap_remove(at);
        if let Some(moved) = self.list.get(at) {
            self.places.insert(moved.conn, at);
        }
        if let Some(conns) = self.by_user.get_mut(&follow.user) {
            conns.remove(&conn);
            if conns.is_empty() {
                self.by_user.remove(&follow.user);
            }
        }
        Some(follow)
    }

    /// Takes all.
    pub(crate) fn take(&mut self) -> Vec<Follow> {
        std::mem::take(self).list
    }
}

impl Deref for Follows {
    type Target = [Follow];

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl DerefMut for Follows {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlour_room::Seat;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_finds_what_a_list_that_is_searched_finds(
            moves in prop::collection::vec((0..9_u64, any::<bool>(), any::<bool>()), 0..60)
        ) {
            let (mut follows, mut list) = (Follows::default(), Vec::<Follow>::new());
            for (number, comes, plays) in moves {
                let (conn, user) = (ConnId(number), format!("u{}", number / 3));
                let before = list.iter().position(|follow| follow.conn == conn).map(|at| list.remove(at));
                if comes {
                    let viewer = if plays { Viewer::Seat(Seat(7)) } else { Viewer::Spectator };
                    let follow = Follow { conn, user: user.as_str().into(), viewer, since: 0, patches: true, shown: None };
                    list.push(follow.clone());
                    follows.insert(follow);
                } else {
                    prop_assert_eq!(follows.remove(conn).map(|follow| follow.conn), before.map(|follow| follow.conn));
                }
                prop_assert_eq!(follows.len(), list.len());
                for number in 0..9 {
                    let conn = ConnId(number);
                    let known = list.iter().find(|follow| follow.conn == conn);
                    prop_assert_eq!(follows.get(conn).map(|follow| follow.viewer), known.map(|follow| follow.viewer));
                }
                for user in ["u0", "u1", "u2"] {
                    let of: Vec<&Follow> = list.iter().filter(|follow| &*follow.user == user).collect();
                    prop_assert_eq!(follows.of(user).count(), of.len());
                    prop_assert_eq!(follows.has(user), !of.is_empty());
                    prop_assert_eq!(follows.has_player(user), of.iter().any(|follow| follow.plays()));
                }
            }
        }
    }
}
