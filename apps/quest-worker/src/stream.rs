//! The answer of an endpoint as it streams in: server-sent events, each with some more words.

use parlour_quest::Fault;
use serde_json::Value;
use std::io::{BufRead, ErrorKind};

/// The longest line of a stream, and the most bytes of all of it.
const LINE_BYTES: u64 = 64 * 1024;
const STREAM_BYTES: u64 = 1024 * 1024;

/// Reads to the end of the answer; `told` hears all words so far after each piece, and says whether to go on.
pub(crate) fn read(source: impl BufRead, mut told: impl FnMut(&str) -> bool) -> (String, Result<(), Fault>) {
    let mut words = String::new();
    let mut source = source.take(STREAM_BYTES);
    loop {
        let mut line = Vec::new();
        match std::io::Read::take(&mut source, LINE_BYTES).read_until(b'\n', &mut line) {
            // A stream that breaks off is no answer: its end is said.
            Ok(0) => return (words, Err(Fault::Garbage)),
            Ok(_) => {}
            Err(error) => return (words, Err(if is_late(&error) { Fault::TimedOut } else { Fault::Unreachable })),
        }
        let Ok(line) = std::str::from_utf8(&line) else { return (words, Err(Fault::Garbage)) };
        let line = line.trim();
        if line.is_empty() || line.starts_with(':') {
            continue;
        }
        let Some(data) = line.strip_prefix("data:").map(str::trim) else { return (words, Err(Fault::Garbage)) };
        if data == "[DONE]" {
            let result = if words.trim().is_empty() { Err(Fault::Empty) } else { Ok(()) };
            return (words, result);
        }
        let Ok(piece) = serde_json::from_str::<Value>(data) else { return (words, Err(Fault::Garbage)) };
        if let Some(more) = piece.pointer("/choices/0/delta/content").and_then(Value::as_str) {
            words.push_str(more);
            if !told(&words) {
                return (words, Err(Fault::Failed));
            }
        }
    }
}

/// A timeout of `ureq` comes as an error of this kind.
fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (String, Result<(), Fault>) {
        read(text.as_bytes(), |_| true)
    }

    #[test]
    fn words_are_put_together_in_order_until_the_end_is_said() {
        let piece = |words: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{words:?}}}}}]}}\n\n");
        let text = format!(": hello\n{}{}data: [DONE]\n", piece("It is "), piece("dark."));
        assert_eq!(all(&text), ("It is dark.".to_owned(), Ok(())));
        assert_eq!(all(&piece("It is ")), ("It is ".to_owned(), Err(Fault::Garbage)), "it broke off");
    }

    #[test]
    fn junk_and_silence_are_told_apart() {
        assert_eq!(all("data: [DONE]\n").1, Err(Fault::Empty));
        for junk in ["", "<html>\n", "data: {\n", "data: [DONE", "\u{0}\n"] {
            assert_eq!(all(junk).1, Err(Fault::Garbage), "{junk:?}");
        }
    }
}
