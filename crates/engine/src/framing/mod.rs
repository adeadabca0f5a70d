//! `bytes -> framing -> ..` and `.. <- framing <- ..`: cutting messages out of a connection's bytes, whatever they mean.

pub mod base64;
pub mod engineio;
pub(crate) mod framed;
pub mod handshake;
pub mod netstring;
pub mod origin;
pub mod socketio;
pub mod websocket;
