//! The settings of who is believed: secrets, public keys, and what else a token must say.

use super::keys::{self, Value};
use parlour_engine::limits::Limits;
use parlour_server::auth::{Algorithm, Key, Secret, Source, Trust};
use std::fs;
use std::path::PathBuf;

/// Settings of which one is enough, and what both are.
pub(super) const EITHER: [(&str, &str, &str); 2] =
    [(keys::SECRET, keys::SECRET_FILE, "one secret"), (keys::JWKS_FILE, keys::JWKS_URL, "one set of keys")];

/// The settings as they were found, then what was read where they point to.
pub(crate) struct Identities {
    secret: Option<Vec<u8>>,
    secret_file: Option<PathBuf>,
    secret_algorithm: Algorithm,
    key_file: Option<PathBuf>,
    source: Option<Source>,
    rsa: Algorithm,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
    checked: Option<Secret>,
    key: Option<Key>,
}

impl Default for Identities {
    fn default() -> Self {
        Self {
            secret: None,
            secret_file: None,
            secret_algorithm: Algorithm::HS256,
            key_file: None,
            source: None,
            rsa: Algorithm::RS256,
            issuer: None,
            audience: None,
            checked: None,
            key: None,
        }
    }
}

impl Identities {
    /// The secret that was configured; without one, and without other keys, the data folder's own counts.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.checked.as_ref()
    }

    /// Whether there are keys from elsewhere.
    pub(crate) fn has_public_keys(&self) -> bool {
        self.key.is_some() || self.source.is_some()
    }

    /// A secret from elsewhere, for the configured algorithm.
    pub(crate) fn secret_of(&self, bytes: Vec<u8>) -> Result<Secret, String> {
        Secret::new(bytes, self.secret_algorithm).map_err(|error| error.to_string())
    }

    /// All of it, with this secret.
    pub(crate) fn trust(&self, secret: Option<Secret>) -> Trust {
        Trust {
            secret,
            key: self.key.clone(),
            source: self.source.clone(),
            rsa: self.rsa,
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
        }
    }

    /// Takes a setting back.
    pub(super) fn forget(&mut self, key: &str) {
        match key {
            keys::SECRET => self.secret = None,
            keys::SECRET_FILE => self.secret_file = None,
            _ => self.source = None,
        }
    }

    /// Sets one, if it is one of these.
    pub(super) fn put(&mut self, key: &str, value: Value) -> Option<Result<(), String>> {
        let set = |field: &mut Option<PathBuf>, value: Value| {
            *field = Some(PathBuf::from(value.path()?));
            Ok(())
        };
        Some(match key {
            keys::SECRET => value.bytes().map(|bytes| self.secret = Some(bytes)),
            keys::SECRET_FILE => set(&mut self.secret_file, value),
            keys::SECRET_ALGORITHM => {
                read_algorithm(value, &Secret::ALGORITHMS).map(|algorithm| self.secret_algorithm = algorithm)
            }
            keys::KEY_FILE => set(&mut self.key_file, value),
            keys::RSA_ALGORITHM => read_algorithm(value, &Key::RSA_ALGORITHMS).map(|algorithm| self.rsa = algorithm),
            keys::JWKS_FILE => value.path().map(|path| self.source = Some(Source::File(PathBuf::from(path)))),
            keys::JWKS_URL => value.read(keys::KEYS_URL, Source::of_url).map(|source| self.source = Some(source)),
            keys::ISSUER => value.text().map(|text| self.issuer = Some(text)),
            keys::AUDIENCE => value.text().map(|text| self.audience = Some(text)),
            _ => return None,
        })
    }

    /// Reads what files hold, and judges it; each mistake is told with its setting.
    pub(super) fn read(&mut self, limits: &Limits, mut wrong: impl FnMut(&'static str, String)) {
        let mut key = keys::SECRET;
        if let Some(file) = &self.secret_file {
            key = keys::SECRET_FILE;
            match fs::read(file) {
                // Raw bytes, without the line end that editors leave.
                Ok(bytes) => self.secret = Some(bytes.trim_ascii_end().to_vec()),
                Err(error) => wrong(key, format!("{}: {error}", file.display())),
            }
        }
        if let Some(bytes) = &self.secret {
            match self.secret_of(bytes.clone()) {
                Ok(secret) => self.checked = Some(secret),
                Err(why) => wrong(key, why),
            }
        }
        if let Some(file) = &self.key_file {
            let text = fs::read_to_string(file).map_err(|error| format!(": {error}"));
            let read = text.and_then(|text| Key::of_pem(&text, self.rsa).map_err(|error| format!(" {error}")));
            match read {
                Ok(read) => self.key = Some(read),
                Err(why) => wrong(keys::KEY_FILE, format!("{}{why}", file.display())),
            }
        }
        if let Some(source @ Source::File(file)) = &self.source {
            match source.read(self.rsa, limits) {
                Ok(keys) if !keys.is_empty() => {}
                Ok(_) => wrong(keys::JWKS_FILE, format!("{} has no key that can be used for tokens", file.display())),
                Err(error) => wrong(keys::JWKS_FILE, format!("{}: {error}", file.display())),
            }
        }
    }

    /// A setting as it is shown; secrets are not.
    pub(super) fn shown(&self, key: &str) -> Option<String> {
        match (key, &self.source) {
            (keys::SECRET, _) => self.secret.as_ref().filter(|_| self.secret_file.is_none()).map(|_| keys::MASK.to_owned()),
            (keys::SECRET_FILE, _) => self.secret_file.as_ref().map(|file| file.display().to_string()),
            (keys::SECRET_ALGORITHM, _) => Some(format!("{:?}", self.secret_algorithm)),
            (keys::KEY_FILE, _) => self.key_file.as_ref().map(|file| file.display().to_string()),
            (keys::RSA_ALGORITHM, _) => Some(format!("{:?}", self.rsa)),
            (keys::JWKS_FILE, Some(source @ Source::File(_))) | (keys::JWKS_URL, Some(source @ Source::Url(_))) => {
                Some(source.to_string())
            }
            (keys::ISSUER, _) => self.issuer.clone(),
            (keys::AUDIENCE, _) => self.audience.clone(),
            _ => None,
        }
    }
}

fn read_algorithm(value: Value, these: &[Algorithm]) -> Result<Algorithm, String> {
    let allowed = keys::one_of(these);
    value.read(&allowed, |text| text.parse().ok().filter(|algorithm| these.contains(algorithm)))
}
