//! Names for ids: what a view calls a thing, a person reads instead of the thing's id.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What each `id` in a view belongs to: the `name` or `card` beside it.
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    pub(crate) fn of(view: &Value) -> Self {
        let mut names = BTreeMap::new();
        collect(view, &mut names);
        Self(names)
    }

    /// The same value with names in place of ids; a thing of which nothing but its name remains is its name.
    pub(crate) fn put_into(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.0.get(text).map_or_else(|| value.clone(), |name| Value::String(name.clone())),
            Value::Array(items) => items.iter().map(|item| self.put_into(item)).collect(),
            Value::Object(fields) => {
                let mut fields = fields.clone();
                if let Some(name) = name_of(&fields) {
                    for key in ["id", "card", "name"] {
                        fields.remove(key);
                    }
                    if fields.is_empty() {
                        return Value::String(name);
                    }
                    fields.insert("name".to_owned(), Value::String(name));
                }
                fields.iter().map(|(key, value)| (key.clone(), self.put_into(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// The name of a thing that has an id.
fn name_of(fields: &Map<String, Value>) -> Option<String> {
    let name = fields.get("name").or_else(|| fields.get("card")).filter(|_| fields.contains_key("id"));
    name.and_then(Value::as_str).map(|name| name.replace('_', " "))
}

fn collect(value: &Value, names: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            if let (Some(id), Some(name)) = (fields.get("id").and_then(Value::as_str), name_of(fields)) {
                // What stands for the whole thing comes before its parts.
                names.entry(id.to_owned()).or_insert(name);
            }
            fields.values().for_each(|value| collect(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_action_names_what_the_view_names() {
        let view = json!({"you": {"hand": [{"id": "x1", "card": "war_drum"}]}, "bench": [{"id": "x2", "name": "Mimble"}]});
        let action = json!({"type": "play_item", "card": "x1", "target": "x2", "other": "x3"});
        let names = Names::of(&view);
        assert_eq!(names.put_into(&view), json!({"you": {"hand": ["war drum"]}, "bench": ["Mimble"]}));
        let named = names.put_into(&action);
        assert_eq!(named, json!({"type": "play_item", "card": "war drum", "target": "Mimble", "other": "x3"}));
    }
}
