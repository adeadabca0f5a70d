//! The `parlour` command, with the rooms that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let parlour = parlour::Parlour::new().room::<parlour::cards::Cards>();
    let parlour = parlour.room::<parlour::downloads::Downloads>().jobs(parlour::downloads_worker::Worker::without_library());
    let parlour = parlour.room::<parlour::quest::Quest>().jobs(parlour::quest_worker::Narrator::default());
    let parlour = parlour.room::<parlour::dungeon::Dungeon>();
    parlour.run()
}
