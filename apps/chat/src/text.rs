//! What may be written: any text that shows, byte for byte as it came.

use crate::limits::{CONTENT_BYTES, TOPIC_BYTES};
use crate::refusal::Refusal;

/// A message.
pub(crate) fn check_content(content: &str) -> Result<(), Refusal> {
    check_length(content, CONTENT_BYTES)?;
    if content.trim().is_empty() {
        return Err(Refusal::Empty);
    }
    check_characters(content, |c| matches!(c, '\n' | '\t'))
}

/// A topic: one line, or nothing.
pub(crate) fn check_topic(text: &str) -> Result<(), Refusal> {
    check_length(text, TOPIC_BYTES)?;
    check_characters(text, |_| false)
}

fn check_length(text: &str, most: usize) -> Result<(), Refusal> {
    let bytes = u32::try_from(most).unwrap_or(u32::MAX);
    if text.len() > most { Err(Refusal::TooLong { bytes }) } else { Ok(()) }
}

/// Control characters are those that Unicode calls so (C0, DEL, C1); what directs or joins what is written stays.
fn check_characters(text: &str, is_fine: impl Fn(char) -> bool) -> Result<(), Refusal> {
    if text.chars().any(|c| c.is_control() && !is_fine(c)) { Err(Refusal::ControlCharacter) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_any_script_is_fine_and_what_nobody_sees_is_not() {
        for fine in ["x", " x ", "a\nb\tc", "שלום\u{200f}", "👩\u{200d}🚀", "e\u{301}", "\u{202b}abc\u{202c}", "\u{feff}x"]
        {
            assert_eq!(check_content(fine), Ok(()), "{fine:?}");
        }
        for empty in ["", " ", "\n\t ", "\u{a0}\u{3000}\u{2028}"] {
            assert_eq!(check_content(empty), Err(Refusal::Empty), "{empty:?}");
        }
        for odd in ["a\0", "a\rb", "\u{1b}[31m", "\u{7f}x", "x\u{85}y", "\u{9b}x"] {
            assert_eq!(check_content(odd), Err(Refusal::ControlCharacter), "{odd:?}");
        }
    }

    #[test]
    fn length_is_counted_in_bytes_to_the_last() {
        let full = "é".repeat(CONTENT_BYTES / 2);
        assert_eq!(check_content(&full), Ok(()));
        assert_eq!(check_content(&format!("{full}x")), Err(Refusal::TooLong { bytes: 16_384 }));
        assert_eq!(check_topic(&"x".repeat(TOPIC_BYTES)), Ok(()));
        assert_eq!(check_topic(&"x".repeat(TOPIC_BYTES + 1)), Err(Refusal::TooLong { bytes: 1024 }));
        assert_eq!((check_topic(""), check_topic("a\nb")), (Ok(()), Err(Refusal::ControlCharacter)));
    }
}
