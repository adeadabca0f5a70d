//! `bytes -> framing`: messages become packets, those with attachments when the last one is there.

use super::{Fault, Packet};

/// Makes packets of messages.
#[derive(Debug)]
pub struct Decoder {
    max_bytes: usize,
    /// A packet some of whose attachments are still to come.
    open: Option<Box<Open>>,
}

#[derive(Debug)]
struct Open {
    packet: Assembled,
    missing: usize,
    bytes: usize,
}

/// A packet with attachments, all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    text: String,
    attachments: Vec<Vec<u8>>,
}

impl Assembled {
    /// The packet.
    pub fn packet(&self) -> Packet<'_> {
        let (packet, _) = Packet::read(&self.text).expect("it was read when it came");
        packet.with(&self.attachments)
    }
}

impl Decoder {
    /// A decoder that refuses packets of more bytes than this, attachments and all.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, open: None }
    }

    /// Takes a text; answers its packet, unless that has attachments.
    pub fn text<'a>(&mut self, text: &'a str) -> Result<Option<Packet<'a>>, Fault> {
        if self.open.is_some() {
            return Err(Fault::Interrupted);
        }
        if text.len() > self.max_bytes {
            return Err(Fault::TooBig);
        }
        let (packet, missing) = Packet::read(text)?;
        if missing == 0 {
            return Ok(Some(packet));
        }
        let packet = Assembled { text: text.to_owned(), attachments: Vec::with_capacity(missing) };
        self.open = Some(Box::new(Open { packet, missing, bytes: text.len() }));
        Ok(None)
    }

    /// Takes an attachment; answers its packet, if it was the last one.
    pub fn binary(&mut self, bytes: &[u8]) -> Result<Option<Assembled>, Fault> {
        let open = self.open.as_mut().ok_or(Fault::Unannounced)?;
        open.bytes = open.bytes.saturating_add(bytes.len());
        if open.bytes > self.max_bytes {
            return Err(Fault::TooBig);
        }
        open.packet.attachments.push(bytes.to_vec());
        open.missing -= 1;
        let is_whole = |open: &mut Box<Open>| open.missing == 0;
        Ok(self.open.take_if(is_whole).map(|open| open.packet))
    }
}
