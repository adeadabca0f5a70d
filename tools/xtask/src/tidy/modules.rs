//! Dead module files: a source that no `mod` names is read by nobody, compiled by nobody and yet looks alive.

use std::collections::{BTreeMap, BTreeSet};

use super::code::without_prose;
use super::crates::Member;
use super::{File, Violation};

pub(super) fn check(files: &[File], members: &[Member]) -> Vec<Violation> {
    let sources = files.iter().filter(|file| file.is("rs")).map(|file| (file.path.as_str(), file)).collect::<BTreeMap<_, _>>();
    let roots = members.iter().flat_map(|member| &member.roots).cloned().collect::<BTreeSet<_>>();
    let mut alive = BTreeSet::new();
    let mut open = roots.iter().cloned().collect::<Vec<_>>();
    while let Some(path) = open.pop() {
        let Some(file) = sources.get(path.as_str()) else { continue };
        if alive.insert(path.clone()) {
            open.extend(named_by(file, roots.contains(&path)));
        }
    }
    let in_a_crate = |path: &str| {
        members.iter().any(|member| {
            let inside = path.strip_prefix(&member.folder).and_then(|rest| rest.strip_prefix('/'));
            inside.is_some_and(|rest| rest.starts_with("src/") || rest.starts_with("tests/"))
        })
    };
    let dead = sources.values().filter(|file| !file.is_fixture() && in_a_crate(&file.path) && !alive.contains(&file.path));
    dead.map(|file| Violation::new(&file.path, 1, "dead file", "no `mod` names it: name it in its parent, or delete it"))
        .collect()
}

/// The paths at which the modules of a file may lie; those that do not exist are of no consequence.
fn named_by(file: &File, is_root: bool) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let own = match name.strip_suffix(".rs") {
        Some(stem) if !is_root && stem != "mod" => format!("{folder}/{stem}"),
        _ => folder.to_owned(),
    };
    let mut paths = Vec::new();
    for name in declared(&without_prose(&file.text)) {
        paths.extend([format!("{own}/{name}.rs"), format!("{own}/{name}/mod.rs")]);
    }
    // Both are counted from the folder the file lies in.
    for opening in ["#[path = \"", "include!(\""] {
        let named = file.text.split(opening).skip(1).filter_map(|rest| rest.split_once('"'));
        paths.extend(named.map(|(path, _)| normal(&format!("{folder}/{path}"))));
    }
    paths
}

fn declared(code: &str) -> Vec<&str> {
    let mut words = code.split_inclusive(|c: char| c.is_whitespace() || c == ';').map(str::trim).filter(|word| !word.is_empty());
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        if word == "mod" {
            names.extend(words.next().and_then(|name| name.strip_suffix(';')).map(|name| name.trim_start_matches("r#")));
        }
    }
    names
}

fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::{file, places};

    fn dead(files: &[File]) -> Vec<String> {
        let roots = ["crates/a/src/lib.rs", "crates/a/src/main.rs", "crates/a/tests/whole.rs"];
        let member = Member { folder: "crates/a".into(), roots: roots.map(str::to_owned).into(), ..Member::default() };
        places(check(files, &[member]))
    }

    #[test]
    fn modules_are_followed_through_folders() {
        let files = [
            file("crates/a/src/lib.rs", "pub mod one;\nmod two;\npub(crate) mod three;\n"),
            file("crates/a/src/one.rs", "mod inner;\n"),
            file("crates/a/src/one/inner.rs", ""),
            file("crates/a/src/two/mod.rs", "mod deep;\n"),
            file("crates/a/src/two/deep.rs", ""),
            file("crates/a/src/three.rs", "#[path = \"../extra/odd.rs\"]\nmod odd;\n"),
            file("crates/a/extra/odd.rs", ""),
            file("crates/a/tests/whole.rs", "mod common;\n"),
            file("crates/a/tests/common/mod.rs", ""),
        ];
        assert!(dead(&files).is_empty());
    }

    #[test]
    fn a_file_that_nothing_names_is_dead_and_so_are_its_children() {
        let files = [
            file("crates/a/src/lib.rs", "// mod one;\nmod two { }\n"),
            file("crates/a/src/one.rs", "mod inner;\n"),
            file("crates/a/src/one/inner.rs", ""),
            file("crates/a/tests/fixtures/x.rs", ""),
        ];
        assert_eq!(dead(&files), ["crates/a/src/one.rs:1 dead file", "crates/a/src/one/inner.rs:1 dead file"]);
    }

    #[test]
    fn a_module_named_in_the_wrong_place_does_not_count() {
        let files = [
            file("crates/a/src/lib.rs", "mod one;\n"),
            file("crates/a/src/one.rs", "mod two;\n"),
            file("crates/a/src/two.rs", ""),
        ];
        assert_eq!(dead(&files), ["crates/a/src/two.rs:1 dead file"]);
    }
}
