//! `config docs`: the page of the documentation that lists every setting, made from the settings themselves.

use super::keys;
use parlour_engine::limits::ORDERED;
use parlour_room::{inbox, stream, table};
use std::fmt::Write;

const HEAD: &str = "# Configuration

This page is what `parlour config docs` prints.

A setting comes from, in this order: a flag of the command, the environment, the file, its default. The file is `parlour.toml` in
the folder where the server is started, if it is there, or the one that `--config` or `PARLOUR_CONFIG` names:

```toml
listen = \"0.0.0.0:7350\"
data = \"/var/lib/parlour\"

[auth.jwt]
secret_file = \"/run/secrets/parlour\"

[limits]
connections = 20_000
```

The variable of a setting is `PARLOUR_` and its name in capitals, with `__` for the dot: `PARLOUR_LIMITS__CONNECTIONS=20000`.
`PORT`, which many hosts set, replaces the port of `listen` unless `PARLOUR_LISTEN` or `--listen` says where to listen. Two more
variables are for commands that ask a server: `PARLOUR_SERVER` and `PARLOUR_TOKEN`.

A setting that does not exist, in the file or as a variable, is an error, and so is a value that cannot be: the command ends with
78 and names the key, the line or variable, and what it may be. `parlour config check FILE` says all of it without starting a
server; `parlour config print --origin` shows what counts and where it is from, secrets masked.

";

const FIXED_HEAD: &str = "
## Fixed

These are part of what a room keeps and replays, the same for every server that reads its journal, so they cannot be configured.

| name | value | what it is |
|---|---|---|
";

pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("## Settings\n\n| setting | default | it may be | what it is |\n|---|---|---|---|\n");
    for key in keys::all() {
        let default = if key.default.is_empty() { "none".to_owned() } else { format!("`{}`", key.default) };
        let _ = writeln!(page, "| `{}` | {default} | {} | {} |", key.name, key.allowed, key.doc);
    }
    page.push_str("\nOf these limits the first must be less than the second:\n\n");
    for (less, more) in ORDERED {
        let _ = writeln!(page, "- `{less}` and `{more}`");
    }
    page.push_str(FIXED_HEAD);
    for (name, value, doc) in fixed() {
        let _ = writeln!(page, "| `{name}` | `{value}` | {doc} |");
    }
    page
}

fn fixed() -> [(&'static str, u64, &'static str); 8] {
    let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    [
        ("INBOX_IDS", number(inbox::INBOX_IDS), "Message ids of a member that a room remembers with their answers."),
        ("INBOX_WINDOW_MS", inbox::INBOX_WINDOW_MS, "For how long it remembers them, in room time."),
        ("RING_PUBLIC", number(stream::RING_PUBLIC), "Public events that are replayed to who comes back."),
        ("RING_PRIVATE", number(stream::RING_PRIVATE), "The same of those for one seat's eyes alone."),
        ("NONCE_BYTES", number(table::NONCE_BYTES), "The longest nonce a player may give to the dice."),
        ("JSON_DEPTH", number(table::JSON_DEPTH), "How deep a message may be nested."),
        ("OPEN_JOBS", number(table::OPEN_JOBS), "How many jobs of one room may be open."),
        ("KEY_BYTES", number(table::KEY_BYTES), "The longest name of a clock or a job."),
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_the_documentation_is_the_one_that_is_printed() {
        let kept = include_str!("../../../../../docs/configuration.md");
        assert!(kept == super::page(), "run: cargo run -- config docs > docs/configuration.md");
    }
}
