//! `parlour` with other rooms: small ones that show to the front-door tests what the apps do not.

mod models;
mod rooms;

use models::Mind;
use parlour::bot::{Ask, Bot};
use parlour::{Dice, Parlour, cards::Cards};
use std::process::ExitCode;

/// Takes the first action.
struct First;

impl Bot for First {
    fn choose<'a>(&mut self, ask: Ask<'a>, _: &mut Dice) -> &'a str {
        ask.legal.first().map_or("", String::as_str)
    }
}

fn main() -> ExitCode {
    let rooms = Parlour::new().room::<rooms::pad::Pad>().room::<rooms::lounge::Lounge>().room::<Cards>();
    let rooms = rooms.room::<rooms::errand::Errands>();
    let bots = rooms.jobs(rooms::errand::Runs).bot("first", || Box::new(First));
    let slow = bots.model("thinker", Mind::Slow(20)).model("stuck", Mind::Slow(1000)).model("ponderous", Mind::Slow(600_000));
    slow.model("confused", Mind::Confused).model("stumbling", Mind::Stumbling).run()
}
