//! `bytes -> framing` and `.. <- framing`: Socket.IO version 5, the server's side: events in namespaces, with acks, over the
//! messages of [`engineio`](super::engineio).
//!
//! On the message's way it stands after `engineio` and before the dialect, which knows what an event's name means. A [`Peer`] is
//! one client:
//!
//! - a text goes to [`Peer::text`] and bytes go to [`Peer::binary`], which answer what they complete;
//! - a [`Packet::Connect`] is answered by [`Peer::accept`] or [`Peer::refuse`], at once or when it is known who that is;
//! - an event with an `id` asks for an ack of that id, exactly one: [`write_ack`];
//! - what is sent is written by the `write_*` functions as the text of an Engine.IO message, to namespaces that [are
//!   joined](Peer::has_joined);
//! - [`Peer::deadline`] is when a client that joined nothing has to go.
//!
//! Every [`Fault`] ends the connection: the protocol has no other answer to it.

mod assembly;
mod packet;
mod peer;
mod placeholder;
#[cfg(test)]
mod tests;

pub use assembly::{Assembled, Decoder};
pub use packet::{MAIN, Packet, write_ack, write_connect_error, write_connected, write_disconnect, write_event};
pub use peer::Peer;

/// Why a connection must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No packet begins so.
    UnknownType,
    /// The namespace's name is too long.
    Namespace,
    /// The ack's id is too large.
    AckId,
    /// The payload is not what a packet of its type has.
    Payload,
    /// Attachments are announced that cannot be, or more than may be, or one is named that was not announced.
    Attachments,
    /// Text came where attachments were to come.
    Interrupted,
    /// Bytes came where no attachment was to come.
    Unannounced,
    /// A packet is longer than it may be, with its attachments.
    TooBig,
    /// It asks to join what it has joined, or has asked to join.
    JoinedTwice,
    /// It asks to join more than it may.
    TooManyNamespaces,
    /// It speaks in a namespace that it has not joined.
    NotJoined,
    /// Only a server says that.
    NotForClients,
}
