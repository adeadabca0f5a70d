//! Rust sources without their prose, so that a rule on code is not broken by a comment or a string that speaks of it.

/// The source with comments and the insides of literals blanked out; every line keeps its number.
pub(super) fn without_prose(source: &str) -> String {
    let mut scanner = Scanner { rest: source, code: String::with_capacity(source.len()) };
    while let Some(next) = scanner.rest.chars().next() {
        if scanner.rest.starts_with("//") {
            let end = scanner.rest.find('\n').unwrap_or(scanner.rest.len());
            scanner.blank(end);
        } else if scanner.rest.starts_with("/*") {
            scanner.blank(block_comment(scanner.rest));
        } else if let Some(length) = raw_string(scanner.rest).filter(|_| !scanner.in_name()) {
            scanner.blank(length);
        } else if next == '"' {
            scanner.blank(quoted(scanner.rest, '"'));
        } else if let Some(length) = char_literal(scanner.rest) {
            scanner.blank(length);
        } else {
            scanner.keep(next.len_utf8());
        }
    }
    scanner.code
}

struct Scanner<'a> {
    rest: &'a str,
    code: String,
}

impl Scanner<'_> {
    fn keep(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        self.code.push_str(text);
        self.rest = rest;
    }

    fn blank(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        self.code.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.rest = rest;
    }

    /// Whether what was kept last belongs to a name: the `r` of `for` opens no raw string.
    fn in_name(&self) -> bool {
        // The prefixes b and c of a literal are names to this question, and stand alone.
        let name = self.code.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        !matches!(name, "" | "b" | "c")
    }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += next.len_utf8();
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let opened = text.strip_prefix('r')?;
    let hashes = opened.len() - opened.trim_start_matches('#').len();
    let inside = opened[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(inside.find(&close).map_or(text.len(), |at| text.len() - inside.len() + at + close.len()))
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `'a'` and `'\n'`, but not the lifetime `'a`.
fn char_literal(text: &str) -> Option<usize> {
    let mut inside = text.strip_prefix('\'')?.chars();
    match inside.next()? {
        '\\' => Some(quoted(text, '\'')),
        first => (inside.next()? == '\'').then_some(first.len_utf8() + 2),
    }
}

/// Every path a `use` names, groups written out, with the line on which the statement begins.
pub(super) fn used_paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let statement_begins =
            code[..at].trim_end_matches(' ').ends_with(['\n', ';', '}', '{', ')']) || code[..at].trim().is_empty();
        let after_pub = code[..at].trim_end().ends_with("pub");
        if !statement_begins && !after_pub {
            continue;
        }
        let tree = &code[at + "use ".len()..];
        let tree = &tree[..tree.find(';').unwrap_or(tree.len())];
        let line = code[..at].matches('\n').count() + 1;
        let packed = tree.split_whitespace().collect::<Vec<_>>().join(" ").replace(" :: ", "::");
        let mut expanded = Vec::new();
        expand("", &packed, &mut expanded);
        paths.extend(expanded.into_iter().map(|path| (line, path)));
    }
    paths
}

fn expand(before: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    match tree.split_once('{') {
        Some((stem, group)) => {
            let stem = format!("{before}{}", stem.trim());
            let group = group.rfind('}').map_or(group, |end| &group[..end]);
            for part in top_level_parts(group) {
                expand(&stem, part, paths);
            }
        }
        None if tree.is_empty() => {}
        None => paths.push(format!("{before}{tree}")),
    }
}

fn top_level_parts(group: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&group[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        without_prose(source).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go_and_code_stays() {
        assert_eq!(words("a // std::fs\nb /* c /* d */ e */ f"), "a b f");
        assert_eq!(words("//! tokio\nfn x() {} /* open"), "fn x() {}");
    }

    #[test]
    fn literals_go_and_lifetimes_stay() {
        assert_eq!(words(r#"f("a\"b // c", 'x', '\'', 'é') + g"#), "f( , , , ) + g");
        assert_eq!(words("fn f<'a>(x: &'a str) -> Cow<'static, str>"), "fn f<'a>(x: &'a str) -> Cow<'static, str>");
    }

    #[test]
    fn raw_strings_go_whatever_they_hold() {
        assert_eq!(words("x(r#\"a \" // \"#, br\"\\\", y)"), "x( , b , y)");
        assert_eq!(words("for\"a\""), "for");
        assert_eq!(words("let r#type = 1;"), "let r#type = 1;");
    }

    #[test]
    fn lines_keep_their_numbers() {
        let source = "a\n/* b\n c */\n\"d\n e\"\nf\n";
        assert_eq!(without_prose(source).lines().position(|line| line == "f"), Some(5));
        assert_eq!(without_prose(source).matches('\n').count(), source.matches('\n').count());
    }

    #[test]
    fn groups_of_a_use_are_written_out() {
        let code = "use std::{\n    collections::{BTreeMap, HashMap as Map},\n    fs,\n};\npub use a::b;\nlet reuse = because ;";
        let paths = used_paths(code);
        let expected = ["std::collections::BTreeMap", "std::collections::HashMap as Map", "std::fs", "a::b"];
        assert_eq!(paths.iter().map(|(_, path)| path.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(paths.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 1, 1, 5]);
    }
}
