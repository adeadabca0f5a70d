//! Every setting there is: its name, what it may be, what it is unless set, and what it is for. The file, the environment, the
//! documentation and the error messages all read this list.

use super::{DATA, LISTEN, apps, lossy};
use parlour_engine::framing::origin::Origins;
use parlour_engine::limits::{About, Limits};
use parlour_engine::shard::Second;
use parlour_engine::wire::Mode;
use parlour_server::auth::{self, Algorithm, Secret};
use parlour_server::cluster;
use std::ffi::OsString;
use std::net::SocketAddr;

pub(super) const SECRET: &str = "auth.jwt.secret";
pub(super) const SECRET_FILE: &str = "auth.jwt.secret_file";
pub(super) const SECRET_ALGORITHM: &str = "auth.jwt.secret_algorithm";
pub(super) const KEY_FILE: &str = "auth.jwt.public_key_file";
pub(super) const RSA_ALGORITHM: &str = "auth.jwt.rsa_algorithm";
pub(super) const JWKS_FILE: &str = "auth.jwt.jwks_file";
pub(super) const JWKS_URL: &str = "auth.jwt.jwks_url";
pub(super) const ISSUER: &str = "auth.jwt.issuer";
pub(super) const AUDIENCE: &str = "auth.jwt.audience";
pub(super) const SECOND: &str = "auth.second_connection";
pub(super) const SECONDS: &str = "joins or replaces";
pub(super) const QUERY: &str = "auth.token_in_query";
pub(super) const MODE: &str = "dialects.mode";
pub(super) const MODES: &str = "strict or compat";
pub(super) const OPEN_ON_JOIN: &str = "rooms.open_on_join";
pub(super) const KIND_OR_NOTHING: &str = "a kind of rooms, or empty";
/// What any name is opened as when it is joined, unless configured.
pub(crate) const ANY_ROOM: &str = "chat";
pub(super) const YES_OR_NO: &str = "true or false";
/// What the names of limits begin with.
pub(super) const LIMITS: &str = "limits.";
pub(super) const ORIGINS: &str = "cors.origins";
pub(super) const CLUSTER: &str = "cluster";
pub(super) const CLUSTERS: &str = "alone, or redis://HOST, with :PORT, /DATABASE and USER:PASSWORD@ where they are needed";
pub(super) const ADDRESS: &str = "an address and a port, for instance 127.0.0.1:7350";
pub(super) const LANEYA: &str = "laneya.listen";
pub(super) const ADDRESS_OR_NONE: &str = "an address and a port, for instance 127.0.0.1:5001, or nothing for nowhere";
pub(super) const KEYS_URL: &str = "an address that begins with https://, or http:// on this machine, without a password";
/// What stands for a secret.
pub(super) const MASK: &str = "********";

pub(super) const FILE_NAME: &str = "the name of a file or a folder";
const ORIGIN_LIST: &str = "a list of origins like https://play.example; in a variable with commas between them";
pub(super) const TEXT: &str = "text of at least one character";

/// One setting.
pub(super) struct Key {
    pub(super) name: String,
    /// Empty: none.
    pub(super) default: String,
    pub(super) allowed: String,
    pub(super) doc: String,
}

impl Key {
    /// The variable that sets it.
    pub(super) fn variable(&self) -> String {
        variable(&self.name)
    }
}

pub(super) fn variable(key: &str) -> String {
    format!("PARLOUR_{}", key.replace('.', "__").to_uppercase())
}

/// All of them, in the order of their documentation.
pub(super) fn all() -> Vec<Key> {
    let key = |name: &str, default: &str, allowed: &str, doc: &str| Key {
        name: name.to_owned(),
        default: default.to_owned(),
        allowed: allowed.to_owned(),
        doc: doc.to_owned(),
    };
    let mut keys = vec![
        key("listen", LISTEN, ADDRESS, "Where the server listens. Beyond loopback it starts only with a secret or a public key."),
        key(
            LANEYA,
            "",
            ADDRESS_OR_NONE,
            "Where the server listens for clients of the dialect `laneya`, on plain TCP: nowhere unless set, but `demo` takes \
             127.0.0.1:5001 if that is free. Beyond loopback as for `listen`.",
        ),
        key("data", DATA, FILE_NAME, "The folder of the journal, and of the secret that a server makes for itself."),
        key(
            CLUSTER,
            "",
            CLUSTERS,
            "Where the server keeps count of who is connected and in which rooms: in memory, or in a Redis that several servers \
             share. Without it, it keeps none.",
        ),
        key(
            ORIGINS,
            "",
            ORIGIN_LIST,
            "The origins whose pages may use this server with credentials, besides its own. Each is exact; there is no `*`. In \
             compat mode a page under any name but this machine's speaks a dialect without a token only if it is listed here.",
        ),
        key(
            SECRET,
            "",
            "at least 32 bytes",
            "The secret of tokens signed with one, as it stands. Without one and without other keys, on loopback, the server \
             keeps one of its own in `auth.key`.",
        ),
        key(SECRET_FILE, "", FILE_NAME, "The file that holds it instead, for secrets that are mounted."),
        key(
            SECRET_ALGORITHM,
            "HS256",
            &one_of(&Secret::ALGORITHMS),
            "How they are signed. HS384 needs a secret of at least 48 bytes, HS512 of 64.",
        ),
        key(
            KEY_FILE,
            "",
            FILE_NAME,
            "A public key in PEM: Ed25519 (tokens signed with EdDSA), P-256 (ES256), P-384 (ES384), or RSA of 2048 to 4096 bits.",
        ),
        key(
            RSA_ALGORITHM,
            "RS256",
            &one_of(&auth::Key::RSA_ALGORITHMS),
            "How tokens of RSA keys are signed, where the key does not say it itself (`alg` in a set of keys).",
        ),
        key(JWKS_FILE, "", FILE_NAME, "A set of public keys (JWKS); read again when a token names a key that is not in it."),
        key(JWKS_URL, "", KEYS_URL, "Where such a set is published; fetched when it is needed."),
        key(ISSUER, "", TEXT, "The `iss` that a token must name."),
        key(AUDIENCE, "", TEXT, "The `aud` that a token must name."),
        key(
            SECOND,
            "joins",
            SECONDS,
            "What a user's second connection does: both go on, or the first is told `replaced` and closed.",
        ),
        key(
            QUERY,
            "false",
            YES_OR_NO,
            "Whether `?token=` counts, for clients that can send it in no other way. Proxies and logs see what stands there.",
        ),
        key(
            MODE,
            "strict",
            MODES,
            "How dialects are spoken: without the quirks of the systems that they come from, or with them.",
        ),
        key(
            OPEN_ON_JOIN,
            ANY_ROOM,
            KIND_OR_NOTHING,
            "What a room is that was never opened and is joined by who wants to play: the server opens it, as its own. Empty: no \
             room is. Where the default is no kind of the server it counts as empty.",
        ),
    ];
    keys.extend(apps::ALL.iter().map(|app| key(app.name, app.default, &app.allowed(), app.doc)));
    keys.extend(Limits::ALL.iter().map(|about| Key {
        name: format!("{LIMITS}{}", about.name),
        default: about.default.to_string(),
        allowed: range(about),
        doc: about.doc.trim().to_owned(),
    }));
    keys
}

pub(super) fn second(text: &str) -> Option<Second> {
    [Second::Joins, Second::Replaces].into_iter().find(|second| name_of(*second) == text)
}

pub(super) fn mode(text: &str) -> Option<Mode> {
    [Mode::Strict, Mode::Compat].into_iter().find(|mode| mode_name(*mode) == text)
}

pub(super) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Strict => "strict",
        Mode::Compat => "compat",
    }
}

pub(super) fn name_of(second: Second) -> &'static str {
    match second {
        Second::Joins => "joins",
        Second::Replaces => "replaces",
    }
}

/// What a setting may be that is one of these.
pub(super) fn one_of(algorithms: &[Algorithm]) -> String {
    let names: Vec<String> = algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect();
    format!("one of {}", names.join(", "))
}

pub(super) fn limit(name: &str) -> Option<&'static About> {
    Limits::ALL.iter().find(|about| about.name == name)
}

/// What a limit may be, in words.
pub(super) fn range(about: &About) -> String {
    let unit = about.unit();
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    format!("a whole number from {} to {}{unit}", about.min, about.max)
}

/// A value as it was found: text from a variable, text, a number or a list of texts from a file, or something that no setting is.
pub(super) enum Value {
    Text(OsString),
    Number(String),
    List(Vec<String>),
    Truth(bool),
    Other(&'static str),
}

impl Value {
    /// Reads text; the words say what it must be.
    pub(super) fn read<T>(self, allowed: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        match self {
            Value::Text(text) => text.to_str().and_then(read).ok_or_else(|| format!("must be {allowed}, not {:?}", lossy(&text))),
            other => Err(format!("must be {allowed}, in quotes, not {}", other.describe())),
        }
    }

    /// Nothing is an answer too.
    pub(super) fn address_or_none(self) -> Result<Option<SocketAddr>, String> {
        self.read(ADDRESS_OR_NONE, |text| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) })
    }

    pub(super) fn text(self) -> Result<String, String> {
        self.read(TEXT, |text| (!text.is_empty()).then(|| text.to_owned()))
    }

    pub(super) fn path(self) -> Result<OsString, String> {
        match self {
            Value::Text(path) if !path.is_empty() => Ok(path),
            Value::Text(_) => Err(format!("must be {FILE_NAME}, and is empty")),
            other => Err(format!("must be {FILE_NAME}, in quotes, not {}", other.describe())),
        }
    }

    /// Where connections are counted. What was found may hold a password, so it is not repeated.
    pub(super) fn cluster(self) -> Result<cluster::Place, String> {
        let place = match &self {
            Value::Text(text) => text.to_str().and_then(cluster::Place::of),
            _ => None,
        };
        place.ok_or_else(|| format!("must be {CLUSTERS}"))
    }

    /// A list: as such, or as the text of a variable. What it may hold is said by what reads its parts.
    pub(super) fn origins(self) -> Result<Origins, String> {
        let texts = self.texts(ORIGIN_LIST)?;
        Origins::read(texts.iter().map(String::as_str)).map_err(|error| format!("must be {ORIGIN_LIST}: {error}"))
    }

    /// The parts of a list; spaces around them do not count.
    pub(super) fn texts(self, allowed: &str) -> Result<Vec<String>, String> {
        let texts = match self {
            Value::List(texts) => texts,
            Value::Text(text) => lossy(&text).split(',').filter(|part| !part.trim().is_empty()).map(str::to_owned).collect(),
            other => return Err(format!("must be {allowed}, not {}", other.describe())),
        };
        Ok(texts.iter().map(|text| text.trim().to_owned()).collect())
    }

    /// As such, or as the text of a variable.
    pub(super) fn truth(self) -> Result<bool, String> {
        match self {
            Value::Truth(truth) => Ok(truth),
            Value::Text(text) => {
                let truth = text.to_str().and_then(|text| text.parse().ok());
                truth.ok_or_else(|| format!("must be {YES_OR_NO}, not {:?}", lossy(&text)))
            }
            other => Err(format!("must be {YES_OR_NO}, not {}", other.describe())),
        }
    }

    /// What must not be repeated in a message.
    pub(super) fn bytes(self) -> Result<Vec<u8>, String> {
        match self {
            Value::Text(secret) => Ok(secret.into_encoded_bytes()),
            _ => Err("must be text in quotes".to_owned()),
        }
    }

    /// A number: as such, or as the text of a variable, both as TOML writes them.
    pub(super) fn number(self, allowed: &str) -> Result<u64, String> {
        let text = match self {
            Value::Text(text) => lossy(&text),
            Value::Number(text) => text,
            other => return Err(format!("must be {allowed}, not {}", other.describe())),
        };
        let digits = text.replace('_', "");
        let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_plain.then(|| digits.parse().ok()).flatten();
        number.ok_or_else(|| format!("must be {allowed}, not {text:?}"))
    }

    fn describe(&self) -> &str {
        match self {
            Value::Text(_) => "text",
            Value::Number(_) => "a number",
            Value::List(_) => "a list",
            Value::Truth(_) => "true or false",
            Value::Other(what) => what,
        }
    }
}
