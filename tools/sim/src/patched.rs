//! Patches as a client applies them (RFC 6902), written apart from what makes them.

use serde_json::Value;

/// Does what the operations say, one after the other; says which could not be done.
pub fn apply(view: &mut Value, ops: &Value) -> Result<(), String> {
    for op in ops.as_array().ok_or("operations are a list")? {
        let tokens: Vec<String> = match op["path"].as_str() {
            Some("") => Vec::new(),
            Some(path) if path.starts_with('/') => {
                path[1..].split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
            }
            _ => return Err(format!("no pointer: {op}")),
        };
        change(view, &tokens, op).ok_or_else(|| format!("cannot be done: {op}"))?;
    }
    Ok(())
}

fn change(target: &mut Value, tokens: &[String], op: &Value) -> Option<()> {
    let value = || op.get("value").cloned();
    match (tokens, target) {
        ([], target) => *target = value()?,
        ([key], Value::Object(members)) if op["op"] == "remove" => drop(members.remove(key)?),
        ([key], Value::Object(members)) if op["op"] == "add" => drop(members.insert(key.clone(), value()?)),
        ([key, rest @ ..], Value::Object(members)) => return change(members.get_mut(key)?, rest, op),
        ([at, rest @ ..], Value::Array(elements)) => {
            let at: usize = at.parse().ok()?;
            match op["op"].as_str()? {
                "add" if rest.is_empty() && at <= elements.len() => elements.insert(at, value()?),
                "remove" if rest.is_empty() && at < elements.len() => drop(elements.remove(at)),
                _ => return change(elements.get_mut(at)?, rest, op),
            }
        }
        _ => return None,
    }
    Some(())
}
