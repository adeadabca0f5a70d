//! WebSocket framing as a client does it, written apart from the engine's: both being wrong in the same way is less likely so.

use crate::luck::Luck;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Text(String),
    /// To be answered.
    Ping,
    /// An answer.
    Pong,
    /// The last word, with its code.
    Close(Option<u16>),
}

/// One text message, masked, now and then in two fragments with a ping between them.
pub fn text(luck: &mut Luck, text: &str) -> Vec<u8> {
    let (mut out, bytes) = (Vec::new(), text.as_bytes());
    if bytes.len() > 1 && luck.percent(10) {
        let (first, last) = bytes.split_at(luck.index(bytes.len()));
        frame(&mut out, TEXT, false, luck.mask(), first);
        if luck.percent(30) {
            frame(&mut out, PING, true, luck.mask(), b"hi");
        }
        frame(&mut out, 0, true, luck.mask(), last);
    } else {
        frame(&mut out, TEXT, true, luck.mask(), bytes);
    }
    out
}

/// An unasked sign of life.
pub fn pong(luck: &mut Luck) -> Vec<u8> {
    let mut out = Vec::new();
    frame(&mut out, PONG, true, luck.mask(), b"");
    out
}

/// One frame of a client.
pub fn frame(out: &mut Vec<u8>, opcode: u8, fin: bool, mask: [u8; 4], payload: &[u8]) {
    out.push(if fin { 0x80 } else { 0 } | opcode);
    match payload.len() {
        len @ 0..126 => out.push(0x80 | u8::try_from(len).expect("a small number")),
        len @ 126..65536 => {
            out.push(0x80 | 126);
            out.extend(u16::try_from(len).expect("16 bits").to_be_bytes());
        }
        len => {
            out.push(0x80 | 127);
            out.extend(u64::try_from(len).expect("64 bits").to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Cuts what a server sent into frames.
#[derive(Clone, Debug, Default)]
pub struct Frames(Vec<u8>);

impl Frames {
    /// Takes bytes as they came and returns the frames they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, String> {
        self.0.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some((frame, size)) = read(&self.0)? {
            frames.push(frame);
            self.0.drain(..size);
        }
        Ok(frames)
    }

    /// Whether nothing is left over.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn read(bytes: &[u8]) -> Result<Option<(Frame, usize)>, String> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0xf0 != 0x80 || second & 0x80 != 0 {
        return Err(format!("a server's frame begins with {first:#x} {second:#x}"));
    }
    let (len, head) = match second {
        126 if rest.len() < 2 => return Ok(None),
        127 if rest.len() < 8 => return Ok(None),
        126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), 4),
        127 => {
            let mut len = [0; 8];
            len.copy_from_slice(&rest[..8]);
            (usize::try_from(u64::from_be_bytes(len)).map_err(|_| "a frame too long to be".to_owned())?, 10)
        }
        len => (usize::from(*len), 2),
    };
    if bytes.len() < head + len {
        return Ok(None);
    }
    let payload = &bytes[head..head + len];
    let frame = match first & 0x0f {
        TEXT => Frame::Text(String::from_utf8(payload.to_vec()).map_err(|_| "text that is not UTF-8".to_owned())?),
        CLOSE => Frame::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        PING => Frame::Ping,
        PONG => Frame::Pong,
        other => return Err(format!("opcode {other}")),
    };
    Ok(Some((frame, head + len)))
}
