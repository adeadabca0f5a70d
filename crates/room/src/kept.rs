//! What the attribute [`kept`](macro@crate::kept) writes begins here, so that an author's crate needs no serde of its own.

#[doc(hidden)]
pub use serde;
