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

/// Prints what does not end its line, so that it is seen before more follows.
pub(crate) fn print_now(text: &str) -> Result<(), Failed> {
    print(text)?;
    let _ = io::stdout().flush();
    Ok(())
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
            // On top each field has its line; inside, what is short shares lines and comes before what is not.
            let is_shared = |value: &Value| depth > 0 && inline_part(value).is_some();
            let said = || fields.iter().filter(|(_, value)| !says_nothing(value));
            let shared = said().filter(|(_, value)| is_shared(value));
            let shared = shared.filter_map(|(key, value)| Some(format!("{} {}", words(key), inline_part(value)?)));
            for line in wrapped(shared, LINE) {
                text.push_str(&format!("{indent}{line}\n"));
            }
            for (key, value) in said().filter(|(_, value)| !is_shared(value)) {
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

/// Parts joined to lines of at most so many columns.
fn wrapped(parts: impl Iterator<Item = String>, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut().filter(|line| line.chars().count() + part.chars().count() + 3 <= columns) {
            Some(line) => line.push_str(&format!(" · {part}")),
            None => lines.push(part),
        }
    }
    lines
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
    let fields = value.as_object().into_iter().flatten().filter(|(key, value)| *key != "type" && !says_nothing(value));
    let fields: Vec<String> =
        fields.map(|(key, value)| format!("{} {}", words(key), inline(value).unwrap_or_default())).collect();
    if fields.is_empty() { name } else { format!("{name}  ({})", fields.join(", ")) }
}

/// What is different, a line each: where, what it was and what it is.
pub(crate) fn changes(before: &Value, after: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    write_changes(&mut lines, "", before, after);
    lines
}

fn write_changes(lines: &mut Vec<String>, place: &str, before: &Value, after: &Value) {
    if before == after {
        return;
    }
    let inside = |key: &str| if place.is_empty() { words(key) } else { format!("{place} {}", words(key)) };
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in new {
                write_changes(lines, &inside(key), old.get(key).unwrap_or(&Value::Null), value);
            }
            for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                write_changes(lines, &inside(key), value, &Value::Null);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (number, (old, new)) in old.iter().zip(new).enumerate() {
                write_changes(lines, &inside(&(number + 1).to_string()), old, new);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            lines.extend(old.iter().filter(|item| !new.contains(item)).map(|item| format!("{place}: − {}", short(item))));
            lines.extend(new.iter().filter(|item| !old.contains(item)).map(|item| format!("{place}: + {}", short(item))));
        }
        _ => lines.push(format!("{place}: {} → {}", short(before), short(after))),
    }
}

/// A value in one line, whatever is left out.
fn short(value: &Value) -> String {
    match inline(value) {
        Some(text) if !text.is_empty() => text,
        Some(_) => "none".to_owned(),
        None => match (value, value["name"].as_str()) {
            (_, Some(name)) => name.to_owned(),
            (Value::Array(items), None) => format!("{} of them", items.len()),
            (_, None) => "…".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_say_where_and_what() {
        let before = json!({"turn": 3, "you": {"active": {"name": "Emberling", "hp": 60}, "hand": ["a"]}, "gone": 1});
        let after = json!({"turn": 4, "you": {"active": {"name": "Emberling", "hp": 30}, "hand": ["a", "b"]}});
        let lines = ["turn: 3 → 4", "you active hp: 60 → 30", "you hand: + b", "gone: 1 → -"];
        assert_eq!(changes(&before, &after), lines);
        assert!(changes(&before, &before).is_empty());
    }

    use serde_json::json;

    #[test]
    fn what_is_short_shares_lines_inside_and_comes_first() {
        let view =
            json!({"sides": [{"hp": 60, "bench": [{"name": "A", "of": [{"x": 1}]}], "name": "B", "note": "n".repeat(80)}]});
        let long = "n".repeat(80);
        assert_eq!(
            outline(&view),
            format!("sides:\n  - hp 60 · name B\n    note {long}\n    bench:\n      - name A\n        of:\n          - x 1\n")
        );
    }

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
