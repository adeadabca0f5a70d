//! `.. <- framing`: our own frames, read again by who passes them on in another form.

/// The text messages in bytes that [`write_text`](super::write_text) wrote.
///
/// # Panics
/// If anything else wrote them.
pub fn own_texts(mut frames: &[u8]) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let [first, short, rest @ ..] = frames else { return None };
        debug_assert_eq!(*first, 0x81, "a whole text message");
        let (len, rest) = match short {
            126 => rest.split_first_chunk().map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest)),
            127 => rest.split_first_chunk().and_then(|(len, rest)| Some((usize::try_from(u64::from_be_bytes(*len)).ok()?, rest))),
            len => Some((usize::from(*len), rest)),
        }
        .expect("a whole header");
        let (text, rest) = rest.split_at(len);
        frames = rest;
        Some(str::from_utf8(text).expect("JSON is UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::websocket::write_text;

    #[test]
    fn what_was_written_is_read_again_however_long() {
        let texts: Vec<String> = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000].map(|len| "é".repeat(len / 2)).into();
        let mut out = Vec::new();
        texts.iter().for_each(|text| write_text(&mut out, text.as_bytes()));
        assert!(own_texts(&out).eq(texts.iter()));
        assert_eq!(own_texts(&[]).count(), 0);
    }
}
