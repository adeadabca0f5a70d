//! `parlour` with other rooms: small ones that show to the front-door tests what the apps do not.

mod models;
mod rooms;

use models::Mind;
use parlour::bot::{Ask, Bot};
use parlour::{Dice, Parlour, cards::Cards};
use rooms::tally::{ONES, TENS, Tally};
use std::process::ExitCode;

/// Takes the first action.
struct First;

impl Bot for First {
    fn choose<'a>(&mut self, ask: Ask<'a>, _: &mut Dice) -> &'a str {
        ask.legal.first().map_or("", String::as_str)
    }
}

fn main() -> ExitCode {
    let rooms = tally(Parlour::new()).room::<rooms::egg::Egg>().room::<rooms::pad::Pad>();
    let rooms = rooms.room::<rooms::lounge::Lounge>().room::<Cards>();
    let rooms = rooms.room::<rooms::errand::Errands>().room::<rooms::brittle::Brittle>();
    let rooms = rooms.room::<parlour::downloads::Downloads>().jobs(rooms::flood::Flood);
    let rooms = rooms.room::<rooms::quest::Quest>();
    let bots = rooms.jobs(rooms::errand::Runs).bot("first", || Box::new(First));
    let slow = bots.model("thinker", Mind::Slow(20)).model("stuck", Mind::Slow(1000)).model("ponderous", Mind::Slow(600_000));
    slow.model("confused", Mind::Confused).model("stumbling", Mind::Stumbling).run()
}

/// `LAB_RULES` picks the rules of `tally` that this server has: `1`, `2` or both, and whether 2 `takes_over` what 1 left.
fn tally(parlour: Parlour) -> Parlour {
    let rules = std::env::var("LAB_RULES").unwrap_or_else(|_| "1,2".to_owned());
    let has = |word: &str| rules.split(',').any(|rule| rule == word);
    let parlour = if has("1") { parlour.room::<Tally<ONES, false>>() } else { parlour };
    match (has("2"), has("takes_over")) {
        (true, true) => parlour.room::<Tally<TENS, true>>(),
        (true, false) => parlour.room::<Tally<TENS, false>>(),
        (false, _) => parlour,
    }
}
