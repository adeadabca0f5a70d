//! `bytes -> framing -> ..` and `.. <- framing <- ..`: cutting messages out of a connection's bytes, whatever they mean.

pub mod handshake;
pub mod websocket;
