//! The view a client keeps: the last whole one, with every patch since (RFC 6902, as far as the server uses it).

use serde_json::Value;

/// Does what the operations say. `None` if something they name is not there: then the view is of no use any more.
pub(crate) fn apply(view: &mut Value, ops: &Value) -> Option<()> {
    for op in ops.as_array()? {
        let (kind, path, value) = (op["op"].as_str()?, op["path"].as_str()?, op.get("value"));
        match path.rsplit_once('/') {
            None => *view = value?.clone(),
            Some((parent, last)) => change(view.pointer_mut(parent)?, kind, last, value)?,
        }
    }
    Some(())
}

fn change(target: &mut Value, kind: &str, last: &str, value: Option<&Value>) -> Option<()> {
    match target {
        Value::Object(members) => {
            let key = last.replace("~1", "/").replace("~0", "~");
            match kind {
                "remove" => drop(members.remove(&key)?),
                _ => drop(members.insert(key, value?.clone())),
            }
        }
        Value::Array(elements) => {
            let at: usize = last.parse().ok()?;
            match kind {
                "add" if at <= elements.len() => elements.insert(at, value?.clone()),
                "remove" if at < elements.len() => drop(elements.remove(at)),
                _ => *elements.get_mut(at)? = value?.clone(),
            }
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_view_follows_its_patches() {
        let mut view = json!({"hand": ["a", "b"], "a/b": {"~": 1}});
        let ops = json!([
            {"op": "remove", "path": "/hand/0"},
            {"op": "add", "path": "/hand/1", "value": "c"},
            {"op": "replace", "path": "/a~1b/~0", "value": null},
        ]);
        assert_eq!(apply(&mut view, &ops), Some(()));
        assert_eq!(view, json!({"hand": ["b", "c"], "a/b": {"~": null}}));
        assert_eq!(apply(&mut view, &json!([{"op": "remove", "path": "/hand/2"}])), None);
        assert_eq!(apply(&mut view, &json!([{"op": "replace", "path": "", "value": 7}])), Some(()));
        assert_eq!(view, 7);
    }
}
