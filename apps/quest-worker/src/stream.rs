//! The answer of an endpoint as it streams in: server-sent events, each with some more words. Or all of it at once, by an
//! endpoint that does not stream though it was asked to.

use parlour_quest::Fault;
use serde_json::Value;
use std::io::{BufRead, Error, ErrorKind, Read};

/// The longest line of a stream, and the most bytes of all of it.
const LINE_BYTES: u64 = 64 * 1024;
const STREAM_BYTES: u64 = 1024 * 1024;

/// Reads to the end of the answer; `told` hears all words so far after each piece, and says whether to go on.
pub(crate) fn read(source: impl BufRead, mut told: impl FnMut(&str) -> bool) -> (String, Result<(), Fault>) {
    let mut words = String::new();
    let mut source = source.take(STREAM_BYTES);
    loop {
        let mut line = Vec::new();
        match source.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
            // A stream that breaks off is no answer: its end is said.
            Ok(0) => return (words, Err(Fault::Garbage)),
            Ok(_) => {}
            Err(error) => return (words, Err(fault(&error))),
        }
        if words.is_empty() && line.trim_ascii_start().starts_with(b"{") {
            return whole(line, source, told);
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

/// An answer that is one document, of which this is the beginning.
fn whole(mut document: Vec<u8>, mut rest: impl Read, mut told: impl FnMut(&str) -> bool) -> (String, Result<(), Fault>) {
    if let Err(error) = rest.read_to_end(&mut document) {
        return (String::new(), Err(fault(&error)));
    }
    let document = serde_json::from_slice::<Value>(&document).unwrap_or_default();
    match document.pointer("/choices/0/message/content").and_then(Value::as_str) {
        None => (String::new(), Err(Fault::Garbage)),
        Some(words) if words.trim().is_empty() => (String::new(), Err(Fault::Empty)),
        Some(words) => (words.to_owned(), if told(words) { Ok(()) } else { Err(Fault::Failed) }),
    }
}

/// A timeout of `ureq` comes as an error of these kinds.
fn fault(error: &Error) -> Fault {
    if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) { Fault::TimedOut } else { Fault::Unreachable }
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
    fn an_endpoint_that_does_not_stream_has_said_it_all_at_once() {
        let document = |words: &str| format!("{{\n \"choices\": [{{\"message\":\n {{\"content\": {words:?}}}}}]}}\n");
        assert_eq!(all(&document("It is dark.")), ("It is dark.".to_owned(), Ok(())));
        let long = "dark ".repeat(30_000);
        assert_eq!(all(&document(&long)), (long, Ok(())), "longer than a line may be");
        assert_eq!(all(&document(" ")).1, Err(Fault::Empty));
        for junk in ["{}", "{\"error\":{\"message\":\"no\"}}", &document("It is dark.")[..40]] {
            assert_eq!(all(junk).1, Err(Fault::Garbage), "{junk:?}");
        }
        assert_eq!(read(document("x").as_bytes(), |_| false).1, Err(Fault::Failed));
    }

    #[test]
    fn junk_and_silence_are_told_apart() {
        assert_eq!(all("data: [DONE]\n").1, Err(Fault::Empty));
        for junk in ["", "<html>\n", "data: {\n", "data: [DONE", "\u{0}\n"] {
            assert_eq!(all(junk).1, Err(Fault::Garbage), "{junk:?}");
        }
    }
}
