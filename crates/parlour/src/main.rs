//! The `parlour` command, with the rooms that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    parlour::Parlour::new().room::<parlour::cards::Cards>().room::<parlour::dungeon::Dungeon>().run()
}
