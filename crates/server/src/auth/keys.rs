//! Keys that tokens are checked with. Each admits one algorithm, its own: what a token says of itself can only fail to match it.

use super::jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use pkcs1::RsaPublicKey;
use spki::der::Decode;
use spki::{Document, ObjectIdentifier, SubjectPublicKeyInfoRef};
use std::fmt;
use std::ops::RangeInclusive;

/// Bytes of an RSA modulus: fewer are too weak (RFC 7518 §3.3), more are work for nothing.
const RSA_BYTES: RangeInclusive<usize> = 256..=512;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// How one gets a good secret, long enough for each algorithm.
const HOW: &str = "`openssl rand -hex 32` makes a good one";
/// How text begins that holds a key of the other sort.
const PEM: &[u8] = b"-----BEGIN";

/// Why something cannot be a key, for whoever configured it. Never says what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError(pub(super) String);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

/// A secret and the one algorithm that tokens are signed with by it.
#[derive(Clone)]
pub struct Secret {
    bytes: Vec<u8>,
    algorithm: Algorithm,
}

impl Secret {
    /// The algorithms of secrets.
    pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

    /// A secret of at least so many bytes as the algorithm's hash has, as RFC 7518 §3.2 wants.
    pub fn new(bytes: Vec<u8>, algorithm: Algorithm) -> Result<Self, KeyError> {
        let least = match algorithm {
            Algorithm::HS256 => 32,
            Algorithm::HS384 => 48,
            Algorithm::HS512 => 64,
            _ => return Err(KeyError(format!("{algorithm:?} is no algorithm of secrets"))),
        };
        // Everybody has a public key: tokens signed with it as with a secret would be anybody's.
        if bytes.trim_ascii_start().starts_with(PEM) {
            return Err(KeyError("is a key in PEM, not a secret: public keys go into auth.jwt.public_key_file".to_owned()));
        }
        if bytes.len() < least {
            let why = format!("has {} bytes, and {algorithm:?} needs at least {least}: {HOW}", bytes.len());
            return Err(KeyError(why));
        }
        Ok(Self { bytes, algorithm })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn signs(&self) -> EncodingKey {
        EncodingKey::from_secret(&self.bytes)
    }

    pub(super) fn key(&self) -> Key {
        Key { name: None, algorithm: self.algorithm, bytes: DecodingKey::from_secret(&self.bytes) }
    }
}

/// What signatures are checked with.
#[derive(Clone, Debug)]
pub struct Key {
    /// The `kid` by which tokens name it, if it has one.
    pub(super) name: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) bytes: DecodingKey,
}

impl Key {
    /// The algorithms of RSA keys.
    pub const RSA_ALGORITHMS: [Algorithm; 6] =
        [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

    /// A public key in PEM (`PUBLIC KEY`). One of RSA does not say with which hash it is used.
    pub fn of_pem(text: &str, rsa: Algorithm) -> Result<Self, KeyError> {
        let no_pem = || KeyError("is no public key in PEM, which begins with -----BEGIN PUBLIC KEY-----".to_owned());
        let (label, document) = Document::from_pem(text.trim()).map_err(|_| no_pem())?;
        match label {
            "PUBLIC KEY" => {}
            label if label.ends_with("PRIVATE KEY") => {
                let why = "is a private key, which a server that checks tokens must not have: `openssl pkey -in FILE -pubout` \
                           prints the public one";
                return Err(KeyError(why.to_owned()));
            }
            _ => return Err(no_pem()),
        }
        let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes()).map_err(|_| no_pem())?;
        let bytes = info.subject_public_key.as_bytes().ok_or_else(no_pem)?;
        let curve = info.algorithm.parameters_oid().ok();
        let key = |algorithm, bytes| Ok(Self { name: None, algorithm, bytes });
        match (info.algorithm.oid, curve) {
            (RSA, _) => {
                let public = RsaPublicKey::try_from(bytes).map_err(|_| no_pem())?;
                let (modulus, exponent) = (public.modulus.as_bytes(), public.public_exponent.as_bytes());
                check_rsa(modulus.len(), rsa)?;
                key(rsa, DecodingKey::from_rsa_raw_components(modulus, exponent))
            }
            (EC, Some(P256)) if is_point(bytes, 32) => key(Algorithm::ES256, DecodingKey::from_ec_der(bytes)),
            (EC, Some(P384)) if is_point(bytes, 48) => key(Algorithm::ES384, DecodingKey::from_ec_der(bytes)),
            (ED25519, _) if bytes.len() == 32 => key(Algorithm::EdDSA, DecodingKey::from_ed_der(bytes)),
            _ => Err(KeyError("is a key of another sort than RSA, P-256, P-384 and Ed25519".to_owned())),
        }
    }

    /// The keys of a set (RFC 7517), of which those that are of no use here are left out; or none, if it is no set.
    pub fn of_set(text: &[u8], rsa: Algorithm, most: usize) -> Result<Vec<Self>, KeyError> {
        jwk::read_set(text, rsa, most)
    }
}

/// Whether an RSA key of this length may be used so.
pub(super) fn check_rsa(modulus_bytes: usize, algorithm: Algorithm) -> Result<(), KeyError> {
    if !Key::RSA_ALGORITHMS.contains(&algorithm) {
        return Err(KeyError(format!("{algorithm:?} is no algorithm of RSA keys")));
    }
    if !RSA_BYTES.contains(&modulus_bytes) {
        return Err(KeyError("is an RSA key of less than 2048 or more than 4096 bits".to_owned()));
    }
    Ok(())
}

/// A point of a curve whose numbers have so many bytes, written out whole.
fn is_point(bytes: &[u8], number: usize) -> bool {
    bytes.len() == 2 * number + 1 && bytes[0] == 4
}
