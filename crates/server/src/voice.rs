//! Words for the operator. Whoever read them may have gone away: that ends nothing here.

use std::io::Write;

/// Says something on stderr, if anybody listens.
pub fn tell(words: &str) {
    // A server whose log nobody reads any more still serves.
    let _ = writeln!(std::io::stderr(), "parlour: {words}");
}
