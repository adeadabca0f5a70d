//! Rules on the workspace and what it stands on: who may import whom, how many crates of others, whose they are, on which terms.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{File, Violation, spdx};
use crate::run::Failure;

/// Crates of others in the default build of the binary, build dependencies included: a newcomer waits for each.
pub(super) const TREE_MAX: usize = 200;
const OWN_LICENCE: &str = "MIT OR Apache-2.0";
/// How the public registry's name ends, wherever it is served from.
const INDEX: &str = "/crates.io-index";
const DIRECT_MAX: [(&str, usize); 2] = [("parlour-room", 6), ("parlour-server", 25)];

/// What tidy needs of `cargo metadata`.
#[derive(Default)]
pub(super) struct Workspace {
    pub(super) members: Vec<Member>,
    others: Vec<Other>,
}

/// A crate of ours.
#[derive(Default)]
pub(super) struct Member {
    pub(super) name: String,
    /// From the root, as all paths here.
    pub(super) folder: String,
    /// Where each library, binary, test and build script begins.
    pub(super) roots: Vec<String>,
    pub(super) licence: String,
    /// Normal and build dependencies; what only its tests use is not counted and may be any of ours.
    pub(super) direct: BTreeSet<String>,
}

/// A crate of somebody else.
struct Other {
    name: String,
    licence: Option<String>,
    source: String,
}

impl Workspace {
    pub(super) fn read(metadata: &Value) -> Result<Self, Failure> {
        let unreadable = || Failure::new("cargo metadata has a form that tidy does not know");
        let root = metadata["workspace_root"].as_str().ok_or_else(unreadable)?;
        let members = metadata["workspace_members"].as_array().ok_or_else(unreadable)?;
        let mut workspace = Self::default();
        for package in metadata["packages"].as_array().ok_or_else(unreadable)? {
            let text = |key: &str| package[key].as_str().map(str::to_owned);
            let name = text("name").ok_or_else(unreadable)?;
            if members.contains(&package["id"]) {
                let manifest = text("manifest_path").ok_or_else(unreadable)?;
                let folder = Path::new(&manifest).parent().and_then(|folder| from_root(folder, root)).ok_or_else(unreadable)?;
                let targets = package["targets"].as_array().ok_or_else(unreadable)?.iter();
                let roots = targets.filter_map(|target| from_root(Path::new(target["src_path"].as_str()?), root)).collect();
                let dependencies = package["dependencies"].as_array().ok_or_else(unreadable)?.iter();
                let direct = dependencies.filter(|dependency| dependency["kind"] != "dev");
                let direct = direct.filter_map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect();
                let licence = text("license").unwrap_or_default();
                workspace.members.push(Member { name, folder, roots, licence, direct });
            } else {
                let source = text("source").or_else(|| text("manifest_path")).ok_or_else(unreadable)?;
                workspace.others.push(Other {
                    name: format!("{name} {}", text("version").unwrap_or_default()),
                    licence: text("license"),
                    source,
                });
            }
        }
        Ok(workspace)
    }
}

fn from_root(path: &Path, root: &str) -> Option<String> {
    path.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned)
}

/// Rules on files that must be there, whatever the crates are.
pub(super) fn check_files(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    let has = |path: &str| files.iter().find(|file| file.path == path);
    if has("Cargo.lock").is_none() {
        let what = "missing or ignored: keep it in git, or no two builds are the same";
        found.push(Violation::new("Cargo.lock", 1, "lock file", what));
    }
    let is_section = |line: &str| {
        let title = line.strip_prefix("## ").unwrap_or_default().trim_start_matches(['[', 'v']);
        title.starts_with("Unreleased") || title.starts_with(|c: char| c.is_ascii_digit())
    };
    if !has("CHANGELOG.md").is_some_and(|file| file.text.lines().any(is_section)) {
        let what = "needs a section `## Unreleased` or `## <version>`: say what changes for who uses it";
        found.push(Violation::new("CHANGELOG.md", 1, "changelog", what));
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        if has(licence).is_none() {
            found.push(Violation::new(licence, 1, "licence", "missing: the project is under MIT OR Apache-2.0, with both texts"));
        }
    }
    found
}

/// Rules on the crates: ours one by one, then all that they stand on.
pub(super) fn check(files: &[File], workspace: &Workspace) -> Vec<Violation> {
    let mut found = Vec::new();
    let ours = workspace.members.iter().map(|member| member.name.as_str()).collect::<BTreeSet<_>>();
    for member in &workspace.members {
        let path = format!("{}/Cargo.toml", member.folder);
        let manifest = files.iter().find(|file| file.path == path).map_or("", |file| &file.text);
        inherited(member, &path, manifest, &mut found);
        imports(member, &path, manifest, &ours, workspace, &mut found);
    }
    for other in &workspace.others {
        let line = line_of_package(files, &other.name);
        match &other.licence {
            Some(licence) if spdx::allowed(licence) => {}
            Some(licence) => {
                let what =
                    format!("{} is under `{licence}`, which is not in the list of tidy/spdx.rs: use another crate", other.name);
                found.push(Violation::new("Cargo.lock", line, "licence", what));
            }
            None => {
                let what = format!("{} states no licence expression: use another crate", other.name);
                found.push(Violation::new("Cargo.lock", line, "licence", what));
            }
        }
        if !(other.source.starts_with("registry+") && other.source.ends_with(INDEX)) {
            let what = format!("{} comes from {}: only crates.io and this workspace are sources", other.name, other.source);
            found.push(Violation::new("Cargo.lock", line, "source", what));
        }
    }
    found
}

fn inherited(member: &Member, path: &str, manifest: &str, found: &mut Vec<Violation>) {
    if !has_key(manifest, "lints", "workspace = true") && !has_key(manifest, "", "lints.workspace = true") {
        found.push(Violation::new(path, 1, "lints", "does not inherit the lints: add `[lints]` with `workspace = true`"));
    }
    let inherits = ["license.workspace = true", "license = { workspace = true }"];
    if !inherits.iter().any(|key| has_key(manifest, "package", key)) || member.licence != OWN_LICENCE {
        let what = format!("the licence is not the workspace's `{OWN_LICENCE}`: write `license.workspace = true`");
        found.push(Violation::new(path, 1, "licence", what));
    }
}

fn has_key(manifest: &str, table: &str, key: &str) -> bool {
    let mut current = "";
    manifest.lines().map(str::trim).any(|line| {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            current = name.0;
        }
        current == table && (line == key || line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('#')))
    })
}

fn imports(member: &Member, path: &str, manifest: &str, ours: &BTreeSet<&str>, all: &Workspace, found: &mut Vec<Violation>) {
    let line_of = |name: &str| 1 + manifest.lines().position(|line| line.trim_start().starts_with(name)).unwrap_or(0);
    for name in member.direct.iter().filter(|name| ours.contains(name.as_str())) {
        let folder = all.members.iter().find(|other| other.name == *name).map_or("", |other| &other.folder);
        if let Some(why) = forbidden(&member.folder, folder) {
            found.push(Violation::new(path, line_of(name), "house", format!("{} may not depend on {name}: {why}", member.name)));
        }
    }
    for (name, limit) in DIRECT_MAX {
        if member.name == name && member.direct.len() > limit {
            let count = member.direct.len();
            let what = format!("{name} has {count} direct dependencies, the limit is {limit}: do without the newest");
            found.push(Violation::new(path, 1, "dependencies", what));
        }
    }
}

/// Why one folder of the house may not import another, if it may not.
fn forbidden(importer: &str, imported: &str) -> Option<&'static str> {
    let is_app = |folder: &str| folder.starts_with("apps/");
    let is_worker = |folder: &str| is_app(folder) && folder.ends_with("-worker");
    let own_app = importer.strip_suffix("-worker");
    let (allowed, why): (&[&str], _) = match importer {
        "crates/room-derive" => (&[], "the derive stands alone"),
        "crates/room" => (&["crates/room-derive"], "room stands on nothing of ours"),
        "crates/engine" => (&["crates/room"], "engine stands on room alone"),
        "crates/server" => (&["crates/room", "crates/engine"], "server stands on room and engine"),
        _ if is_worker(importer) => {
            let fine = !is_app(imported) || own_app == Some(imported);
            return (!fine).then_some("a worker knows one app, its own");
        }
        _ if is_app(importer) => (&["crates/room"], "an app stands on room alone"),
        "crates/parlour" => return None,
        _ if importer.starts_with("tools/") => return None,
        _ => return is_app(imported).then_some("nothing imports an app but the binary"),
    };
    (!allowed.contains(&imported)).then_some(why)
}

fn line_of_package(files: &[File], name_and_version: &str) -> usize {
    let lock = files.iter().find(|file| file.path == "Cargo.lock").map_or("", |file| &file.text);
    let (name, version) = name_and_version.split_once(' ').unwrap_or((name_and_version, ""));
    let (name, version) = (format!("name = \"{name}\""), format!("version = \"{version}\""));
    let lines = lock.lines().collect::<Vec<_>>();
    1 + lines.windows(2).position(|pair| pair == [&name, &version]).unwrap_or(0)
}

/// Crates of others in the output of `cargo tree --prefix none --format {p}`.
pub(super) fn count_dependencies(tree: &str) -> usize {
    // `serde_derive v1.0.228 (proc-macro) (*)`; ours carry their path: `parlour v0.1.0 (/somewhere/crates/parlour)`.
    let others = tree.lines().filter(|line| !line.contains("(/"));
    others
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>())
        .filter(|parts| parts.len() == 2)
        .collect::<BTreeSet<_>>()
        .len()
}

pub(super) fn check_count(count: usize) -> Option<Violation> {
    let what =
        format!("the binary is built from {count} crates of others, the limit is {TREE_MAX}: put the newest behind a feature");
    (count > TREE_MAX).then(|| Violation::new("Cargo.lock", 1, "dependencies", what))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tidy::{file, places};

    const PUBLIC: &str = "registry+https://example.org/crates.io-index";

    const MANIFEST: &str = "[package]\nlicense.workspace = true\n\n[dependencies]\nserde = \"1\"\n\n[lints]\nworkspace = true\n";

    fn member(name: &str, folder: &str, direct: &[&str]) -> Member {
        let direct = direct.iter().map(|name| (*name).to_owned()).collect();
        Member { name: name.into(), folder: folder.into(), licence: OWN_LICENCE.into(), direct, ..Member::default() }
    }

    fn house(members: Vec<Member>) -> Vec<String> {
        let files = members.iter().map(|member| file(&format!("{}/Cargo.toml", member.folder), MANIFEST)).collect::<Vec<_>>();
        places(check(&files, &Workspace { members, others: Vec::new() }))
    }

    fn other(licence: Option<&str>, source: &str) -> Vec<String> {
        let lock = "[[package]]\nname = \"mio\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"mio\"\nversion = \"1.2.0\"\n";
        let other = Other { name: "mio 1.2.0".into(), licence: licence.map(str::to_owned), source: source.into() };
        places(check(&[file("Cargo.lock", lock)], &Workspace { members: Vec::new(), others: vec![other] }))
    }

    #[test]
    fn the_house_as_drawn_is_allowed() {
        let members = vec![
            member("parlour-room-derive", "crates/room-derive", &["syn"]),
            member("parlour-room", "crates/room", &["serde", "parlour-room-derive"]),
            member("parlour-engine", "crates/engine", &["parlour-room"]),
            member("parlour-server", "crates/server", &["parlour-room", "parlour-engine"]),
            member("parlour", "crates/parlour", &["parlour-server", "parlour-cards", "parlour-quest-worker"]),
            member("parlour-cards", "apps/cards", &["parlour-room"]),
            member("parlour-quest", "apps/quest", &["parlour-room"]),
            member("parlour-quest-worker", "apps/quest-worker", &["parlour-quest", "parlour-server"]),
            member("load", "tools/load", &["parlour-cards"]),
        ];
        assert_eq!(house(members), Vec::<String>::new());
    }

    #[test]
    fn every_import_against_the_drawing_is_found() {
        let wrong = [
            ("crates/room", "crates/engine"),
            ("crates/engine", "crates/server"),
            ("crates/engine", "apps/cards"),
            ("crates/server", "crates/parlour"),
            ("crates/server", "apps/cards"),
            ("apps/cards", "crates/engine"),
            ("apps/cards", "apps/quest"),
            ("apps/quest-worker", "apps/cards"),
            ("crates/new", "apps/cards"),
        ];
        for (importer, imported) in wrong {
            let members = vec![member("importer", importer, &["imported"]), member("imported", imported, &[])];
            assert_eq!(house(members), [format!("{importer}/Cargo.toml:1 house")], "{importer} -> {imported}");
        }
    }

    #[test]
    fn a_seventh_dependency_of_room_is_too_many() {
        assert!(house(vec![member("parlour-room", "crates/room", &["a", "b", "c", "d", "e", "f"])]).is_empty());
        let seven = member("parlour-room", "crates/room", &["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(house(vec![seven]), ["crates/room/Cargo.toml:1 dependencies"]);
    }

    #[test]
    fn lints_and_licence_must_be_inherited() {
        let check_manifest = |text: &str| {
            let members = vec![member("a", "crates/a", &[])];
            places(check(&[file("crates/a/Cargo.toml", text)], &Workspace { members, others: Vec::new() }))
        };
        assert!(check_manifest(MANIFEST).is_empty());
        assert!(check_manifest("lints.workspace = true\n[package]\nlicense = { workspace = true }\n").is_empty());
        assert_eq!(check_manifest("[package]\nlicense.workspace = true\n"), ["crates/a/Cargo.toml:1 lints"]);
        let elsewhere = "[package]\nlicense = \"MIT\"\n[dependencies]\nworkspace = true\n[lints]\n#workspace = true\n";
        assert_eq!(check_manifest(elsewhere), ["crates/a/Cargo.toml:1 lints", "crates/a/Cargo.toml:1 licence"]);
    }

    #[test]
    fn a_strange_licence_or_source_is_found_at_its_line_in_the_lock() {
        assert!(other(Some("MIT"), PUBLIC).is_empty());
        assert_eq!(other(Some("GPL-3.0-only"), PUBLIC), ["Cargo.lock:6 licence"]);
        assert_eq!(other(None, PUBLIC), ["Cargo.lock:6 licence"]);
        assert_eq!(other(Some("MIT"), "git+https://example.org/mio"), ["Cargo.lock:6 source"]);
        assert_eq!(other(Some("MIT"), "/elsewhere/mio/Cargo.toml"), ["Cargo.lock:6 source"]);
    }

    #[test]
    fn metadata_is_read_without_dev_dependencies() {
        let dependencies = json!([
            { "name": "serde", "kind": null },
            { "name": "cc", "kind": "build" },
            { "name": "proptest", "kind": "dev" },
        ]);
        let metadata = json!({
            "workspace_root": "/w",
            "workspace_members": ["a-id"],
            "packages": [
                {
                    "id": "a-id", "name": "a", "version": "0.1.0", "license": OWN_LICENCE, "source": null,
                    "manifest_path": "/w/crates/a/Cargo.toml",
                    "targets": [{ "src_path": "/w/crates/a/src/lib.rs" }],
                    "dependencies": dependencies,
                },
                {
                    "id": "b-id", "name": "b", "version": "1.2.3", "license": null, "source": PUBLIC,
                    "manifest_path": "/c/b/Cargo.toml",
                },
            ],
        });
        let workspace = Workspace::read(&metadata).expect("it has the known form");
        let [a] = &workspace.members[..] else { panic!("one member") };
        assert_eq!((a.folder.as_str(), &a.roots[..]), ("crates/a", &["crates/a/src/lib.rs".to_owned()][..]));
        assert_eq!(a.direct.iter().collect::<Vec<_>>(), ["cc", "serde"]);
        let [b] = &workspace.others[..] else { panic!("one other") };
        assert_eq!((b.name.as_str(), b.licence.as_deref(), b.source.as_str()), ("b 1.2.3", None, PUBLIC));
    }

    #[test]
    fn the_tree_is_counted_once_per_version_and_without_ours() {
        let tree = "parlour v0.1.0 (/w/crates/parlour)\nserde v1.0.2\nserde_derive v1.0.2 (proc-macro)\n\
                    serde v1.0.2 (*)\nserde v0.9.0\n\n";
        assert_eq!(count_dependencies(tree), 3);
        assert!(check_count(TREE_MAX).is_none());
        assert!(check_count(TREE_MAX + 1).is_some());
    }

    #[test]
    fn the_files_of_a_whole_project_are_asked_for() {
        let whole = |changelog: &str| {
            let paths = [("Cargo.lock", "x\n"), ("LICENSE-MIT", "x\n"), ("LICENSE-APACHE", "x\n"), ("CHANGELOG.md", changelog)];
            places(check_files(&paths.map(|(path, text)| file(path, text))))
        };
        assert!(whole("# Changes\n\n## Unreleased\n").is_empty());
        assert!(whole("## [0.1.0] - 2026-11-21\n").is_empty());
        assert_eq!(whole("# Changes\n"), ["CHANGELOG.md:1 changelog"]);
        let rules = ["Cargo.lock:1 lock file", "CHANGELOG.md:1 changelog", "LICENSE-MIT:1 licence", "LICENSE-APACHE:1 licence"];
        assert_eq!(places(check_files(&[])), rules);
    }
}
