//! `.. <- framing`: our messages as frames, appended to what a connection is to be sent.

use super::frame::{MAX_CONTROL, Opcode, may_travel};

/// Appends a text message. The payload must be UTF-8, which JSON is.
pub fn write_text(out: &mut Vec<u8>, payload: &[u8]) {
    write_whole(out, Opcode::Text, payload);
}

/// Appends a ping, whose payload is cut to the 125 bytes it may have.
pub fn write_ping(out: &mut Vec<u8>, payload: &[u8]) {
    write_whole(out, Opcode::Ping, &payload[..payload.len().min(MAX_CONTROL)]);
}

/// Appends a pong, whose payload (that of the ping it answers) is cut to the 125 bytes it may have.
pub fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write_whole(out, Opcode::Pong, &payload[..payload.len().min(MAX_CONTROL)]);
}

/// Appends a close, with its reason cut to the 123 bytes it may have, between characters. A code that may not be sent, as 1005,
/// which says that there was none, makes a close without code and reason.
pub fn write_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    if !may_travel(code) {
        return write_header(out, Opcode::Close, 0);
    }
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL - 2)];
    write_header(out, Opcode::Close, 2 + reason.len());
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
}

/// Appends the header of an unfragmented message whose payload, of exactly `len` bytes, the caller appends next. Control frames
/// have at most 125.
pub fn write_header(out: &mut Vec<u8>, opcode: Opcode, len: usize) {
    let first = 0x80 | opcode as u8;
    if len < 126 {
        out.extend_from_slice(&[first, len as u8]);
    } else if let Ok(len) = u16::try_from(len) {
        let [a, b] = len.to_be_bytes();
        out.extend_from_slice(&[first, 126, a, b]);
    } else {
        out.extend_from_slice(&[first, 127]);
        out.extend_from_slice(&(len as u64).to_be_bytes());
    }
}

fn write_whole(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.reserve(10 + payload.len());
    write_header(out, opcode, payload.len());
    out.extend_from_slice(payload);
}
