//! Text of strangers: made plain before it is kept.

use crate::limits::BYTES_PER_CHAR;
use crate::refusal::Refusal;

/// One line: control characters are spaces, the ends are trimmed. Refused if nothing is left, or too much: so many
/// characters, and on average `BYTES_PER_CHAR` bytes for each of them.
pub(crate) fn plain(text: &str, most: u32) -> Result<String, Refusal> {
    let line: String = text.chars().map(|c| if is_control(c) { ' ' } else { c }).collect();
    let line = line.trim();
    if line.is_empty() {
        return Err(Refusal::BlankText);
    }
    if is_too_long(line, most) { Err(Refusal::TextTooLong { most }) } else { Ok(line.to_owned()) }
}

pub(crate) fn is_too_long(line: &str, most: u32) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    line.len() > most.saturating_mul(BYTES_PER_CHAR) || line.chars().count() > most
}

/// Some paragraphs: control characters but line breaks are taken out, the rest is cut off after so many characters.
pub(crate) fn paragraphs(text: &str, most: usize) -> String {
    let kept: String = text.chars().filter(|&c| c == '\n' || !is_control(c)).take(most).collect();
    kept.trim().to_owned()
}

/// Also the invisible characters that turn the direction of writing, or separate lines.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
