//! Actions as clients of the original name them, in compat mode: each becomes one of the room's own, or one after the other of
//! several until the rules take one.

use super::Mode;
use super::names::{FOREIGN, Own};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What an action may be for the room: at least one, as JSON. `None` where it cannot be read.
pub(super) fn natively(action: &RawValue, kind: &str, mode: Mode) -> Option<Vec<String>> {
    let foreign = FOREIGN.iter().find(|foreign| mode == Mode::Compat && foreign.name == kind);
    let Some(foreign) = foreign else { return Some(vec![action.get().to_owned()]) };
    let fields: Map<String, Value> = serde_json::from_str(action.get()).ok()?;
    Some(foreign.own.iter().map(|own| own_action(own, &fields).to_string()).collect())
}

fn own_action(own: &Own, given: &Map<String, Value>) -> Value {
    let mut action = Map::from_iter([("type".to_owned(), own.kind.into())]);
    for (field, names) in own.fields {
        let value = names.iter().find_map(|name| given.get(*name)).filter(|value| !value.is_null());
        action.extend(value.map(|value| ((*field).to_owned(), value.clone())));
    }
    Value::Object(action)
}
