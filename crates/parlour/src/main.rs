//! The `parlour` command, with the rooms that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let parlour = parlour::Parlour::new().room::<parlour::cards::Cards>().room::<parlour::chat::Chat>();
    let parlour = parlour.room::<parlour::downloads::Downloads>().jobs_from(downloads_worker);
    let parlour = parlour.room::<parlour::quest::Quest>().jobs_from(narrator);
    let parlour = parlour.room::<parlour::dungeon::Dungeon>();
    parlour.run()
}

/// Fetches files and looks through the library.
fn downloads_worker(settings: &parlour::Settings) -> Result<parlour::downloads_worker::Worker, String> {
    use parlour::downloads_worker::{Allowed, Network, Settings, Worker};
    let library = settings.text("downloads.library").map_or_else(|| settings.data().join("library"), Into::into);
    let fetching = Settings::new(library);
    let networks = settings.text("downloads.allow_networks").unwrap_or_default().split(',').filter(|text| !text.is_empty());
    let networks = networks.map(str::parse).collect::<Result<Vec<Network>, _>>();
    let networks = networks.map_err(|error| format!("downloads.allow_networks: {error}"))?;
    let is_all = settings.truth("downloads.allow_private");
    let allowed = if is_all { Allowed::All } else { Allowed::Only(networks.into()) };
    let patience = settings.number("downloads.patience_ms").map_or(fetching.patience, std::time::Duration::from_millis);
    let warn_percent = settings.number("downloads.warn_percent").and_then(|percent| u32::try_from(percent).ok());
    let warn_percent = warn_percent.unwrap_or(fetching.warn_percent);
    let reserve_bytes = settings.number("downloads.reserve_bytes").unwrap_or(fetching.reserve_bytes);
    let max_file_bytes = settings.number("downloads.max_file_bytes").unwrap_or(fetching.max_file_bytes);
    Ok(Worker::new(Settings { allowed, patience, reserve_bytes, max_file_bytes, warn_percent, ..fetching }))
}

/// Words the sections of quests: by a model where one is named, and otherwise by itself.
fn narrator(settings: &parlour::Settings) -> Result<parlour::quest_worker::Narrator, String> {
    use parlour::quest_worker::{Endpoint, Narrator};
    let Some(url) = settings.text("narrator.url") else { return Ok(Narrator::default()) };
    let key = match (settings.text("narrator.key"), settings.text("narrator.key_file")) {
        (Some(_), Some(_)) => return Err("narrator.key and narrator.key_file are two places for one key: keep one".to_owned()),
        (Some(key), None) => Some(key.to_owned()),
        (None, Some(path)) => {
            let key = std::fs::read_to_string(path).map_err(|error| format!("narrator.key_file: {path}: {error}"))?;
            Some(key.trim_end().to_owned())
        }
        (None, None) => None,
    };
    let model = settings.text("narrator.model").unwrap_or_default();
    let mut endpoint = Endpoint::new(url, key, model).map_err(|error| format!("narrator.url: {error}"))?;
    let number = |name, usual| settings.number(name).unwrap_or(usual);
    let small = |name, usual: u32| u32::try_from(number(name, usual.into())).unwrap_or(u32::MAX);
    endpoint.timeout = std::time::Duration::from_millis(number("narrator.timeout_ms", 30_000));
    endpoint.tokens_per_call = small("narrator.tokens_per_call", endpoint.tokens_per_call);
    endpoint.tokens_per_game = small("narrator.tokens_per_game", endpoint.tokens_per_game);
    Ok(Narrator::asking(endpoint))
}
