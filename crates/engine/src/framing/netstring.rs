//! Netstrings (`5:hello,`): the framing of the dialect `laneya`, over TCP.
//!
//! **[`Decoder::feed`] takes bytes as they came, cut anywhere, and hands on each frame when its comma is there.** One that came
//! whole is lent where it lies; only what is incomplete is kept, as much as came and never more than the limit, whatever length
//! was claimed. After a fault nobody can say where the next frame begins: it is told once, and all that follows is dropped.

use std::ops::ControlFlow;

/// A length has at most so many digits.
const MAX_DIGITS: u8 = 9;

/// Why no further frame can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something else stands where a length should.
    NoLength,
    /// A length begins with 0 and goes on.
    LeadingZero,
    /// A frame says that it is longer than the limit.
    TooBig,
    /// A frame does not end with a comma.
    NoComma,
}

impl Fault {
    /// What is wrong.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoLength => "a frame begins with its length in bytes, 1 to 9 digits and a colon",
            Self::LeadingZero => "the length of a frame has no leading zero",
            Self::TooBig => "the frame is longer than the limit",
            Self::NoComma => "the frame does not end with a comma where its length says",
        }
    }
}

/// Who is handed the payload of each frame, and a fault.
type On<'a> = dyn FnMut(Result<&[u8], Fault>) -> ControlFlow<()> + 'a;

/// Cuts one connection's bytes into frames. It has nothing on the heap while no frame is incomplete.
#[derive(Debug)]
pub struct Decoder {
    max_frame: usize,
    kept: Vec<u8>,
    state: State,
    /// How many frames were whole.
    whole: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length {
        value: usize,
        digits: u8,
    },
    /// Its payload and the comma.
    Payload(usize),
    Done,
}

const BETWEEN_FRAMES: State = State::Length { value: 0, digits: 0 };

impl Decoder {
    /// A decoder that refuses frames with a payload of more than `max_frame` bytes.
    pub fn new(max_frame: usize) -> Self {
        Self { max_frame, kept: Vec::new(), state: BETWEEN_FRAMES, whole: 0 }
    }

    /// Takes bytes as they came and calls `on` for each payload that they complete, in order, and for a fault.
    ///
    /// Answers how many bytes were taken. That is all of them, unless `on` broke off: then it ends with the frame `on` was given,
    /// and the rest is to be offered again.
    pub fn feed(&mut self, bytes: &[u8], on: &mut On<'_>) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let broke_off = match self.state {
                State::Length { value, digits } => {
                    at += 1;
                    match self.length(value, digits, bytes[at - 1]) {
                        Ok(state) => {
                            self.state = state;
                            false
                        }
                        Err(fault) => self.fails(fault, on),
                    }
                }
                State::Payload(length) => {
                    let rest = &bytes[at..];
                    let taken = rest.len().min(length + 1 - self.kept.len());
                    at += taken;
                    self.payload(length, &rest[..taken], on)
                }
                State::Done => return bytes.len(),
            };
            if broke_off {
                break;
            }
        }
        at
    }

    /// Whether a frame has begun that is not whole, and which it is.
    pub fn begun(&self) -> Option<u64> {
        (!matches!(self.state, BETWEEN_FRAMES | State::Done)).then_some(self.whole)
    }

    fn length(&self, value: usize, digits: u8, byte: u8) -> Result<State, Fault> {
        match byte {
            b':' if digits > 0 => Ok(State::Payload(value)),
            b'0'..=b'9' if digits > 0 && value == 0 => Err(Fault::LeadingZero),
            b'0'..=b'9' if digits < MAX_DIGITS => match value * 10 + usize::from(byte - b'0') {
                value if value > self.max_frame => Err(Fault::TooBig),
                value => Ok(State::Length { value, digits: digits + 1 }),
            },
            _ => Err(Fault::NoLength),
        }
    }

    /// What came of the payload and its comma. Whether `on` broke off.
    fn payload(&mut self, length: usize, came: &[u8], on: &mut On<'_>) -> bool {
        if self.kept.len() + came.len() <= length {
            self.kept.extend_from_slice(came);
            return false;
        }
        if came.last() != Some(&b',') {
            return self.fails(Fault::NoComma, on);
        }
        (self.state, self.whole) = (BETWEEN_FRAMES, self.whole + 1);
        let came = &came[..came.len() - 1];
        if self.kept.is_empty() {
            return on(Ok(came)).is_break();
        }
        let mut kept = std::mem::take(&mut self.kept);
        kept.extend_from_slice(came);
        on(Ok(&kept)).is_break()
    }

    fn fails(&mut self, fault: Fault, on: &mut On<'_>) -> bool {
        (self.state, self.kept) = (State::Done, Vec::new());
        on(Err(fault)).is_break()
    }
}

/// Appends a frame.
pub fn write(out: &mut Vec<u8>, payload: &[u8]) {
    out.reserve(payload.len() + 12);
    out.extend_from_slice(payload.len().to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(payload);
    out.push(b',');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 1000;

    /// Everything that is handed on of bytes that come in pieces of these sizes, which are used in turn.
    fn fed(bytes: &[u8], sizes: &[usize]) -> (Vec<Vec<u8>>, Option<Fault>) {
        let (mut decoder, mut frames, mut fault, mut at) = (Decoder::new(LIMIT), Vec::new(), None, 0);
        for size in sizes.iter().cycle() {
            if at >= bytes.len() {
                break;
            }
            let piece = &bytes[at..(at + size).min(bytes.len())];
            let taken = decoder.feed(piece, &mut |came| {
                match came {
                    Ok(frame) => frames.push(frame.to_vec()),
                    Err(told) => assert_eq!(fault.replace(told), None, "told once"),
                }
                ControlFlow::Break(())
            });
            assert!(taken > 0 && decoder.kept.len() <= LIMIT && decoder.kept.capacity() <= 2 * LIMIT);
            at += taken;
        }
        (frames, fault)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_however_it_is_cut(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
            sizes in prop::collection::vec(1_usize..60, 1..10),
        ) {
            let mut bytes = Vec::new();
            frames.iter().for_each(|frame| write(&mut bytes, frame));
            prop_assert_eq!(fed(&bytes, &sizes), (frames, None));
        }

        #[test]
        fn any_bytes_are_read_the_same_however_they_are_cut(
            bytes in prop::collection::vec(prop_oneof![Just(b'0'), Just(b'1'), Just(b':'), Just(b','), any::<u8>()], 0..60),
            sizes in prop::collection::vec(1_usize..9, 1..9),
        ) {
            prop_assert_eq!(fed(&bytes, &sizes), fed(&bytes, &[usize::MAX / 2]));
        }
    }

    #[test]
    fn each_fault_is_told_after_the_frames_before_it() {
        for (bytes, fault) in [
            ("1:a,x", Fault::NoLength),
            ("1:a,:", Fault::NoLength),
            ("1:a,+1:b,", Fault::NoLength),
            ("1:a,-1:b,", Fault::NoLength),
            ("1:a, 1:b,", Fault::NoLength),
            ("1:a,1_0:", Fault::NoLength),
            ("1:a,01:b,", Fault::LeadingZero),
            ("1:a,00:,", Fault::LeadingZero),
            ("1:a,1:bc", Fault::NoComma),
            ("1:a,3:bc,1:d,", Fault::NoComma),
            ("1:a,1001:", Fault::TooBig),
            ("1:a,9999999999:", Fault::TooBig),
        ] {
            assert_eq!(fed(bytes.as_bytes(), &[1]), (vec![b"a".to_vec()], Some(fault)), "{bytes}");
        }
    }

    #[test]
    fn a_length_counts_bytes_and_may_be_0() {
        assert_eq!(fed("2:é,0:,".as_bytes(), &[100]), (vec!["é".as_bytes().to_vec(), Vec::new()], None));
        assert_eq!(fed("1:é,".as_bytes(), &[100]), (Vec::new(), Some(Fault::NoComma)));
    }

    #[test]
    fn it_is_known_which_frame_is_incomplete() {
        let mut decoder = Decoder::new(LIMIT);
        for (bytes, begun) in [("", None), ("2", Some(0)), (":a", Some(0)), ("b,", None), ("1:c,3:", Some(2)), ("x", Some(2))] {
            decoder.feed(bytes.as_bytes(), &mut |_| ControlFlow::Continue(()));
            assert_eq!(decoder.begun(), begun, "{bytes}");
        }
    }
}
