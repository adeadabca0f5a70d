//! What is hidden from whom: how far others have read, from spectators always, from members where that is not shared.

use crate::state::{Chat, Person};
use parlour_room::proof::Disguise;
use parlour_room::{Dice, Seat, Viewer};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Disguise for Chat {
    /// Others have read as far as they like, where the viewer is not shown it.
    fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        let (mut other, last) = (self.clone(), self.last());
        let shares = viewer != Viewer::Spectator && self.shares_marks();
        let is_shown = |(seat, _): &(&Seat, &Arc<Person>)| shares || viewer.is(**seat);
        let shown: BTreeSet<&str> = self.people.iter().filter(is_shown).map(|(_, person)| &*person.user).collect();
        let others = self.marks.reveal().keys().filter(|user| !shown.contains(user.as_str()));
        others.for_each(|user| other.marks.reveal_mut().insert_mut(user.clone(), dice.below(last.saturating_add(1))));
        other
    }

    fn config(dice: &mut Dice) -> String {
        let marks = if dice.coin() { "shared" } else { "own" };
        format!(r#"{{"read_marks":"{marks}","spectators":{}}}"#, dice.coin())
    }
}
