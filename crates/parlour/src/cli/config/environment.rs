//! The environment: `PARLOUR_` and the setting's name in capitals, with `__` for the dot; and `PORT`, which many hosts set.

use super::keys::{self, Value};
use super::{Given, Origin, likely};
use crate::cli::exit::{Exit, Failed};
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// Variables that are no settings of a server.
const OTHERS: [&str; 3] = [CONFIG, "PARLOUR_SERVER", "PARLOUR_TOKEN"];
const CONFIG: &str = "PARLOUR_CONFIG";

#[derive(Default)]
pub(super) struct Environment {
    pub(super) config: Option<PathBuf>,
    pub(super) port: Option<u16>,
    pub(super) given: Vec<Given>,
}

pub(super) fn read(wrong: &mut Vec<String>) -> Environment {
    let mut found = Environment { config: env::var_os(CONFIG).map(PathBuf::from), ..Environment::default() };
    for key in keys::all() {
        if let Some(value) = env::var_os(key.variable()) {
            let origin = Origin::Variable(key.variable());
            found.given.push(Given { key: key.name, value: Value::Text(value), origin });
        }
    }
    if let Some(port) = env::var_os("PORT") {
        match port.to_str().and_then(|port| port.parse().ok()) {
            Some(port) => found.port = Some(port),
            None => wrong.push(format!("PORT: must be a port, a whole number from 0 to 65535, not {:?}", super::lossy(&port))),
        }
    }
    found
}

/// A variable of ours that does not exist is a slip that would go unnoticed.
pub(crate) fn check_names() -> Result<(), Failed> {
    let known: Vec<String> =
        keys::all().iter().map(keys::Key::variable).chain(OTHERS.iter().map(|name| (*name).to_owned())).collect();
    let is_ours = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("PARLOUR_"));
    let mut unknown: Vec<String> = env::vars_os()
        .map(|(name, _)| name)
        .filter(is_ours)
        .filter_map(|name| name.into_string().ok())
        .filter(|name| !known.contains(name))
        .collect();
    unknown.sort();
    let Some(name) = unknown.first() else { return Ok(()) };
    let hint = if name.starts_with("PARLOUR_SERVICE_") || name.starts_with("PARLOUR_PORT") {
        "Kubernetes sets it for a service called parlour: set enableServiceLinks: false".to_owned()
    } else {
        likely::nearest(name, known.iter().map(String::as_str))
            .map_or_else(|| "`parlour config docs` lists those there are".to_owned(), |near| format!("did you mean {near}?"))
    };
    Err(Failed::new(Exit::Config, format!("{name}: there is no such variable; {hint}")))
}
