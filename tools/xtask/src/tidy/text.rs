//! Rules on the text of one file: lengths, white space, the module's doc, and promises nobody has kept.

use super::{File, Violation};

const COLUMNS_MAX: usize = 130;
const LINES_MAX: usize = 500;

/// What is read as a source; anything else may be data in a form of its own.
const SOURCES: [&str; 20] = [
    "rs",
    "py",
    "toml",
    "md",
    "sh",
    "ini",
    "cfg",
    "txt",
    "yml",
    "yaml",
    "json",
    "ts",
    "tsx",
    "js",
    "mjs",
    "svelte",
    "css",
    "html",
    "sql",
    "gitignore",
];

/// Words that promise work instead of doing it. They are put together here, or this table would break its own rule.
const PROMISES: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("for ", "now"),
    concat!("not yet ", "implemented"),
];

pub(super) fn check(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    if file.is_fixture() || !is_source(&file.path) {
        return found;
    }
    white_space(file, &mut found);
    line_lengths(file, &mut found);
    if file.is("rs") || file.is("py") {
        file_length(file, &mut found);
        promises(file, &mut found);
    }
    if file.is("rs") && !file.text.starts_with("//!") {
        found.push(Violation::new(
            &file.path,
            1,
            "module doc",
            "starts without `//!`: say where in the house this file stands and why it is there",
        ));
    }
    found
}

pub(super) fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, extension)) => SOURCES.contains(&extension),
        // Scripts without a suffix. The licences' texts are what they are.
        None => !name.starts_with("LICENSE"),
    }
}

fn white_space(file: &File, found: &mut Vec<Violation>) {
    for (number, line) in numbered(&file.text) {
        // `lines()` would eat the carriage return it is to find.
        if line.ends_with('\r') {
            found.push(Violation::new(&file.path, number, "line ends", "a carriage return: save it with Unix line ends"));
        } else if line.ends_with([' ', '\t']) {
            found.push(Violation::new(&file.path, number, "trailing space", "delete the white space at the end of the line"));
        }
        if line.contains('\t') {
            found.push(Violation::new(&file.path, number, "tab", "indent with spaces; in a string write \\t"));
        }
    }
    let last = file.text.lines().count().max(1);
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        found.push(Violation::new(&file.path, last, "last line", "end the file with a newline"));
    } else if file.text.ends_with("\n\n") || file.text == "\n" {
        found.push(Violation::new(&file.path, last, "last line", "delete the empty lines at the end"));
    }
}

fn line_lengths(file: &File, found: &mut Vec<Violation>) {
    if !["rs", "py", "toml", "md"].iter().any(|extension| file.is(extension)) {
        return;
    }
    for (number, line) in numbered(&file.text) {
        let columns = line.chars().count();
        if columns <= COLUMNS_MAX || (file.is("md") && line.trim_start().starts_with('|')) {
            continue;
        }
        // What cannot be broken is not counted: addresses anywhere, links in Markdown.
        let unbreakable = |word: &&str| word.contains("://") || (file.is("md") && word.contains("]("));
        let excused = line.split_whitespace().filter(unbreakable).map(|word| word.chars().count()).sum::<usize>();
        if columns - excused > COLUMNS_MAX {
            let what = format!("{columns} columns, the limit is {COLUMNS_MAX}: break it");
            found.push(Violation::new(&file.path, number, "line length", what));
        }
    }
}

fn file_length(file: &File, found: &mut Vec<Violation>) {
    let lines = file.text.lines().count();
    if lines > LINES_MAX {
        let what =
            format!("{lines} lines, the limit is {LINES_MAX}: find the second subject in it and give it a file of its own");
        found.push(Violation::new(&file.path, LINES_MAX + 1, "file length", what));
    }
}

fn promises(file: &File, found: &mut Vec<Violation>) {
    for (number, line) in numbered(&file.text) {
        for word in PROMISES {
            if promised(line, word) {
                let what = format!("`{word}`: do it, or put it into an issue and say here how things are");
                found.push(Violation::new(&file.path, number, "promise", what));
            }
        }
    }
}

fn promised(line: &str, word: &str) -> bool {
    let phrase = word.contains(' ');
    // A loop over moments is no promise.
    if phrase && line.trim_start().starts_with(&format!("{word} in ")) {
        return false;
    }
    let line = if phrase { line.to_lowercase() } else { line.to_owned() };
    has_word(&line, word)
}

/// Whether `word` occurs with nothing of a name right before or after it.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        !before.is_some_and(of_name) && (word.ends_with('!') || !after.is_some_and(of_name))
    })
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.split_terminator('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::{file, places};

    fn found(path: &str, text: &str) -> Vec<String> {
        places(check(&file(path, text)))
    }

    #[test]
    fn a_clean_file_breaks_no_rule() {
        assert!(found("crates/room/src/dice.rs", "//! Dice.\n\nfn roll() {}\n").is_empty());
        assert!(found("empty.txt", "").is_empty());
    }

    #[test]
    fn long_lines_are_found_by_columns_and_not_by_bytes() {
        let fits = format!("//! {}\n", "é".repeat(126));
        assert!(found("a.rs", &fits).is_empty());
        let long = format!("//! A.\n// {}\n", "é".repeat(128));
        assert_eq!(found("a.rs", &long), ["a.rs:2 line length"]);
    }

    #[test]
    fn addresses_tables_and_links_may_be_long() {
        let word = "x".repeat(140);
        assert!(found("a.rs", &format!("//! See https://{word}\n")).is_empty());
        assert!(found("a.md", &format!("| {word} |\n")).is_empty());
        assert!(found("a.md", &format!("See [this]({word}).\n")).is_empty());
        assert_eq!(found("a.md", &format!("See {word}.\n")), ["a.md:1 line length"]);
        assert_eq!(found("a.rs", &format!("//! A.\n// | {word} |\n")), ["a.rs:2 line length"]);
        assert!(found("a.json", &format!("\"{word}\"\n")).is_empty());
    }

    #[test]
    fn a_file_of_501_lines_is_too_long() {
        assert!(found("a.py", &"x = 1\n".repeat(500)).is_empty());
        assert_eq!(found("a.py", &"x = 1\n".repeat(501)), ["a.py:501 file length"]);
        assert!(found("a.md", &"x\n".repeat(501)).is_empty());
    }

    #[test]
    fn white_space_is_found_where_it_stands() {
        assert_eq!(found("a.toml", "a = 1 \nb\t= 2\n"), ["a.toml:1 trailing space", "a.toml:2 tab"]);
        assert_eq!(found("a.md", "one\r\n"), ["a.md:1 line ends"]);
        assert_eq!(found("a.md", "one"), ["a.md:1 last line"]);
        assert_eq!(found("a.md", "one\n\n"), ["a.md:2 last line"]);
        assert_eq!(found(".ci/run", "cargo \n"), [".ci/run:1 trailing space"]);
    }

    #[test]
    fn every_rust_file_opens_with_its_doc() {
        assert_eq!(found("crates/room/tests/a.rs", "fn main() {}\n"), ["crates/room/tests/a.rs:1 module doc"]);
        assert_eq!(found("a.rs", "// A.\n"), ["a.rs:1 module doc"]);
    }

    #[test]
    fn each_promise_is_found_in_rust_and_python() {
        for word in PROMISES {
            assert_eq!(found("a.rs", &format!("//! A.\n// x {word} x\n")), ["a.rs:2 promise"], "{word}");
            assert_eq!(found("a.py", &format!("# {word}\n")), ["a.py:1 promise"], "{word}");
        }
        let shouted = PROMISES[5].to_uppercase();
        assert_eq!(found("a.py", &format!("# {shouted}\n")), ["a.py:1 promise"]);
    }

    #[test]
    fn what_only_looks_like_a_promise_is_left_alone() {
        let [to_do, _, marks, .., moment, _] = PROMISES;
        assert!(found("a.rs", &format!("//! A.\nconst {to_do}_LIST: &str = \"{marks}X\";\n")).is_empty());
        assert!(found("a.rs", &format!("//! A.\n    {moment} in moments {{}}\n")).is_empty());
        assert!(found("a.md", &format!("{to_do}\n")).is_empty());
    }

    #[test]
    fn fixtures_and_licences_are_as_they_are() {
        assert!(found("crates/engine/tests/fixtures/junk.rs", "\t \r").is_empty());
        assert!(found("LICENSE-APACHE", "\tx").is_empty());
        assert!(found("logo.svg", "\tx").is_empty());
    }
}
