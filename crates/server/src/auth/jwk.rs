//! Sets of public keys in JSON (RFC 7517), as those who make tokens publish them.

use super::keys::{Key, KeyError, check_rsa};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// The fields of a public key. Others are passed over; a secret (`oct`) has none of these.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

pub(super) fn read_set(text: &[u8], rsa: Algorithm, most: usize) -> Result<Vec<Key>, KeyError> {
    let set: Set = serde_json::from_slice(text).map_err(|_| KeyError("is no set of keys: {\"keys\": [...]}".to_owned()))?;
    if set.keys.len() > most {
        return Err(KeyError(format!("has {} keys, and limits.jwks_keys allows {most}", set.keys.len())));
    }
    let mut keys: Vec<Key> = Vec::new();
    for key in set.keys.into_iter().filter_map(|value| serde_json::from_value::<Jwk>(value).ok()?.read(rsa)) {
        // Two keys that cannot be told apart: the first counts.
        if !keys.iter().any(|other| other.name == key.name && other.algorithm == key.algorithm) {
            keys.push(key);
        }
    }
    Ok(keys)
}

impl Jwk {
    /// The key, if signatures can be checked with it here.
    fn read(self, rsa: Algorithm) -> Option<Key> {
        let is_for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !is_for_signatures {
            return None;
        }
        let named = self.alg.as_deref().map(str::parse::<Algorithm>).transpose().ok()?;
        let (algorithm, bytes) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let (n, algorithm) = (self.n.as_deref()?, named.unwrap_or(rsa));
                // Of a text in base64 three bytes in four are kept; the library has no other way to tell.
                check_rsa(n.trim_end_matches('=').len() * 3 / 4, algorithm).ok()?;
                (algorithm, DecodingKey::from_rsa_components(n, self.e.as_deref()?).ok()?)
            }
            ("EC", Some("P-256")) => (Algorithm::ES256, self.point(32)?),
            ("EC", Some("P-384")) => (Algorithm::ES384, self.point(48)?),
            ("OKP", Some("Ed25519")) => {
                let x = self.x.as_deref().filter(|x| is_number(x, 32))?;
                (Algorithm::EdDSA, DecodingKey::from_ed_components(x).ok()?)
            }
            _ => return None,
        };
        named.is_none_or(|named| named == algorithm).then_some(Key { name: self.kid, algorithm, bytes })
    }

    fn point(&self, number: usize) -> Option<DecodingKey> {
        let x = self.x.as_deref().filter(|x| is_number(x, number))?;
        let y = self.y.as_deref().filter(|y| is_number(y, number))?;
        DecodingKey::from_ec_components(x, y).ok()
    }
}

/// A number of so many bytes in base64 without padding.
fn is_number(text: &str, bytes: usize) -> bool {
    text.len() == (bytes * 8).div_ceil(6)
}
