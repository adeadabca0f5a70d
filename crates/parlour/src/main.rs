//! The `parlour` command, with the rooms that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let parlour = parlour::Parlour::new().room::<parlour::cards::Cards>().room::<parlour::chat::Chat>();
    let parlour = parlour.room::<parlour::downloads::Downloads>().jobs_from(downloads_worker);
    let parlour = parlour.room::<parlour::quest::Quest>().jobs(parlour::quest_worker::Narrator::default());
    let parlour = parlour.room::<parlour::dungeon::Dungeon>();
    parlour.run()
}

/// Fetches files and looks through the library.
fn downloads_worker(settings: &parlour::Settings) -> Result<parlour::downloads_worker::Worker, String> {
    let library = settings.text("downloads.library").map_or_else(|| settings.data().join("library"), Into::into);
    let fetching = parlour::downloads_worker::Settings::new(library);
    let allow_private = settings.truth("downloads.allow_private");
    Ok(parlour::downloads_worker::Worker::new(parlour::downloads_worker::Settings { allow_private, ..fetching }))
}
