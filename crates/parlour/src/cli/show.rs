//! Printing: data to stdout, quietly ending when nobody reads it any more.

use super::exit::{Exit, Failed};
use serde_json::Value;
use std::io::{self, Write};

/// Prints to stdout. A reader that has gone away ends the command, as `| head` expects.
pub(crate) fn print(text: &str) -> Result<(), Failed> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failed::new(Exit::Internal, format!("cannot write: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Columns as wide as what is in them.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let mut text = line(&mut head.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

/// Any JSON value as an indented outline that a person can read.
pub(crate) fn outline(value: &Value) -> String {
    let mut text = String::new();
    write_outline(&mut text, value, 0);
    text
}

fn write_outline(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(_, value)| !says_nothing(value)) {
                match inline(value) {
                    Some(short) => text.push_str(&format!("{indent}{}: {short}\n", words(key))),
                    None => {
                        text.push_str(&format!("{indent}{}:\n", words(key)));
                        write_outline(text, value, depth + 1);
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match inline(item) {
                    Some(short) => text.push_str(&format!("{indent}- {short}\n")),
                    None => {
                        let mut inner = String::new();
                        write_outline(&mut inner, item, depth + 1);
                        text.push_str(&format!("{indent}- {}", inner.trim_start()));
                    }
                }
            }
        }
        other => text.push_str(&format!("{indent}{}\n", scalar(other))),
    }
}

/// What a person does not miss: nothing, none, no.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// What fits on one line: a scalar, a short list of scalars, a short object of scalars.
fn inline(value: &Value) -> Option<String> {
    let line = match value {
        Value::Object(fields) => {
            let parts: Option<Vec<String>> = fields
                .iter()
                .filter(|(_, value)| !says_nothing(value))
                .map(|(key, value)| inline_part(value).map(|value| format!("{} {value}", words(key))))
                .collect();
            parts?.join(" · ")
        }
        Value::Array(items) => items.iter().map(inline_part).collect::<Option<Vec<_>>>()?.join(", "),
        scalar_value => return Some(scalar(scalar_value)),
    };
    (line.chars().count() <= LINE).then_some(line)
}

const LINE: usize = 88;

fn inline_part(value: &Value) -> Option<String> {
    match value {
        Value::Object(_) => None,
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            Some(items.iter().map(scalar).collect::<Vec<_>>().join(" "))
        }
        Value::Array(_) => None,
        other => Some(scalar(other)),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// A field's name as a person writes it.
pub(crate) fn words(key: &str) -> String {
    key.replace('_', " ")
}

/// An action in words: its type, then its fields.
pub(crate) fn action(value: &Value) -> String {
    let name = value["type"].as_str().map(words).unwrap_or_default();
    let fields = value.as_object().into_iter().flatten().filter(|(key, _)| *key != "type");
    let fields: Vec<String> =
        fields.map(|(key, value)| format!("{} {}", words(key), inline(value).unwrap_or_default())).collect();
    if fields.is_empty() { name } else { format!("{name}  ({})", fields.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_outline_reads_like_a_page() {
        let view = json!({"turn": 3, "hand": ["a", "b"], "me": {"active": {"name": "Emberling", "hp": 60}}, "none": null});
        assert_eq!(outline(&view), "hand: a, b\nme:\n  active: hp 60 · name Emberling\nturn: 3\n");
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "long".to_owned()], vec!["bbbb".to_owned(), "x".to_owned()]];
        assert_eq!(table(&["ROOM", "KIND"], &rows), "ROOM  KIND\na     long\nbbbb  x\n");
    }
}
