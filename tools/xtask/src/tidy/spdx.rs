//! Licence expressions, as far as crates use them: `OR`, `AND`, `WITH`, brackets, and the old `/` that means `OR`.

/// What the project may be distributed with. A new line here is a decision: say why in ARCHITECTURE.md.
pub(super) const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether the expression can be satisfied by allowed licences alone. What cannot be read is not allowed.
pub(super) fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().collect::<Vec<_>>();
    words.reverse();
    any(&mut words) == Some(true) && words.is_empty()
}

/// Each reader takes its part from the end of the reversed words; `None` is an expression that cannot be read.
fn any(words: &mut Vec<&str>) -> Option<bool> {
    let mut result = all(words)?;
    while words.pop_if(|word| word.eq_ignore_ascii_case("OR")).is_some() {
        result |= all(words)?;
    }
    Some(result)
}

fn all(words: &mut Vec<&str>) -> Option<bool> {
    let mut result = one(words)?;
    while words.pop_if(|word| word.eq_ignore_ascii_case("AND")).is_some() {
        result &= one(words)?;
    }
    Some(result)
}

fn one(words: &mut Vec<&str>) -> Option<bool> {
    match words.pop()? {
        "(" => {
            let result = any(words)?;
            (words.pop()? == ")").then_some(result)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        name if words.pop_if(|word| word.eq_ignore_ascii_case("WITH")).is_some() => {
            let exception = words.pop()?;
            Some(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()))
        }
        name => Some(ALLOWED.contains(&name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_allowed_choice_is_enough() {
        for expression in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
            "GPL-3.0-only OR (MIT AND Zlib)",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        ] {
            assert!(allowed(expression), "{expression}");
        }
    }

    #[test]
    fn every_part_of_an_and_must_be_allowed() {
        assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!allowed("MIT AND GPL-3.0-only"));
        assert!(!allowed("(MIT OR Apache-2.0) AND OpenSSL"));
        assert!(allowed("MPL-2.0 AND ISC OR MIT"), "AND binds tighter than OR");
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(!allowed("GPL-2.0-only WITH Classpath-exception-2.0"));
        assert!(!allowed("MIT WITH LLVM-exception"));
    }

    #[test]
    fn what_cannot_be_read_is_not_allowed() {
        for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "OR MIT", "MIT WITH", "custom"] {
            assert!(!allowed(expression), "{expression:?}");
        }
    }
}
