//! The `parlour` command, with the rooms that come with it.

use parlour::Parlour;
use parlour::cards::Cards;
use parlour::quest::Quest;
use parlour::quest_worker::Narrator;
use std::process::ExitCode;

fn main() -> ExitCode {
    let parlour = Parlour::new().room::<Cards>();
    let parlour = parlour.room::<Quest>().jobs(Narrator::default());
    parlour.run()
}
