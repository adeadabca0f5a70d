//! What is hidden from whom: how far others have read, from spectators always, from members where that is not shared.

use crate::state::Chat;
use parlour_room::proof::Disguise;
use parlour_room::{Dice, Viewer};

impl Disguise for Chat {
    /// Others have read as far as they like, where the viewer is not shown it.
    fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        let mut other = self.clone();
        if viewer != Viewer::Spectator && self.shares_marks() {
            return other;
        }
        let last = self.last();
        let others = other.marks.reveal_mut().iter_mut().filter(|(seat, _)| !viewer.is(**seat));
        others.for_each(|(_, mark)| *mark = dice.below(last.saturating_add(1)));
        other
    }

    fn config(dice: &mut Dice) -> String {
        let marks = if dice.coin() { "shared" } else { "own" };
        format!(r#"{{"read_marks":"{marks}","spectators":{}}}"#, dice.coin())
    }
}
