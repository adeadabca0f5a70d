//! `bytes -> framing`: the header of one frame, and every rule of RFC 6455 that can be judged by it.

use super::Fault;

/// The most bytes a header has: two, eight of length, four of key.
pub(super) const MAX_HEADER: usize = 14;
/// The most bytes the payload of a control frame has.
pub(super) const MAX_CONTROL: usize = 125;

/// What a message is. (A continuation frame is of the message it continues.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// Data that is UTF-8.
    Text = 1,
    /// Data.
    Binary = 2,
    /// The last word of either side.
    Close = 8,
    /// Asks for a pong.
    Ping = 9,
    /// Answers a ping.
    Pong = 10,
}

impl Opcode {
    /// Whether frames of this kind may come between the fragments of a message, are never fragments, and are short.
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A frame whose header came, and what is still to come of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// What its message is.
    pub(super) opcode: Opcode,
    /// Whether it ends its message.
    pub(super) fin: bool,
    /// How many bytes the decoder kept before it.
    pub(super) start: u32,
    /// How many bytes of payload are to come.
    pub(super) left: u32,
    /// The key for the next four of them.
    pub(super) key: [u8; 4],
}

impl Frame {
    /// Reads the header at the front of `bytes`, and answers its size too; nothing while it is incomplete. What came of it is
    /// judged in any case, byte by byte, so that a fault is the same one however the bytes were cut.
    ///
    /// `open` is the message to be continued, and `kept` its length so far.
    pub(super) fn read(bytes: &[u8], open: Option<Opcode>, kept: u32, max: u32) -> Result<Option<(Self, usize)>, Fault> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let fin = first & 0x80 != 0;
        if first & 0x70 != 0 {
            return Err(Fault::Protocol("a reserved bit is set, but no extension was agreed"));
        }
        let opcode = match (first & 0x0f, open) {
            (0, Some(open)) => open,
            (0, None) => return Err(Fault::Protocol("a continuation without a message to continue")),
            (1 | 2, Some(_)) => return Err(Fault::Protocol("a new message inside a fragmented one")),
            (1, None) => Opcode::Text,
            (2, None) => Opcode::Binary,
            (8, _) => Opcode::Close,
            (9, _) => Opcode::Ping,
            (10, _) => Opcode::Pong,
            _ => return Err(Fault::Protocol("a reserved opcode")),
        };
        if opcode.is_control() && !fin {
            return Err(Fault::Protocol("a control frame is fragmented"));
        }

        let Some(&second) = bytes.get(1) else { return Ok(None) };
        if second & 0x80 == 0 {
            return Err(Fault::Protocol("a client's frame is not masked"));
        }
        let short = second & 0x7f;
        if opcode.is_control() && usize::from(short) > MAX_CONTROL {
            return Err(Fault::Protocol("a control frame is longer than 125 bytes"));
        }
        let (len, least, size) = match short {
            126 => match bytes[2..].first_chunk() {
                Some(len) => (u64::from(u16::from_be_bytes(*len)), 126, 4),
                None => return Ok(None),
            },
            127 => match bytes[2..].first_chunk() {
                Some(len) => (u64::from_be_bytes(*len), 0x1_0000, 10),
                None => return Ok(None),
            },
            len => (u64::from(len), 0, 2),
        };
        if len < least {
            return Err(Fault::Protocol("a length is not written in the shortest way"));
        }
        if len >> 63 != 0 {
            return Err(Fault::Protocol("a length has its top bit set"));
        }
        let room = if opcode.is_control() { len } else { u64::from(max.saturating_sub(kept)) };
        let left = u32::try_from(len).ok().filter(|_| len <= room).ok_or(Fault::TooBig)?;

        let Some(&key) = bytes[size..].first_chunk() else { return Ok(None) };
        Ok(Some((Self { opcode, fin, start: kept, left, key }, size + 4)))
    }
}

/// Unmasks, or masks, what begins with the first byte of the key. Eight bytes at a time, which the compiler widens further.
pub(super) fn unmask(bytes: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Whether a close frame may have this code: those of the RFC and of IANA's registry, of libraries and of applications. 1005,
/// 1006 and 1015 are only for saying that there was none.
pub(super) fn may_travel(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
