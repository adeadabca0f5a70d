//! As much of WebSocket (RFC 6455) as the load needs: whole text frames, either way.

/// A text frame of a client. The mask is zero: it costs whoever reads it as much as any other.
pub(crate) fn masked(out: &mut Vec<u8>, text: &[u8]) {
    head(out, text.len(), 0x80);
    out.extend([0; 4]);
    out.extend(text);
}

/// A text frame of a server.
pub(crate) fn plain(out: &mut Vec<u8>, text: &[u8]) {
    head(out, text.len(), 0);
    out.extend(text);
}

fn head(out: &mut Vec<u8>, length: usize, mask: u8) {
    out.push(0x81);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => out.push(mask | short),
        (_, Ok(medium)) => {
            out.push(mask | 126);
            out.extend(medium.to_be_bytes());
        }
        _ => {
            out.push(mask | 127);
            out.extend(u64::try_from(length).expect("a length fits 64 bits").to_be_bytes());
        }
    }
}

/// A frame at the beginning of what came.
pub(crate) struct Frame {
    /// 1 for text, 8 for the end, 9 for a ping.
    pub(crate) opcode: u8,
    mask: Option<[u8; 4]>,
    start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

impl Frame {
    /// The first frame, if all of it is there.
    pub(crate) fn first(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (length, mut start) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
            short => (u64::from(short), 2),
        };
        let mut mask = None;
        if second & 0x80 != 0 {
            mask = Some(bytes.get(start..start + 4)?.try_into().ok()?);
            start += 4;
        }
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        (end <= bytes.len()).then_some(Self { opcode: first & 0x0f, mask, start, end })
    }

    /// What it says.
    pub(crate) fn text<'a>(&self, bytes: &'a mut [u8]) -> &'a [u8] {
        let text = &mut bytes[self.start..self.end];
        if let Some(mask) = self.mask.filter(|mask| *mask != [0; 4]) {
            text.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_not_before_all_of_it_is_there() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let text: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
            for write in [masked, plain] {
                let mut bytes = Vec::new();
                write(&mut bytes, &text);
                let whole = bytes.len();
                assert!((0..whole.min(300)).all(|part| Frame::first(&bytes[..part]).is_none()));
                bytes.extend(b"more");
                let frame = Frame::first(&bytes).unwrap();
                assert_eq!((frame.opcode, frame.end), (1, whole));
                assert_eq!(frame.text(&mut bytes), text);
            }
        }
    }
}
