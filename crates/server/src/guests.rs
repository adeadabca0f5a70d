//! Who somebody is without a token, where that is allowed: a guest with a name of their own, who can come back as the same one.

use crate::auth::{self, Mint, Secret, Trust, entropy};
use parlour_engine::forward::{Place, home};
use parlour_engine::io::{Identity, Role};
use parlour_room::{Dice, GUEST, Hash64, Seed};

/// How long a guest's token is valid, in seconds.
const GUEST_S: u64 = 24 * 60 * 60;

/// Makes guests.
pub(crate) struct Guests {
    secret: Option<Secret>,
    issuer: Option<String>,
    audience: Option<String>,
    luck: Dice,
    place: Place,
}

impl Guests {
    /// Their tokens are signed with this, and say this.
    pub(crate) fn new(place: Place, trust: &Trust) -> Self {
        let Trust { secret, issuer, audience, .. } = trust.clone();
        Self { secret, issuer, audience, luck: Dice::from_seed(Seed::new(entropy())), place }
    }

    /// A new guest, whose home is this shard, and the token that brings them back to their seats.
    pub(crate) fn welcome(&mut self, wall_ms: u64) -> (Identity, Option<String>) {
        let mut name = || format!("{GUEST}-{}", Hash64(self.luck.bits()).short(10));
        let mut user = name();
        while home(&user, self.place.shards) != self.place.shard {
            user = name();
        }
        let (issuer, audience) = (self.issuer.as_deref(), self.audience.as_deref());
        let mint = Mint { sub: &user, issuer, audience, exp: wall_ms / 1000 + GUEST_S, ..Mint::default() };
        let token = self.secret.as_ref().and_then(|secret| auth::mint(secret, mint).ok());
        (Identity::lasting(&user, Role::Player), token)
    }
}
