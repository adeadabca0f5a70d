//! Bots that think: one for a while, one for ever, one that talks nonsense, one that stumbles.

use parlour::Model;
use std::thread::sleep;
use std::time::Duration;

/// What one of them does.
pub(crate) enum Mind {
    /// Thinks for so many milliseconds, and takes the first action.
    Slow(u64),
    /// Says what is no action.
    Confused,
    /// Panics.
    Stumbling,
}

impl Model for Mind {
    fn choose(&self, view: &str, legal: &[String]) -> Result<String, String> {
        assert!(view.starts_with('{'), "a view is an object");
        match self {
            Mind::Slow(ms) => sleep(Duration::from_millis(*ms)),
            Mind::Confused => return Ok(r#"{"type":"win"}"#.to_owned()),
            Mind::Stumbling => panic!("planted: a model stumbles"),
        }
        legal.first().cloned().ok_or_else(|| "nothing is legal".to_owned())
    }
}
