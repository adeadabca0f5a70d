//! Who somebody is: HS256 tokens with `sub` and `exp`, and the secret they are signed with.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parlour_engine::code::Code;
use parlour_engine::io::{Identity, Role};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The file in the data folder that holds the secret a server made for itself.
pub const KEY_FILE: &str = "auth.key";
/// A secret shorter than this is refused: RFC 7518 §3.2 wants a key as long as the hash.
pub const SECRET_BYTES_MIN: usize = 32;
/// Clocks of token makers may be ahead or behind by this much, in seconds.
const LEEWAY_S: u64 = 5;

/// What a token says, as far as it says who somebody is. The library looks at the rest: `iss` and `aud`, one or several, if they
/// are configured.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// What a token made here says.
#[derive(Serialize)]
struct Minted<'a> {
    #[serde(flatten)]
    who: Claims,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

/// Looks at tokens.
#[derive(Clone)]
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// For tokens signed with this secret; `iss` and `aud` are looked at only if they are given here.
    pub fn new(secret: &[u8], issuer: Option<&str>, audience: Option<&str>) -> Self {
        install_crypto();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_S;
        // What is configured must be there: the library lets a token pass that names no issuer at all.
        let configured =
            [("iss", issuer), ("aud", audience)].into_iter().filter(|(_, wanted)| wanted.is_some()).map(|(claim, _)| claim);
        validation.set_required_spec_claims(&["exp", "sub"].into_iter().chain(configured).collect::<Vec<_>>());
        validation.validate_nbf = true;
        validation.validate_aud = audience.is_some();
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
        }
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
        }
        Self { key: DecodingKey::from_secret(secret), validation }
    }

    /// Who brings this token.
    pub fn verify(&self, token: &str) -> Result<Identity, Code> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Code::TokenExpired,
            _ => Code::AuthenticationFailed,
        })?;
        let Claims { sub, exp, role, name, .. } = claims.claims;
        let role = match role.as_deref() {
            None | Some("player") => Role::Player,
            Some("admin") => Role::Admin,
            Some("spectator") => Role::Spectator,
            Some(_) => return Err(Code::AuthenticationFailed),
        };
        let name = name.unwrap_or_else(|| sub.clone());
        Ok(Identity { user: sub, name, role, expires_ms: Some(exp.saturating_mul(1000)) })
    }
}

/// Who a token says it belongs to, believed by nobody: good for deciding where it is looked at.
pub(crate) fn claimed_user(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    jsonwebtoken::dangerous::insecure_decode::<Claimed>(token).ok().map(|claimed| claimed.claims.sub)
}

/// What a token is to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mint<'a> {
    /// Who it is for.
    pub sub: &'a str,
    /// `player`, `spectator` or `admin`; `player` if there is none.
    pub role: Option<&'a str>,
    /// What others may call them.
    pub name: Option<&'a str>,
    /// Who makes it, where the server asks for that.
    pub issuer: Option<&'a str>,
    /// For which server it is, where the server asks for that.
    pub audience: Option<&'a str>,
    /// Until when it is valid, seconds since 1970.
    pub exp: u64,
}

/// Makes a token.
pub fn mint(secret: &[u8], mint: Mint<'_>) -> Result<String, jsonwebtoken::errors::Error> {
    install_crypto();
    let own = |text: Option<&str>| text.map(str::to_owned);
    let Mint { sub, role, name, issuer, audience, exp } = mint;
    let who = Claims { sub: sub.to_owned(), exp, role: own(role), name: own(name) };
    let claims = Minted { who, iss: issuer, aud: audience };
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))
}

/// The secret in the data folder; the text of the file without line ends is the key. `None` if there is none.
pub fn read_secret(data: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read_to_string(data.join(KEY_FILE)) {
        Ok(text) => Ok(Some(text.trim_end().as_bytes().to_vec())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a secret in the data folder that only its owner can read, unless there is one. Says whether it made one.
pub fn make_secret(data: &Path) -> io::Result<(Vec<u8>, bool)> {
    if let Some(secret) = read_secret(data)? {
        return Ok((secret, false));
    }
    private_folder(data)?;
    let text: String = entropy().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(data.join(KEY_FILE))?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    Ok((text.into_bytes(), true))
}

/// Makes the data folder, if it is not there, for its owner alone: the journal in it holds what players hide from each other.
pub fn private_folder(data: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data)
}

/// 32 bytes that nobody can guess.
///
/// # Panics
/// If the system has no source of randomness: nothing here could be safe then.
pub fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has a source of randomness");
    bytes
}

/// The library panics at its first use unless exactly one provider is chosen: this one is.
fn install_crypto() {
    // An error says that it was installed before, which is as well.
    let _ = jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER.install_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const FAR: u64 = 4_000_000_000;

    #[test]
    fn a_minted_token_says_who_and_until_when() {
        let token =
            mint(SECRET, Mint { sub: "ada", role: Some("admin"), name: Some("Ada"), exp: FAR, ..Mint::default() }).unwrap();
        let who = Verifier::new(SECRET, None, None).verify(&token).unwrap();
        assert_eq!((who.user.as_str(), who.name.as_str(), who.role), ("ada", "Ada", Role::Admin));
        assert_eq!(who.expires_ms, Some(FAR * 1000));
    }

    #[test]
    fn a_token_that_is_not_ours_is_refused_and_an_old_one_is_called_old() {
        let verifier = Verifier::new(SECRET, None, None);
        let old = mint(SECRET, Mint { sub: "ada", role: None, name: None, exp: 1_000_000_000, ..Mint::default() }).unwrap();
        assert_eq!(verifier.verify(&old), Err(Code::TokenExpired));
        let others =
            mint(b"another secret, as long as ours is", Mint { sub: "ada", role: None, name: None, exp: FAR, ..Mint::default() })
                .unwrap();
        let role = mint(SECRET, Mint { sub: "ada", role: Some("emperor"), name: None, exp: FAR, ..Mint::default() }).unwrap();
        // alg none: {"alg":"none","typ":"JWT"} . {"sub":"ada","exp":4000000000} .
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZGEiLCJleHAiOjQwMDAwMDAwMDB9.";
        for bad in [others.as_str(), role.as_str(), unsigned, "", "a.b.c"] {
            assert_eq!(verifier.verify(bad), Err(Code::AuthenticationFailed), "{bad}");
        }
    }

    #[test]
    fn issuer_and_audience_matter_only_when_configured() {
        let token = mint(SECRET, Mint { sub: "ada", role: None, name: None, exp: FAR, ..Mint::default() }).unwrap();
        assert!(Verifier::new(SECRET, None, None).verify(&token).is_ok());
        assert_eq!(Verifier::new(SECRET, Some("me"), None).verify(&token), Err(Code::AuthenticationFailed));
        assert_eq!(Verifier::new(SECRET, None, Some("me")).verify(&token), Err(Code::AuthenticationFailed));
        let whole = Mint { sub: "ada", issuer: Some("me"), audience: Some("here"), exp: FAR, ..Mint::default() };
        let token = mint(SECRET, whole).unwrap();
        assert!(Verifier::new(SECRET, Some("me"), Some("here")).verify(&token).is_ok());
    }
}
