//! `.. <- framing`: what waits for a poll.

use crate::framing::engineio::packet::SEPARATOR;
use crate::limits::POLL_PACKETS;

/// Packets as one payload, of which each poll takes a part: some clients give up on an answer with too many in it.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    bytes: Vec<u8>,
    /// How much of it was taken.
    start: usize,
}

impl Unsent {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the next packet is to be written, with a separator before it if anything waits.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The next packets, no more than one answer may have.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let rest = &self.bytes[self.start..];
        let mut separators = (0..).zip(rest).filter(|(_, byte)| **byte == SEPARATOR as u8);
        let Some((len, _)): Option<(usize, _)> = separators.nth(POLL_PACKETS - 1) else { return self.take_all() };
        let taken = rest[..len].to_vec();
        self.start += len + 1;
        // What was taken is moved away when it is more than what is left: so each byte is moved once or twice at most.
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        taken
    }

    /// Everything.
    pub(super) fn take_all(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.drain(..std::mem::take(&mut self.start));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::engineio::packet::write_text_polled;

    #[test]
    fn whatever_waits_is_taken_in_order_and_never_too_much_at_a_time() {
        let mut unsent = Unsent::default();
        let (mut written, mut taken) = (0, Vec::new());
        for burst in [1, 15, 16, 17, 0, 33, 200, 0, 0, 1] {
            for _ in 0..burst {
                write_text_polled(unsent.end(), b'4', written.to_string().as_bytes());
                written += 1;
            }
            for _ in 0..3 {
                let payload = String::from_utf8(unsent.take()).expect("text");
                let packets: Vec<u32> =
                    payload.split(SEPARATOR).filter_map(|packet| packet.strip_prefix('4')?.parse().ok()).collect();
                assert!(packets.len() <= POLL_PACKETS);
                assert!(packets.len() == POLL_PACKETS || unsent.is_empty());
                taken.extend(packets);
            }
        }
        let left = String::from_utf8(unsent.take_all()).expect("text");
        taken.extend(left.split(SEPARATOR).filter_map(|packet| packet.strip_prefix('4')?.parse::<u32>().ok()));
        assert_eq!(taken, (0..written).collect::<Vec<_>>());
        assert!(unsent.is_empty() && unsent.bytes.is_empty());
    }
}
