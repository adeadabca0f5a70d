//! `config check|print|docs`.

use super::{Flags, Origin, Settings, docs, keys};
use crate::cli::args::{Config, Format};
use crate::cli::exit::Failed;
use crate::cli::show::{print, table};
use serde_json::{Map, json};

pub(crate) fn run(verb: Config) -> Result<(), Failed> {
    match verb {
        Config::Check { file } => {
            let settings = Settings::find(Flags { config: file.as_deref(), ..Flags::default() })?;
            print(&format!("The configuration is good: {}.\n", settings.sources()))
        }
        Config::Print { file, origin, shown } => {
            let settings = Settings::find(Flags { config: file.as_deref(), ..Flags::default() })?;
            show(&settings, origin, shown.output)
        }
        Config::Docs => print(&docs::page()),
    }
}

fn show(settings: &Settings, with_origin: bool, format: Format) -> Result<(), Failed> {
    let mut rows = Vec::new();
    let mut object = Map::new();
    for key in keys::all() {
        let value = settings.shown(&key.name);
        let origin = settings.origins.get(&key.name).unwrap_or(&Origin::Default).to_string();
        // A limit stays a number.
        let number = value.as_deref().filter(|_| key.name.starts_with(keys::LIMITS)).and_then(|value| value.parse::<u64>().ok());
        let shown = number.map_or_else(|| json!(value), |number| json!(number));
        object.insert(key.name.clone(), json!({"value": shown, "origin": origin}));
        let mut row = vec![key.name, value.unwrap_or_else(|| "-".to_owned())];
        row.extend(with_origin.then_some(origin));
        rows.push(row);
    }
    match format {
        Format::Json => print(&format!("{}\n", serde_json::Value::Object(object))),
        Format::Ndjson => object.into_iter().try_for_each(|(key, mut value)| {
            value["key"] = json!(key);
            print(&format!("{value}\n"))
        }),
        Format::Table => {
            let head: &[&str] = if with_origin { &["SETTING", "VALUE", "FROM"] } else { &["SETTING", "VALUE"] };
            print(&table(head, &rows))
        }
    }
}
