//! `bytes -> framing` and `.. <- framing`: Engine.IO version 4, the server's side: messages over a WebSocket or over HTTP
//! requests, and the way from the second to the first.
//!
//! On the message's way it stands after [`websocket`](super::websocket), or after the body of a request, and before
//! [`socketio`](super::socketio). [`Request::judge`] says what a request is for. One [`Session`] is one client, over whatever it
//! comes; it knows no socket and no clock:
//!
//! - **WebSocket:** each text or binary message goes to [`Session::hear`], which answers what it says, if anything. What the
//!   session sends is appended as frames to the bytes that its caller writes to that connection.
//! - **Polling:** a request becomes [`Session::poll`], or [`Session::post_begins`] and [`Session::post`]; what a body said is
//!   taken out by [`Session::take`], one message after another, and the client is answered when the last was taken. So whoever
//!   takes slowly slows that client down. What is sent waits for the next poll; after a turn [`Session::flush`] hands it to one
//!   that waits.
//! - **Upgrade:** a second connection, with the same session id, is its probe until it says that it takes over.
//!
//! After every call: do what [`Session::next_output`] says until it says nothing, and look whether the session [is
//! over](Session::end). Call [`Session::time`] at [`Session::deadline`].

mod answer;
mod packet;
mod request;
mod session;

pub use answer::{Answer, Refusal};
pub use packet::{Junk, Packet, SEPARATOR};
pub use request::{Asked, Request};
pub use session::{End, Message, Output, Session, Terms};
