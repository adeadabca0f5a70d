//! Text of strangers: made plain before it is kept.

use crate::refusal::Refusal;

/// One line: control characters are spaces, the ends are trimmed. Refused if nothing is left, or too much.
pub(crate) fn plain(text: &str, most: u32) -> Result<String, Refusal> {
    let line: String = text.chars().map(|c| if is_control(c) { ' ' } else { c }).collect();
    let line = line.trim();
    if line.is_empty() {
        return Err(Refusal::BlankText);
    }
    let chars = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
    if chars > most { Err(Refusal::TextTooLong { most }) } else { Ok(line.to_owned()) }
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
