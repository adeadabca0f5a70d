//! `parlour.toml`: a flat list of settings with their lines.

use super::keys::{self, Value};
use super::{FILE, Given, Origin, likely};
use std::path::{Path, PathBuf};
use std::{fs, io};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads the file that the flag or the variable names, or the usual one if it is there.
pub(super) fn read(flag: Option<&Path>, variable: Option<&Path>, wrong: &mut Vec<String>) -> (Option<PathBuf>, Vec<Given>) {
    let named = flag.or(variable);
    let path = named.unwrap_or(Path::new(FILE));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => return (None, Vec::new()),
        Err(error) => {
            wrong.push(format!("{}: {error}", path.display()));
            return (None, Vec::new());
        }
    };
    let mut walk =
        Walk { path, text: &text, known: keys::all().into_iter().map(|key| key.name).collect(), found: Vec::new(), wrong };
    match DeTable::parse(&text) {
        Ok(table) => walk.table("", table.get_ref()),
        Err(error) => {
            let line = error.span().map_or(1, |span| walk.line(span.start));
            // Not the library's own display: it quotes the line, which may hold the secret.
            walk.wrong.push(format!("{}:{line}: {}", path.display(), error.message().replace('\n', ", ")));
        }
    }
    (Some(path.to_path_buf()), walk.found)
}

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    known: Vec<String>,
    found: Vec<Given>,
    wrong: &'a mut Vec<String>,
}

impl Walk<'_> {
    fn table(&mut self, before: &str, table: &DeTable<'_>) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = format!("{before}{}", key.get_ref());
            let line = self.line(key.span().start);
            let is_setting = self.known.contains(&name);
            let is_group = self.known.iter().any(|known| known.starts_with(&format!("{name}.")));
            match value.get_ref() {
                DeValue::Table(inner) if is_group => self.table(&format!("{name}."), inner),
                _ if is_group => self.wrong(line, format!("{name} must be a table, [{name}]")),
                _ if is_setting => {
                    let origin = Origin::File(self.path.to_path_buf(), line);
                    self.found.push(Given { key: name, value: value_of(value), origin });
                }
                _ => {
                    let hint = likely::nearest(&name, self.known.iter().map(String::as_str)).map_or_else(
                        || "`parlour config docs` lists those there are".to_owned(),
                        |near| format!("did you mean {near}?"),
                    );
                    self.wrong(line, format!("there is no setting {name}; {hint}"));
                }
            }
        }
    }

    fn wrong(&mut self, line: usize, what: String) {
        self.wrong.push(format!("{}:{line}: {what}", self.path.display()));
    }

    fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().matches('\n').count() + 1
    }
}

fn value_of(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(text.as_ref().into()),
        DeValue::Integer(number) if number.radix() == 10 => Value::Number(number.as_str().to_owned()),
        DeValue::Integer(number) => {
            let decimal = u64::from_str_radix(number.as_str(), number.radix()).map(|number| number.to_string());
            Value::Number(decimal.unwrap_or_else(|_| number.as_str().to_owned()))
        }
        DeValue::Float(_) => Value::Other("a number with a point"),
        DeValue::Boolean(truth) => Value::Truth(*truth),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Some(text.clone().into_owned()),
                _ => None,
            });
            texts.collect::<Option<_>>().map_or(Value::Other("a list of something else"), Value::List)
        }
        DeValue::Table(_) => Value::Other("a table"),
    }
}
