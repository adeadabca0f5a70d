//! Who somebody is: tokens (JWT) with `sub` and `exp`, the keys they are checked with, and the secret that a server makes for
//! itself.

mod jwk;
mod keys;
mod refresh;
mod revocations;
mod verifier;

pub use jsonwebtoken::Algorithm;
pub use keys::{Key, KeyError, Secret};
pub use refresh::Source;
pub(crate) use revocations::{Revocations, now_s};
pub use verifier::{Trust, Verifier};

use jsonwebtoken::Header;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The file in the data folder that holds the secret a server made for itself.
pub const KEY_FILE: &str = "auth.key";

/// What a token says, as far as it says who somebody is. The library looks at the rest: `iss` and `aud`, one or several, if they
/// are configured.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Whole seconds since 1970; others may say parts of them (RFC 7519 §2).
fn whole_seconds(number: &Number) -> u64 {
    number.as_u64().unwrap_or_else(|| number.as_f64().map_or(0, |seconds| seconds as u64))
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

/// Makes a token, with a name of its own (`jti`) and when it was made (`iat`).
pub fn mint(secret: &Secret, mint: Mint<'_>) -> Result<String, jsonwebtoken::errors::Error> {
    install_crypto();
    let own = |text: Option<&str>| text.map(str::to_owned);
    let Mint { sub, role, name, issuer, audience, exp } = mint;
    let id: String = entropy()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let who = Claims {
        sub: sub.to_owned(),
        exp: exp.into(),
        iat: Some(now_s().into()),
        jti: Some(id),
        role: own(role),
        name: own(name),
    };
    let claims = Minted { who, iss: issuer, aud: audience };
    jsonwebtoken::encode(&Header::new(secret.algorithm()), &claims, &secret.signs())
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
mod tests;
