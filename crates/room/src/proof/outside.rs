//! The testkit's one door to the outside: a test reads its environment, and keeps a schema file among the author's tests. Nothing
//! but tests calls this.

use serde_json::Value;
use std::fs;
use std::path::Path;

/// A number in the environment.
#[expect(clippy::disallowed_methods, reason = "a test's seed and the number of its games come from whoever runs it")]
pub(super) fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}")))
}

/// Holds what is now against the file, or writes it where the environment says so.
pub(super) fn compare(crate_folder: &str, kind: &str, now: &Value) -> Result<(), String> {
    let path = Path::new(crate_folder).join("tests").join(format!("{kind}.schema.json"));
    let text = format!("{now:#}\n");
    if number("PARLOUR_PROOF_RENEW").is_some() {
        return fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()));
    }
    let renew = "If that is meant, PARLOUR_PROOF_RENEW=1 and the name of this test write the file anew.";
    match fs::read_to_string(&path) {
        Err(error) => Err(format!("{} cannot be read ({error}): it says what crosses the wire. {renew}", path.display())),
        Ok(before) if before == text => Ok(()),
        Ok(before) => {
            let place = serde_json::from_str(&before).ok().and_then(|before: Value| difference(&before, now));
            let place = place.unwrap_or_else(|| "spaces".to_owned());
            Err(format!("what crosses the wire differs from {} at {place}. {renew}", path.display()))
        }
    }
}

/// The first place at which two values differ.
pub(super) fn difference(one: &Value, other: &Value) -> Option<String> {
    fn find(one: &Value, other: &Value, path: &mut Vec<String>) -> bool {
        if one == other {
            return false;
        }
        let below: Vec<(String, Option<&Value>, Option<&Value>)> = match (one, other) {
            (Value::Object(one), Value::Object(other)) => {
                let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
                keys.into_iter().map(|key| (key.clone(), one.get(key), other.get(key))).collect()
            }
            (Value::Array(one), Value::Array(other)) => {
                (0..one.len().max(other.len())).map(|at| (at.to_string(), one.get(at), other.get(at))).collect()
            }
            _ => return true,
        };
        for (key, one, other) in below {
            path.push(key);
            match (one, other) {
                (Some(one), Some(other)) if !find(one, other, path) => drop(path.pop()),
                _ => return true,
            }
        }
        true
    }
    let mut path = Vec::new();
    find(one, other, &mut path).then(|| if path.is_empty() { "the top".to_owned() } else { path.join(".") })
}
