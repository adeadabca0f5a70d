//! Our list of RFC 6455 cases, in the order of the Autobahn test suite's categories. Each is decoded whole, in threes and byte by
//! byte.

use parlour_engine::framing::websocket::{
    Decoder, Fault, Message, Opcode, write_close, write_header, write_ping, write_pong, write_text,
};
use std::ops::ControlFlow;

const LIMIT: usize = 1 << 20;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const MORE_TEXT: u8 = 0x01;
const MORE_BINARY: u8 = 0x02;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

// 0: the RFC's own examples (section 5.7)

#[test]
fn the_rfcs_masked_hello_is_hello() {
    let wire = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&wire), told(&[text("Hello")]));
}

#[test]
fn our_frames_are_the_rfcs_unmasked_ones() {
    let mut out = Vec::new();
    write_text(&mut out, b"Hello");
    write_ping(&mut out, b"Hello");
    write_pong(&mut out, b"Hello");
    write_header(&mut out, Opcode::Binary, 256);
    write_header(&mut out, Opcode::Binary, 65536);
    assert_eq!(out, b"\x81\x05Hello\x89\x05Hello\x8a\x05Hello\x82\x7e\x01\x00\x82\x7f\0\0\0\0\0\x01\0\0");
}

#[test]
fn our_control_frames_are_cut_to_what_they_may_have() {
    let mut out = Vec::new();
    write_ping(&mut out, &[0; 200]);
    write_pong(&mut out, &[0; 200]);
    assert_eq!((out.len(), out[1], out[128]), (2 * 127, 125, 125));
    out.clear();
    write_close(&mut out, 1000, &"ä".repeat(100));
    assert_eq!(out, [&[0x88, 124, 3, 232][..], "ä".repeat(61).as_bytes()].concat());
    out.clear();
    write_close(&mut out, 1005, "there was no code");
    assert_eq!(out, [0x88, 0]);
}

// 1: framing, and 9: sizes

#[test]
fn messages_of_every_size_of_header_arrive() {
    for len in [0, 1, 125, 126, 127, 128, 65_535, 65_536] {
        let payload = "*".repeat(len);
        assert_eq!(decode(&frame(TEXT, payload.as_bytes())), told(&[text(&payload)]), "{len}");
        assert_eq!(decode(&frame(BINARY, &vec![0xfe; len])), told(&[format!("binary {:?}", vec![0xfe; len])]), "{len}");
    }
}

#[test]
fn a_message_of_exactly_the_limit_arrives_whole_and_fragmented() {
    let payload = "é".repeat(LIMIT / 2);
    assert_eq!(decode_in(&frame(TEXT, payload.as_bytes()), 1460), told(&[text(&payload)]));
    for size in [63, 1024, 65_535] {
        let wire = fragments(TEXT, payload.as_bytes(), size);
        assert_eq!(decode_in(&wire, 1460), told(&[text(&payload)]));
        assert_eq!(decode_in(&wire, usize::MAX), told(&[text(&payload)]));
    }
}

#[test]
fn a_message_beyond_the_limit_is_refused_at_its_header() {
    let header = frame(BINARY, &vec![0; LIMIT + 1])[..14].to_vec();
    assert_eq!(decode(&header), fault(&[], Fault::TooBig));
    assert_eq!(decode(&[0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255]), fault(&[], Fault::TooBig));
}

#[test]
fn fragments_that_sum_up_beyond_the_limit_are_refused_at_the_header_that_does_it() {
    let mut wire = frame(MORE_BINARY, &vec![0; LIMIT - 10]);
    wire.extend(frame(MORE, &[0; 10]));
    wire.extend(frame(PING, b"still"));
    wire.extend(&frame(LAST, &[0])[..2]);
    assert_eq!(decode_in(&wire, 1460), fault(&[ping("still")], Fault::TooBig));
}

#[test]
fn control_frames_do_not_count_towards_the_limit() {
    let mut decoder = Decoder::new(0);
    let mut heard = Vec::new();
    let mut wire = [frame(TEXT, b""), frame(PING, b"hello")].concat();
    assert_eq!(decoder.feed(&mut wire, &mut |message| hear(&mut heard, message)), Ok(wire.len()));
    assert_eq!(heard, [text(""), ping("hello")]);
    assert_eq!(decoder.feed(&mut frame(TEXT, b"a"), &mut |_| unreachable!()), Err(Fault::TooBig));
}

// 2: pings and pongs

#[test]
fn pings_arrive_with_any_payload_up_to_125_bytes() {
    for payload in [&b""[..], b"Hello, world!", &[0x00, 0xff, 0xfe, 0xfd], &[0xfe; 125]] {
        assert_eq!(decode(&frame(PING, payload)), told(&[format!("ping {payload:?}")]));
    }
}

#[test]
fn a_ping_of_126_bytes_is_a_fault() {
    assert_eq!(decode(&frame(PING, &[0xfe; 126])), broken("a control frame is longer than 125 bytes"));
}

#[test]
fn unasked_pongs_arrive_and_do_not_matter() {
    let wire = [frame(PONG, b""), frame(PONG, b"unasked"), frame(PING, b"asked")].concat();
    assert_eq!(decode(&wire), told(&[pong(""), pong("unasked"), ping("asked")]));
}

#[test]
fn ten_pings_at_once_arrive_in_order() {
    let names: Vec<_> = (0..10).map(|i| format!("payload-{i}")).collect();
    let wire: Vec<_> = names.iter().flat_map(|name| frame(PING, name.as_bytes())).collect();
    assert_eq!(decode(&wire), told(&names.iter().map(|name| ping(name)).collect::<Vec<_>>()));
}

// 3: reserved bits, 4: reserved opcodes, and the other rules of a header

#[test]
fn every_reserved_bit_is_a_fault_in_every_frame() {
    for bits in 1..8 {
        for first in [TEXT, BINARY, CLOSE, PING, PONG] {
            let wire = [frame(TEXT, b"before"), frame(first | bits << 4, b""), frame(PING, b"after")].concat();
            let rule = Fault::Protocol("a reserved bit is set, but no extension was agreed");
            assert_eq!(decode(&wire), fault(&[text("before")], rule));
        }
    }
}

#[test]
fn every_reserved_opcode_is_a_fault() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(decode(&frame(0x80 | opcode, b"what")), broken("a reserved opcode"));
    }
}

#[test]
fn an_unmasked_frame_is_a_fault() {
    assert_eq!(decode(&[0x81, 0x05, b'H', b'e', b'l', b'l', b'o']), broken("a client's frame is not masked"));
}

#[test]
fn a_length_that_could_be_written_shorter_is_a_fault() {
    for header in [&[0x82, 0xfe, 0, 125][..], &[0x82, 0xfe, 0, 0], &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]] {
        assert_eq!(decode(header), broken("a length is not written in the shortest way"));
    }
}

#[test]
fn a_length_with_its_top_bit_set_is_a_fault() {
    assert_eq!(decode(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1]), broken("a length has its top bit set"));
}

// 5: fragmentation

#[test]
fn a_fragmented_control_frame_is_a_fault() {
    for first in [CLOSE, PING, PONG] {
        let wire = [frame(first & 0x0f, b"one"), frame(LAST, b"two")].concat();
        assert_eq!(decode(&wire), broken("a control frame is fragmented"));
    }
}

#[test]
fn fragments_are_joined_even_if_some_or_all_are_empty() {
    let wire = [frame(MORE_TEXT, b"fragment1"), frame(MORE, b""), frame(LAST, b"fragment2")].concat();
    assert_eq!(decode(&wire), told(&[text("fragment1fragment2")]));
    let wire = [frame(MORE_TEXT, b""), frame(MORE, b""), frame(LAST, b"")].concat();
    assert_eq!(decode(&wire), told(&[text("")]));
    let wire = [frame(MORE_TEXT, b""), frame(LAST, b"middle"), frame(MORE_BINARY, &[1]), frame(LAST, b"")].concat();
    assert_eq!(decode(&wire), told(&[text("middle"), "binary [1]".into()]));
}

#[test]
fn control_frames_between_fragments_arrive_before_the_message() {
    let one = [frame(MORE_TEXT, b"f1"), frame(PING, b"ping 1"), frame(MORE, b"f2"), frame(PONG, b"pong 2")].concat();
    let two = [frame(PING, b""), frame(LAST, b"f3"), frame(PING, b"ping 3")].concat();
    let expected = [ping("ping 1"), pong("pong 2"), ping(""), text("f1f2f3"), ping("ping 3")];
    assert_eq!(decode(&[one, two].concat()), told(&expected));
}

#[test]
fn a_continuation_of_nothing_is_a_fault() {
    for first in [MORE, LAST] {
        let rule = Fault::Protocol("a continuation without a message to continue");
        let wire = [frame(TEXT, b"whole"), frame(first, b"and"), frame(TEXT, b"again")].concat();
        assert_eq!(decode(&wire), fault(&[text("whole")], rule));
        let wire = [frame(MORE_TEXT, b"fragm"), frame(LAST, b"ented"), frame(first, b"and")].concat();
        assert_eq!(decode(&wire), fault(&[text("fragmented")], rule));
    }
}

#[test]
fn a_new_message_inside_a_fragmented_one_is_a_fault() {
    for first in [TEXT, BINARY, MORE_TEXT, MORE_BINARY] {
        let wire = [frame(MORE_TEXT, b"fragment1"), frame(first, b"fragment2")].concat();
        assert_eq!(decode(&wire), broken("a new message inside a fragmented one"));
    }
}

// 6: UTF-8

#[test]
fn texts_with_characters_of_every_length_arrive_wherever_they_are_cut() {
    let said = "Hello-µ@ßöäüàá-UTF-8!! κόσμε \0\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fffe}\u{ffff}\u{10000}\u{10ffff}";
    assert_eq!(decode(&frame(TEXT, said.as_bytes())), told(&[text(said)]));
    for size in 1..said.len() {
        assert_eq!(decode(&fragments(TEXT, said.as_bytes(), size)), told(&[text(said)]), "{size}");
    }
}

#[test]
fn a_text_that_is_not_utf8_is_a_fault() {
    for bad in NOT_UTF8 {
        assert_eq!(decode(&frame(TEXT, bad)), fault(&[], Fault::NotUtf8), "{bad:x?}");
        assert_eq!(decode(&fragments(TEXT, bad, 1)), fault(&[], Fault::NotUtf8), "{bad:x?}");
    }
}

#[test]
fn a_binary_message_need_not_be_utf8() {
    for bad in NOT_UTF8 {
        assert_eq!(decode(&fragments(BINARY, bad, 2)), told(&[format!("binary {bad:?}")]));
    }
}

#[test]
fn a_text_cut_off_inside_a_character_is_a_fault_only_at_its_end() {
    let (head, tail) = ("κ".as_bytes(), "σμε".as_bytes());
    let start = [frame(MORE_TEXT, head), frame(MORE, &tail[..1]), frame(PING, b"between")].concat();
    assert_eq!(decode(&start), told(&[ping("between")]));
    assert_eq!(decode(&[start.clone(), frame(LAST, &tail[1..])].concat()), told(&[ping("between"), text("κσμε")]));
    assert_eq!(decode(&[start, frame(LAST, b"")].concat()), fault(&[ping("between")], Fault::NotUtf8));
}

#[test]
fn a_text_is_refused_at_the_fragment_in_which_it_goes_wrong() {
    // Autobahn's 6.3 and 6.4: too large a code point and a surrogate, of which the second byte is the first that cannot be right.
    for (good, bad) in [(&b"\xce\xba\xe1\xbd\xb9\xf4"[..], &b"\x90"[..]), (b"ok \xed", b"\xa0"), (b"\xf0", b"\x80")] {
        let wire = [frame(MORE_TEXT, good), frame(PING, b"so far"), frame(MORE, bad)].concat();
        assert_eq!(decode(&wire), fault(&[ping("so far")], Fault::NotUtf8));
    }
}

#[test]
fn a_text_is_refused_inside_a_frame_as_soon_as_its_bytes_came() {
    let mut wire = frame(TEXT, &[b"good \xf4\x90".as_slice(), &[b'.'; 1000]].concat());
    let mut decoder = Decoder::new(LIMIT);
    assert_eq!(decoder.feed(&mut wire[..8 + 6], &mut |_| unreachable!()), Ok(14));
    assert_eq!(decoder.feed(&mut wire[14..15], &mut |_| unreachable!()), Err(Fault::NotUtf8));
}

// 7: closing

#[test]
fn a_close_arrives_with_its_code_and_reason() {
    assert_eq!(decode(&frame(CLOSE, b"")), told(&["close None ".into()]));
    assert_eq!(decode(&close(1000, b"")), told(&["close Some(1000) ".into()]));
    assert_eq!(decode(&close(1000, "adiós".as_bytes())), told(&["close Some(1000) adiós".into()]));
    let longest = "*".repeat(123);
    assert_eq!(decode(&close(1000, longest.as_bytes())), told(&[format!("close Some(1000) {longest}")]));
}

#[test]
fn everything_after_a_close_is_ignored_even_faults() {
    for after in [frame(TEXT, b"late"), frame(PING, b"late"), close(1000, b""), frame(0x83, b""), vec![0xff; 100]] {
        let wire = [frame(TEXT, b"last"), close(1000, b""), after].concat();
        assert_eq!(decode(&wire), told(&[text("last"), "close Some(1000) ".into()]));
    }
}

#[test]
fn a_close_inside_a_fragmented_message_drops_the_message() {
    let wire = [frame(MORE_TEXT, b"never"), close(1001, b"away"), frame(LAST, b"told")].concat();
    assert_eq!(decode(&wire), told(&["close Some(1001) away".into()]));
}

#[test]
fn a_close_of_one_byte_or_of_too_many_is_a_fault() {
    assert_eq!(decode(&frame(CLOSE, b"a")), broken("a close code has two bytes"));
    assert_eq!(decode(&close(1000, &[b'*'; 124])), broken("a control frame is longer than 125 bytes"));
}

#[test]
fn a_close_reason_that_is_not_utf8_is_a_fault() {
    for bad in NOT_UTF8 {
        assert_eq!(decode(&close(1000, bad)), fault(&[], Fault::NotUtf8), "{bad:x?}");
    }
}

#[test]
fn exactly_the_registered_and_the_private_close_codes_may_be_sent() {
    for code in 0..=u16::MAX {
        let allowed = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let expected = if allowed { told(&[format!("close Some({code}) ")]) } else { broken("this close code may not be sent") };
        assert_eq!(decode_in(&close(code, b""), usize::MAX), expected, "{code}");
    }
}

#[test]
fn each_fault_has_its_close_code_and_a_reason_that_fits() {
    for (fault, code) in [(Fault::Protocol("a rule"), 1002), (Fault::NotUtf8, 1007), (Fault::TooBig, 1009)] {
        let mut out = Vec::new();
        write_close(&mut out, fault.close_code(), fault.reason());
        assert_eq!(out[2..4], u16::to_be_bytes(code));
        assert_eq!(&out[4..], fault.reason().as_bytes());
    }
}

// 10: what a client's own fragmentation makes of a large message

#[test]
fn a_large_message_fragmented_by_1300_bytes_arrives() {
    let payload = "*".repeat(65_536);
    assert_eq!(decode(&fragments(TEXT, payload.as_bytes(), 1300)), told(&[text(&payload)]));
}

/// What each piece of Autobahn's 6.6 to 6.21 that is no UTF-8 has wrong with it.
const NOT_UTF8: &[&[u8]] = &[
    b"\x80",                             // a continuation alone
    b"ok \xbf ok",                       // in between
    b"\xc3",                             // cut off after 1 of 2
    b"\xe2\x82",                         // after 2 of 3
    b"\xf0\x9d\x84",                     // after 3 of 4
    b"\xc3(",                            // no continuation
    b"\xc0\xaf",                         // overlong in 2
    b"\xc1\xbf",                         // the last overlong one
    b"\xe0\x9f\xbf",                     // in 3
    b"\xf0\x8f\xbf\xbf",                 // in 4
    b"\xed\xa0\x80",                     // the first surrogate
    b"\xed\xbf\xbf",                     // the last
    b"\xed\xa0\x80\xed\xb0\x80",         // a pair of them
    b"\xf4\x90\x80\x80",                 // one beyond U+10FFFF
    b"\xf8\x88\x80\x80\x80",             // in 5
    b"\xfc\x84\x80\x80\x80\x80",         // in 6
    b"\xfe",                             // never a byte of UTF-8
    b"\xff",                             // nor this
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce", // a good text and the start of a character
];

type Outcome = (Vec<String>, Option<Fault>);

/// Decodes these bytes in three ways, which must come to the same.
fn decode(wire: &[u8]) -> Outcome {
    let whole = decode_in(wire, usize::MAX);
    assert_eq!(decode_in(wire, 3), whole, "in threes");
    assert_eq!(decode_in(wire, 1), whole, "byte by byte");
    whole
}

fn decode_in(wire: &[u8], size: usize) -> Outcome {
    let (mut decoder, mut heard) = (Decoder::new(LIMIT), Vec::new());
    for piece in wire.to_vec().chunks_mut(size) {
        match decoder.feed(piece, &mut |message| hear(&mut heard, message)) {
            Ok(taken) => assert_eq!(taken, piece.len()),
            Err(fault) => {
                assert!(decoder.is_done());
                assert_eq!(decoder.feed(&mut frame(TEXT, b"after a fault"), &mut |_| unreachable!()), Ok(19));
                return (heard, Some(fault));
            }
        }
    }
    (heard, None)
}

fn hear(heard: &mut Vec<String>, message: Message<'_>) -> ControlFlow<()> {
    heard.push(match message {
        Message::Text(said) => text(said),
        Message::Binary(bytes) => format!("binary {bytes:?}"),
        Message::Ping(payload) => format!("ping {payload:?}"),
        Message::Pong(payload) => format!("pong {payload:?}"),
        Message::Close(code, reason) => format!("close {code:?} {reason}"),
    });
    ControlFlow::Continue(())
}

fn told(messages: &[String]) -> Outcome {
    (messages.to_vec(), None)
}

fn fault(before: &[String], fault: Fault) -> Outcome {
    (before.to_vec(), Some(fault))
}

fn broken(rule: &'static str) -> Outcome {
    fault(&[], Fault::Protocol(rule))
}

fn text(said: &str) -> String {
    format!("text {said}")
}

fn ping(payload: &str) -> String {
    format!("ping {:?}", payload.as_bytes())
}

fn pong(payload: &str) -> String {
    format!("pong {:?}", payload.as_bytes())
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// A client's message in fragments of at most `size` bytes.
fn fragments(first: u8, payload: &[u8], size: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    let count = payload.len().div_ceil(size);
    for (i, part) in payload.chunks(size).enumerate() {
        let opcode = if i == 0 { first & 0x0f } else { MORE };
        wire.extend(frame(if i + 1 == count { LAST | opcode } else { opcode }, part));
    }
    wire
}

/// A client's frame with the given first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut wire = vec![first];
    match payload.len() {
        len @ 0..126 => wire.push(0x80 | len as u8),
        len @ 126..0x1_0000 => {
            wire.push(0x80 | 126);
            wire.extend((len as u16).to_be_bytes());
        }
        len => {
            wire.push(0x80 | 127);
            wire.extend((len as u64).to_be_bytes());
        }
    }
    wire.extend(KEY);
    wire.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    wire
}
