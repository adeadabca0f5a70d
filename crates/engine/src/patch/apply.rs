//! Patches applied to a view: the operations of RFC 6902 that the native protocol uses, on a tree of values.

use serde::Deserialize;
use serde_json::Value;

/// One operation.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// Puts a value there: in front of what an array has at this index.
    Add {
        /// Where: a JSON Pointer (RFC 6901).
        path: String,
        /// What.
        value: Value,
    },
    /// Takes away what is there.
    Remove {
        /// Where.
        path: String,
    },
    /// Puts a value in the place of what is there.
    Replace {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
}

/// Does one after the other. `None` if one cannot be done: the document is then worth nothing.
pub fn apply(document: &mut Value, ops: Vec<Op>) -> Option<()> {
    ops.into_iter().try_for_each(|op| one(document, op))
}

fn one(document: &mut Value, op: Op) -> Option<()> {
    let path = match &op {
        Op::Add { path, .. } | Op::Remove { path } | Op::Replace { path, .. } => path.clone(),
    };
    let Some((parent, last)) = path.rsplit_once('/') else {
        // The empty pointer is the whole document.
        return match op {
            Op::Add { value, .. } | Op::Replace { value, .. } if path.is_empty() => {
                *document = value;
                Some(())
            }
            _ => None,
        };
    };
    match (document.pointer_mut(parent)?, op) {
        (Value::Object(members), Op::Add { value, .. }) => {
            members.insert(unescaped(last), value);
        }
        (Value::Object(members), Op::Replace { value, .. }) => *members.get_mut(&unescaped(last))? = value,
        (Value::Object(members), Op::Remove { .. }) => {
            members.remove(&unescaped(last))?;
        }
        (Value::Array(elements), Op::Add { value, .. }) => {
            let at = index(last).filter(|at| *at <= elements.len())?;
            elements.insert(at, value);
        }
        (Value::Array(elements), Op::Replace { value, .. }) => *elements.get_mut(index(last)?)? = value,
        (Value::Array(elements), Op::Remove { .. }) => {
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
