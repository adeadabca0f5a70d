//! Purity: what decides never asks the world. `room`, `engine` and the apps get time, entropy and bytes as inputs, or nothing
//! could be simulated or replayed. clippy bans the calls it can name; this rule also sees whole modules and what macros hide.

use super::code::{used_paths, without_prose};
use super::text::has_word;
use super::{File, Violation};

const IMPURE: [(&str, &str); 6] = [
    ("std::net", "sockets belong to crates/server"),
    ("std::fs", "files belong to crates/server"),
    ("std::thread", "threads belong to crates/server"),
    ("Instant::now", "time is an input: take `Now` or room time"),
    ("SystemTime", "time is an input: take `Now` or a record's timestamp"),
    ("tokio", "a pure crate is a state machine: `handle` inputs, `poll` outputs"),
];

pub(super) fn check(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    if !file.is("rs") {
        return found;
    }
    let code = without_prose(&file.text);
    if is_pure(&file.path) {
        impurities(file, &code, &mut found);
    }
    // `deny` in the workspace can be overruled by an attribute; only one crate may have a reason.
    if !file.path.starts_with("crates/server/") {
        for (number, _) in (1..).zip(code.lines()).filter(|(_, line)| line.contains("allow(unsafe_code")) {
            found.push(Violation::new(&file.path, number, "unsafe", "only crates/server may allow unsafe code: do it safely"));
        }
    }
    found
}

/// Where the author's testkit keeps a schema file and reads a seed: nothing but a test calls it.
const TESTKIT: &str = "crates/room/src/proof/outside.rs";

fn is_pure(path: &str) -> bool {
    if path == TESTKIT {
        return false;
    }
    let mut parts = path.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("crates"), Some("room" | "room-derive" | "engine"), Some("src")) => true,
        // A worker is where an app's jobs are run: it is meant to reach the outside.
        (Some("apps"), Some(app), Some("src")) => !app.ends_with("-worker"),
        _ => false,
    }
}

fn impurities(file: &File, code: &str, found: &mut Vec<Violation>) {
    let lines = (1..).zip(code.lines()).map(|(number, line)| (number, line.to_owned()));
    let mut seen = Vec::new();
    for (number, text) in lines.chain(used_paths(code)) {
        for (name, mend) in IMPURE {
            if has_word(&text, name) && !seen.contains(&(number, name)) {
                seen.push((number, name));
                found.push(Violation::new(&file.path, number, "purity", format!("mentions `{name}`: {mend}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::{file, places};

    fn found(path: &str, text: &str) -> Vec<String> {
        places(check(&file(path, text)))
    }

    #[test]
    fn each_impure_name_is_found_in_each_pure_place() {
        for (name, _) in IMPURE {
            for path in ["crates/room/src/a.rs", "crates/engine/src/dialect/a.rs", "apps/cards/src/lib.rs"] {
                assert_eq!(found(path, &format!("//! A.\nlet x = {name}::y();\n")), [format!("{path}:2 purity")], "{name}");
            }
        }
    }

    #[test]
    fn a_group_hides_nothing() {
        assert_eq!(found("crates/room/src/a.rs", "use std::{cmp, fs::File};\n"), ["crates/room/src/a.rs:1 purity"]);
    }

    #[test]
    fn a_comment_or_a_longer_name_is_no_mention() {
        assert!(found("crates/engine/src/a.rs", "//! Knows no tokio and no std::fs.\nlet x = my_tokio + std::fsx;\n").is_empty());
    }

    #[test]
    fn servers_workers_and_tests_may_reach_the_outside() {
        for path in
            [TESTKIT, "crates/server/src/a.rs", "apps/quest-worker/src/lib.rs", "crates/room/tests/a.rs", "tools/xtask/src/a.rs"]
        {
            assert!(found(path, "use std::fs;\n").is_empty(), "{path}");
        }
    }

    #[test]
    fn only_the_server_may_allow_unsafe_code() {
        let text = "//! A.\n#![allow(unsafe_code)]\n";
        assert_eq!(found("crates/parlour/src/main.rs", text), ["crates/parlour/src/main.rs:2 unsafe"]);
        assert!(found("crates/server/src/drive.rs", text).is_empty());
    }
}
