//! What the attribute [`wire`](macro@crate::wire) writes begins here, so that an author's crate needs no serde and no schemars of
//! its own.
//!
//! ```
//! use parlour_room::{Seat, wire};
//! #[wire(action)]
//! enum Action { Pass, Play { card: u32 } }
//!
//! let read = |text| serde_json::from_str::<Action>(text);
//! assert_eq!(read(r#"{"type":"play","card":3}"#).unwrap(), Action::Play { card: 3 });
//! assert_eq!(serde_json::to_string(&Action::Pass).unwrap(), r#"{"type":"pass"}"#);
//! assert!(read(r#"{"type":"play","card":3,"secretly":true}"#).is_err());
//! assert!(read(r#"{"type":"pass","card":3}"#).is_err());
//!
//! #[wire(refusal)]
//! enum Refusal {
//!     /// It is the turn of seat {seat}.
//!     NotYourTurn { seat: Seat },
//! }
//! assert_eq!(Refusal::NotYourTurn { seat: Seat(2) }.to_string(), "It is the turn of seat 2.");
//! ```
//!
//! What cannot work does not compile, and says what to write instead:
//!
//! ```compile_fail
//! #[parlour_room::wire(action)]
//! struct Action { card: u32 } // error: actions, events, pulses and refusals are enums
//! ```
//! ```compile_fail
//! #[parlour_room::wire(action)]
//! enum Action { Play(u32) } // error: the fields of a message have names
//! ```
//! ```compile_fail
//! #[parlour_room::wire]
//! struct View { share: f64 } // error: `f64` differs between machines
//! ```
//! ```compile_fail
//! #[parlour_room::wire(refusal)]
//! enum Refusal { Full } // error: say in a doc comment why it is refused
//! ```
//! ```compile_fail
//! #[parlour_room::wire(reply)] // error: write `#[wire]`, or what it is for
//! enum Reply { Yes }
//! ```

#[doc(hidden)]
pub use schemars;
#[doc(hidden)]
pub use serde;

/// Reads what stands beside the tag of a variant without fields: nothing may.
#[doc(hidden)]
pub fn nothing_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    use serde::Deserialize;
    crate::room::Empty::deserialize(deserializer).map(|_| ())
}
