//! `tidy`: the house rules that neither the compiler nor clippy knows, over every file git would keep and the dependency tree.
//!
//! A rule is a function from the files (or from cargo's metadata) to violations; each violation names its place and the mend.

mod code;
mod crates;
mod modules;
mod purity;
mod spdx;
mod text;

use std::fmt;
use std::fs;

use serde_json::Value;

use crate::run::{self, Failure, Shell};

/// One file of the repository, by its path from the root.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, own)| own == extension)
    }

    /// Kept input of tests, which may be as odd as it likes.
    fn is_fixture(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "fixtures" | "corpus" | "proptest-regressions"))
    }
}

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    path: String,
    line: usize,
    rule: &'static str,
    what: String,
}

impl Violation {
    fn new(path: &str, line: usize, rule: &'static str, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line, self.rule, self.what)
    }
}

pub(crate) fn run(shell: &Shell) -> Result<(), Failure> {
    let (files, mut found) = read_files(shell)?;
    let metadata = run::capture(&mut shell.cargo(&["metadata", "--format-version", "1"]))?;
    let metadata = serde_json::from_str::<Value>(&metadata).map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    let workspace = crates::Workspace::read(&metadata)?;

    found.extend(files.iter().flat_map(text::check));
    found.extend(files.iter().flat_map(purity::check));
    found.extend(modules::check(&files, &workspace.members));
    found.extend(crates::check_files(&files));
    found.extend(crates::check(&files, &workspace));

    let tree = ["tree", "--package", "parlour", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let dependencies = crates::count_dependencies(&run::capture(&mut shell.cargo(&tree))?);
    found.extend(crates::check_count(dependencies));

    found.sort();
    found.dedup();
    for violation in &found {
        println!("{violation}");
    }
    println!(
        "{} files; the parlour binary is built from {dependencies} crates of others (limit {})",
        files.len(),
        crates::TREE_MAX
    );
    match found.len() {
        0 => Ok(()),
        1 => Err(Failure::new("1 violation, named above")),
        count => Err(Failure::new(format!("{count} violations, each named above"))),
    }
}

/// Every text file that is tracked, or is new and not ignored.
fn read_files(shell: &Shell) -> Result<(Vec<File>, Vec<Violation>), Failure> {
    let list = run::capture(shell.command("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))
        .map_err(|failure| failure.hint("tidy needs git and a git work tree: it checks what git would keep"))?;
    let (mut files, mut found) = (Vec::new(), Vec::new());
    for path in list.split_terminator('\0') {
        let bytes = match fs::read(shell.root().join(path)) {
            Ok(bytes) => bytes,
            // Deleted and not yet staged, or a link to a folder: nothing to read.
            Err(_) => continue,
        };
        match String::from_utf8(bytes) {
            Ok(text) => files.push(File { path: path.to_owned(), text }),
            Err(_) if text::is_source(path) => found.push(Violation::new(path, 1, "utf-8", "not UTF-8: save it as UTF-8")),
            Err(_) => {}
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Ok((files, found))
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

/// The violations as `path:line rule`, which is what the tests of the rules are about.
#[cfg(test)]
fn places(found: impl IntoIterator<Item = Violation>) -> Vec<String> {
    found.into_iter().map(|v| format!("{}:{} {}", v.path, v.line, v.rule)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_can_be_clicked_on_in_a_terminal() {
        let violation = Violation::new("crates/room/src/dice.rs", 7, "line length", "131 columns: break it");
        assert_eq!(violation.to_string(), "crates/room/src/dice.rs:7: [line length] 131 columns: break it");
    }

    #[test]
    fn only_whole_folder_names_make_a_fixture() {
        assert!(file("crates/room/tests/fixtures/old.json", "").is_fixture());
        assert!(!file("crates/room/tests/fixtures.rs", "").is_fixture());
    }
}
