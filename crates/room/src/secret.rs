//! A value that can be kept but never sent.

use serde::{Deserialize, Serialize};

/// Kept but never sent: it has no schema, so it is not [`Wire`](crate::Wire), so no `View` or `Event` can hold one.
/// Its `Debug` prints nothing of it.
///
/// ```compile_fail
/// use parlour_room::{Secret, Wire};
/// #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// struct View { deck: Secret<Vec<u8>> } // error: `Secret<Vec<u8>>: JsonSchema` is not satisfied
/// fn wire<T: Wire>() {}
/// wire::<View>();
/// ```
///
/// The same struct without the secret compiles:
///
/// ```
/// use parlour_room::{Secret, Wire};
/// #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// struct View { deck_len: u32 }
/// fn wire<T: Wire>() {}
/// wire::<View>();
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Looks at it. Each call is a place where a secret could get out: keep them few.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// Changes it.
    pub fn reveal_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// Takes it out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
