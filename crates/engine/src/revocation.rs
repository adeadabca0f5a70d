//! Tokens that count no more, although nothing is wrong with them.

use crate::io::Identity;

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The token with this `jti`.
    Token(String),
    /// All tokens of a user that were made before this time, in seconds since 1970, and those that do not say when (`iat`).
    User {
        /// Whose.
        user: String,
        /// The first second whose tokens count again.
        not_before_s: u64,
    },
}

impl Revocation {
    /// Whether it takes this one's token back.
    pub fn covers(&self, who: &Identity) -> bool {
        match self {
            Revocation::Token(id) => who.token_id.as_ref() == Some(id),
            Revocation::User { user, not_before_s } => {
                *user == who.user && who.issued_s.is_none_or(|issued_s| issued_s < *not_before_s)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::Role;

    #[test]
    fn a_user_is_covered_up_to_a_second_and_a_token_by_its_own_id() {
        let ada = |issued_s, token_id: Option<&str>| Identity {
            issued_s,
            token_id: token_id.map(str::to_owned),
            ..Identity::lasting("ada", Role::Player)
        };
        let user = |user: &str| Revocation::User { user: user.to_owned(), not_before_s: 100 };
        for (issued_s, is_covered) in [(None, true), (Some(99), true), (Some(100), false), (Some(u64::MAX), false)] {
            assert_eq!(user("ada").covers(&ada(issued_s, Some("t"))), is_covered, "{issued_s:?}");
            assert!(!user("bob").covers(&ada(issued_s, None)));
        }
        let token = Revocation::Token("t".to_owned());
        assert!(token.covers(&ada(None, Some("t"))));
        assert!(!token.covers(&ada(None, Some("u"))) && !token.covers(&ada(None, None)));
    }
}
