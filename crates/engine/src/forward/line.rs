//! One shard's end of the line to another: everything said arrives once and in order, over a way that may lose, double and
//! reorder. What was not heard in time is said again, all of it (go-back-N, as in Tanenbaum, "Computer Networks", 3.4.2): in one
//! process nothing is ever lost, so saying again is rare and may be plain.

use super::{Body, Packet};
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(crate) struct Line {
    /// What was said and not heard yet, oldest first.
    unheard: VecDeque<Arc<Body>>,
    /// The number of the first of them.
    first: u64,
    /// Their weight.
    bytes: usize,
    /// When they are said again.
    again_at: Option<u64>,
    /// Everything up to here was heard from the other side.
    heard: u64,
    /// The other side does not know yet that it was heard.
    owes_word: bool,
    /// Packets that are to leave.
    out: Vec<Packet>,
}

impl Line {
    /// Says something, whatever its weight: who says it asks [`bytes`](Self::bytes) first.
    pub(crate) fn say(&mut self, body: Body, now_ms: u64, patience_ms: u64) {
        if self.unheard.is_empty() {
            self.first = self.first.max(1);
            self.again_at = Some(now_ms.saturating_add(patience_ms));
        }
        let body = Arc::new(body);
        self.bytes += body.weight();
        let number = self.first + u64::try_from(self.unheard.len()).expect("a length fits 64 bits");
        self.unheard.push_back(body.clone());
        self.out.push(Packet { number, heard: 0, body: Some(body) });
    }

    /// The weight of what was said and not heard yet.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes in a packet; what it says, if that is what comes next.
    pub(crate) fn hear(&mut self, packet: &Packet, now_ms: u64, patience_ms: u64) -> Option<Arc<Body>> {
        let mut is_news = false;
        // Nothing was said that could have been heard beyond what is unheard.
        while self.first > 0 && packet.heard >= self.first {
            let Some(body) = self.unheard.pop_front() else { break };
            self.bytes -= body.weight();
            self.first += 1;
            is_news = true;
        }
        if self.unheard.is_empty() {
            self.again_at = None;
        } else if is_news {
            self.again_at = Some(now_ms.saturating_add(patience_ms));
        }
        let body = packet.body.clone()?;
        self.owes_word = true;
        if packet.number != self.heard + 1 {
            return None;
        }
        self.heard = packet.number;
        Some(body)
    }

    /// When it must be looked at again.
    pub(crate) fn due_ms(&self) -> Option<u64> {
        self.again_at
    }

    /// Says everything unheard again, if it is time.
    pub(crate) fn is_due(&mut self, now_ms: u64, patience_ms: u64) {
        if self.again_at.is_none_or(|at| at > now_ms) {
            return;
        }
        self.again_at = Some(now_ms.saturating_add(patience_ms));
        self.out.clear();
        for (number, body) in (self.first..).zip(&self.unheard) {
            self.out.push(Packet { number, heard: 0, body: Some(body.clone()) });
        }
    }

    /// What is to leave now, each with the word for what was heard.
    pub(crate) fn leaves(&mut self) -> impl Iterator<Item = Packet> + use<> {
        if self.out.is_empty() && self.owes_word {
            self.out.push(Packet { number: 0, heard: 0, body: None });
        }
        self.owes_word = false;
        let heard = self.heard;
        std::mem::take(&mut self.out).into_iter().map(move |packet| Packet { heard, ..packet })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::ConnId;
    use proptest::prelude::*;

    /// What the way does to each packet: 0 loses it, 1 lets it pass, 2 doubles it, 3 lets it be overtaken.
    fn fates() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(0u8..4, 1..400)
    }

    proptest! {
        #[test]
        fn everything_arrives_once_and_in_order_whatever_the_way_does(fates in fates(), count in 1u64..60) {
            let (mut here, mut there) = (Line::default(), Line::default());
            let mut arrived = Vec::new();
            let mut fates = fates.into_iter();
            let (mut said, mut now_ms) = (0, 0);
            while u64::try_from(arrived.len()).unwrap() < count || here.bytes() > 0 {
                now_ms += 10;
                prop_assert!(now_ms < 1_000_000, "it never comes to rest");
                if said < count {
                    said += 1;
                    here.say(Body::Gone(ConnId(said)), now_ms, 50);
                }
                here.is_due(now_ms, 50);
                there.is_due(now_ms, 50);
                for packet in passes(here.leaves().collect(), &mut fates) {
                    if let Some(body) = there.hear(&packet, now_ms, 50) {
                        let Body::Gone(ConnId(number)) = &*body else { unreachable!() };
                        arrived.push(*number);
                    }
                }
                for packet in passes(there.leaves().collect(), &mut fates) {
                    prop_assert!(here.hear(&packet, now_ms, 50).is_none());
                }
            }
            prop_assert_eq!(arrived, (1..=count).collect::<Vec<_>>());
            prop_assert_eq!(here.due_ms(), None, "nothing is said again once all is heard");
        }
    }

    fn passes(packets: Vec<Packet>, fates: &mut impl Iterator<Item = u8>) -> Vec<Packet> {
        let mut out: Vec<Packet> = Vec::new();
        for packet in packets {
            match fates.next().unwrap_or(1) {
                0 => {}
                2 => out.extend([packet.clone(), packet]),
                3 => out.insert(out.len().saturating_sub(1), packet),
                _ => out.push(packet),
            }
        }
        out
    }
}
