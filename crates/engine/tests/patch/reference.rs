//! A patch applied as RFC 6902 and RFC 6901 say, on a tree of values, written apart from what makes patches.

use serde_json::Value;

/// Does what the operations say, one after the other; every target must be there.
pub fn apply(document: &mut Value, ops: &[Value]) -> Result<(), String> {
    for op in ops {
        one(document, op).ok_or_else(|| format!("cannot be done: {op}"))?;
    }
    Ok(())
}

fn one(document: &mut Value, op: &Value) -> Option<()> {
    let (path, value) = (op["path"].as_str()?, op.get("value"));
    let Some((parent, last)) = path.rsplit_once('/') else {
        // The empty pointer is the whole document.
        assert!(path.is_empty(), "a pointer begins with a slash");
        *document = value.filter(|_| op["op"] != "remove")?.clone();
        return Some(());
    };
    let mut target = document;
    for token in parent.split('/').skip(1) {
        target = match target {
            Value::Object(members) => members.get_mut(&unescaped(token))?,
            Value::Array(elements) => elements.get_mut(index(token)?)?,
            _ => return None,
        };
    }
    match (op["op"].as_str()?, target) {
        ("add", Value::Object(members)) => drop(members.insert(unescaped(last), value?.clone())),
        ("replace", Value::Object(members)) => *members.get_mut(&unescaped(last))? = value?.clone(),
        ("remove", Value::Object(members)) => drop(members.remove(&unescaped(last))?),
        ("add", Value::Array(elements)) if last == "-" => elements.push(value?.clone()),
        ("add", Value::Array(elements)) => {
            let at = index(last).filter(|at| *at <= elements.len())?;
            elements.insert(at, value?.clone());
        }
        ("replace", Value::Array(elements)) => *elements.get_mut(index(last)?)? = value?.clone(),
        ("remove", Value::Array(elements)) => {
            let at = index(last).filter(|at| *at < elements.len())?;
            elements.remove(at);
        }
        _ => return None,
    }
    Some(())
}

/// `~1` first, so that `~01` becomes `~1` and not a slash.
fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// Digits without a zero before them.
fn index(token: &str) -> Option<usize> {
    let is_index = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    if is_index { token.parse().ok() } else { None }
}
