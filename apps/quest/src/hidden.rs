//! What is hidden from whom: nothing. The book is the same for all, dice are rolled when they are needed, and votes are open.

use crate::narrator::{Fault, Signal, Telling};
use crate::state::Quest;
use parlour_room::proof::Disguise;
use parlour_room::{Dice, Viewer};

impl Disguise for Quest {
    fn disguise(&self, _: Viewer, _: &mut Dice) -> Self {
        self.clone()
    }

    fn config(dice: &mut Dice) -> String {
        let party = *dice.pick(&["solo", "vote", "vote", "turns", "turns"]).expect("there are five");
        let seats = if party == "solo" { 1 } else { 2 + dice.below(2) };
        format!(r#"{{"party":"{party}","seats":{seats},"narrated":{},"vote_seconds":1,"turn_seconds":2}}"#, dice.coin())
    }

    fn result(job: &Telling, dice: &mut Dice) -> Option<Signal> {
        let (step, section) = (job.step, job.section);
        let content = *dice.pick(&["The lamps burn low.", "", "\u{7}a\nb\u{202e}", "x"]).expect("there are four");
        Some(match dice.below(6) {
            0 => Signal::Untold { step, section, fault: Fault::TimedOut, tokens: 7 },
            1 => Signal::Told { step: step.wrapping_add(1), section, content: content.to_owned(), tokens: 5 },
            _ => Signal::Told { step, section, content: content.to_owned(), tokens: u32::MAX },
        })
    }
}
