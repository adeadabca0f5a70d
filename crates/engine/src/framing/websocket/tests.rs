//! What holds for all messages and all bytes: properties of the codec, and what can only be seen from inside.

#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

/// A message that outlives its bytes.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

impl From<Message<'_>> for Told {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
            Message::Ping(payload) => Self::Ping(payload.into()),
            Message::Pong(payload) => Self::Pong(payload.into()),
            Message::Close(code, reason) => Self::Close(code, reason.into()),
        }
    }
}

/// What a client sends: messages, each with the places where it is cut into fragments, and what is sent after each fragment.
#[derive(Clone, Debug)]
struct Sent {
    message: Told,
    cuts: Vec<Index>,
    between: Vec<Option<Told>>,
    key: [u8; 4],
}

proptest! {
    #[test]
    fn messages_arrive_however_they_are_fragmented_and_however_the_bytes_are_cut(sent in sent(), cuts in cuts()) {
        let (wire, expected) = encode(&sent);
        prop_assert_eq!(decode(&wire, &cuts, 4096), (expected, None));
    }

    #[test]
    fn messages_arrive_byte_by_byte(sent in sent()) {
        let (wire, expected) = encode(&sent);
        prop_assert_eq!(decode(&wire, &[1], 4096), (expected, None));
    }

    #[test]
    fn what_was_not_taken_can_be_offered_again(sent in sent(), stops in prop::collection::vec(any::<bool>(), 1..8)) {
        let (mut wire, expected) = encode(&sent);
        let (mut decoder, mut told, mut taken) = (Decoder::new(4096), Vec::new(), 0);
        let mut stops = stops.iter().chain([&false]).cycle();
        while taken < wire.len() {
            taken += decoder.feed(&mut wire[taken..], &mut |message| {
                told.push(Told::from(message));
                if *stops.next().unwrap() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }).unwrap();
        }
        prop_assert_eq!(told, expected);
        prop_assert!(decoder.is_idle());
    }

    #[test]
    fn everything_after_a_close_is_ignored(sent in sent(), code in 3000..5000_u16, after in any::<Vec<u8>>(), cuts in cuts()) {
        let (mut wire, mut expected) = encode(&sent);
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice("até já".as_bytes());
        wire.extend(frame(0x88, [1, 2, 3, 4], &payload));
        wire.extend(after);
        expected.push(Told::Close(Some(code), "até já".into()));
        prop_assert_eq!(decode(&wire, &cuts, 4096), (expected, None));
    }

    #[test]
    fn random_bytes_do_no_harm(wire in any::<Vec<u8>>(), cuts in cuts()) {
        prop_assert_eq!(decode(&wire, &cuts, 64), decode(&wire, &[usize::MAX], 64));
    }

    #[test]
    fn almost_right_frames_do_no_harm_and_are_judged_alike_however_they_are_cut(wire in almost_right(), cuts in cuts()) {
        let whole = decode(&wire, &[usize::MAX], 300);
        prop_assert_eq!(&decode(&wire, &cuts, 300), &whole);
        prop_assert_eq!(&decode(&wire, &[1], 300), &whole);
    }

    #[test]
    fn masking_twice_changes_nothing_and_once_is_as_the_rfc_says(bytes in any::<Vec<u8>>(), key: [u8; 4]) {
        let mut masked = bytes.clone();
        unmask(&mut masked, key);
        prop_assert!(masked.iter().enumerate().all(|(i, byte)| *byte == bytes[i] ^ key[i % 4]));
        unmask(&mut masked, key);
        prop_assert_eq!(masked, bytes);
    }

    #[test]
    fn what_we_write_is_what_a_client_would_write_but_for_the_mask(len in prop_oneof![0..300_usize, 65_000..66_000_usize]) {
        let payload = vec![b'x'; len];
        let mut ours = Vec::new();
        write_text(&mut ours, &payload);
        let mut theirs = frame(0x81, [0; 4], &payload);
        theirs[1] &= 0x7f;
        let header = theirs.len() - len - 4;
        theirs.drain(header..header + 4);
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn a_close_is_never_longer_than_a_control_frame_and_its_reason_never_cut_inside_a_character(reason in ".{0,80}", code: u16) {
        let mut ours = Vec::new();
        write_close(&mut ours, code, &reason);
        prop_assert_eq!(ours.len(), 2 + usize::from(ours[1]));
        prop_assert!(ours[1] <= 125);
        match close(&ours[2..]).unwrap() {
            Message::Close(Some(read), start) => {
                prop_assert_eq!(read, code);
                prop_assert!(reason.starts_with(start) && start.len() + 4 > reason.len().min(123));
            }
            none => prop_assert!(none == Message::Close(None, "") && !may_travel(code)),
        }
    }
}

#[test]
fn an_idle_decoder_is_small_and_holds_nothing() {
    assert!(size_of::<Decoder>() <= 64, "{}", size_of::<Decoder>());
    let mut decoder = Decoder::new(1 << 20);
    let mut wire = frame(0x81, [7; 4], &[b'x'; 5000]);
    let (first, second) = wire.split_at_mut(2000);
    let mut ignore = |_: Message<'_>| ControlFlow::Continue(());
    decoder.feed(first, &mut ignore).unwrap();
    assert!(!decoder.is_idle() && decoder.kept.capacity() == 2000 - 8);
    assert_eq!(decoder.checked, 2000 - 8, "what is known to be UTF-8 is not looked at again for every piece");
    decoder.feed(second, &mut ignore).unwrap();
    assert!(decoder.is_idle() && decoder.kept.capacity() == 0);
    decoder.feed(&mut frame(0x89, [7; 4], b"ping")[..8], &mut ignore).unwrap();
    assert!(!decoder.is_idle());
    decoder.feed(&mut frame(0x89, [7; 4], b"ping")[8..], &mut ignore).unwrap();
    assert!(decoder.is_idle() && decoder.kept.capacity() == 0);
}

#[test]
fn a_close_takes_all_bytes_and_the_incomplete_message_even_if_the_caller_breaks_off() {
    let mut decoder = Decoder::new(64);
    let mut wire = [frame(0x01, [7; 4], b"in"), frame(0x88, [7; 4], b""), frame(0x80, [7; 4], b"complete")].concat();
    assert_eq!(decoder.feed(&mut wire, &mut |_| ControlFlow::Break(())), Ok(wire.len()));
    assert!(decoder.is_done() && decoder.is_idle() && decoder.kept.capacity() == 0);
}

#[test]
fn a_whole_message_is_lent_and_not_copied() {
    let mut wire = frame(0x82, [7; 4], b"here");
    let place = wire[6..].as_ptr();
    let mut seen = false;
    Decoder::new(64)
        .feed(&mut wire, &mut |message| {
            seen = matches!(message, Message::Binary(bytes) if std::ptr::eq(bytes.as_ptr(), place));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(seen);
}

#[test]
fn a_message_of_very_many_fragments_is_not_copied_for_each() {
    let mut decoder = Decoder::new(1 << 20);
    let (mut rooms, mut room) = (0, 0);
    let mut one = frame(0x02, [7; 4], b"x");
    for _ in 0..100_000 {
        decoder.feed(&mut one.clone(), &mut |_| unreachable!()).unwrap();
        one[0] = 0x00;
        rooms += usize::from(room != decoder.kept.capacity());
        room = decoder.kept.capacity();
    }
    assert!(rooms <= 18, "{rooms}");
}

/// A client's frame with the given first byte.
fn frame(first: u8, key: [u8; 4], payload: &[u8]) -> Vec<u8> {
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
    wire.extend(key);
    wire.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    wire
}

/// Decodes bytes that come in pieces of these sizes, over and over; holds the decoder to its limit on the way.
fn decode(wire: &[u8], sizes: &[usize], max: usize) -> (Vec<Told>, Option<Fault>) {
    let (mut decoder, mut told, mut fault) = (Decoder::new(max), Vec::new(), None);
    let mut wire = wire.to_vec();
    let mut rest = &mut wire[..];
    for size in sizes.iter().cycle() {
        let (piece, after) = rest.split_at_mut(rest.len().min(*size));
        rest = after;
        let fed = decoder.feed(piece, &mut |message| {
            told.push(Told::from(message));
            ControlFlow::Continue(())
        });
        assert!(fault.is_none() || fed.is_ok(), "a fault is told once");
        fault = fault.or(fed.err());
        assert!(fed.is_err() || fed == Ok(piece.len()));
        assert!(decoder.kept.capacity() <= max + MAX_CONTROL);
        assert!(decoder.kept.capacity() == 0 || !decoder.is_idle());
        assert_eq!(decoder.is_done(), fault.is_some() || matches!(told.last(), Some(Told::Close(..))));
        if rest.is_empty() {
            return (told, fault);
        }
    }
    unreachable!()
}

/// The bytes of these messages, and the order in which they are complete.
fn encode(sent: &[Sent]) -> (Vec<u8>, Vec<Told>) {
    let (mut wire, mut told) = (Vec::new(), Vec::new());
    for Sent { message, cuts, between, key } in sent {
        let (mut opcode, payload) = parts(message);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).chain([0, payload.len()]).collect();
        cuts.sort_unstable();
        let fragments = cuts.len() - 1;
        for (i, cut) in cuts.windows(2).enumerate() {
            let last = i + 1 == fragments;
            wire.extend(frame(if last { 0x80 } else { 0 } | opcode, *key, &payload[cut[0]..cut[1]]));
            opcode = 0;
            if last {
                told.push(message.clone());
            }
            if let Some(Some(control)) = between.get(i) {
                let (opcode, payload) = parts(control);
                wire.extend(frame(0x80 | opcode, *key, payload));
                told.push(control.clone());
            }
        }
    }
    (wire, told)
}

fn parts(message: &Told) -> (u8, &[u8]) {
    match message {
        Told::Text(text) => (1, text.as_bytes()),
        Told::Binary(bytes) => (2, bytes),
        Told::Ping(payload) => (9, payload),
        Told::Pong(payload) => (10, payload),
        Told::Close(..) => unreachable!("tests write closes themselves"),
    }
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..=max);
    let data = prop_oneof![".{0,60}".prop_map(Told::Text), bytes(300).prop_map(Told::Binary)];
    let control = prop_oneof![bytes(125).prop_map(Told::Ping), bytes(125).prop_map(Told::Pong)];
    let between = prop::collection::vec(prop::option::of(control), 0..5);
    let one = (data, prop::collection::vec(any::<Index>(), 0..5), between, any::<[u8; 4]>());
    prop::collection::vec(one.prop_map(|(message, cuts, between, key)| Sent { message, cuts, between, key }), 0..8)
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1..20_usize, 1..400_usize], 1..10)
}

/// Frames with everything a client may get wrong, now and then.
fn almost_right() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![30 => prop::sample::select(vec![0x01, 0x02, 0x00, 0x80, 0x81, 0x82, 0x89, 0x8a]), 1 => any::<u8>()];
    let text = prop_oneof![4 => "[ -~é€𝄞]{0,80}".prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..200)];
    let slip = prop::option::weighted(0.1, (0..6_usize, any::<u8>()));
    let one = (first, text, slip, any::<[u8; 4]>()).prop_map(|(first, payload, slip, key)| {
        let mut wire = frame(first, key, &payload);
        if let Some((at, byte)) = slip {
            wire[at] = byte;
        }
        wire
    });
    prop::collection::vec(one, 0..12).prop_map(|frames| frames.concat())
}
