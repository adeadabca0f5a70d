//! Settings from four places: flags before environment before `parlour.toml` before defaults.

use super::exit::{Exit, Failed};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where a server listens unless told otherwise.
pub(crate) const LISTEN: &str = "127.0.0.1:7350";
/// Where it keeps its data unless told otherwise.
pub(crate) const DATA: &str = "parlour-data";
/// The file that is read if it is there.
pub(crate) const FILE: &str = "parlour.toml";

/// What `parlour.toml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    listen: Option<SocketAddr>,
    data: Option<PathBuf>,
    auth: Auth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Auth {
    jwt: Jwt,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Jwt {
    secret: Option<String>,
    secret_file: Option<PathBuf>,
    issuer: Option<String>,
    audience: Option<String>,
}

/// The settings that were found.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    /// The secret that was configured; without one the data folder's own counts.
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
}

impl Settings {
    /// Finds them. `listen` and `data` are the flags; clap has read their environment already.
    pub(crate) fn find(file: Option<&Path>, listen: Option<SocketAddr>, data: Option<&Path>) -> Result<Self, Failed> {
        let File { listen: file_listen, data: file_data, auth: Auth { jwt } } = read(file)?;
        let default: SocketAddr = LISTEN.parse().expect("the default is an address");
        let port = env::var("PORT").ok().and_then(|port| port.parse().ok()).map(|port| SocketAddr::new(default.ip(), port));
        let secret = match (secret_of("PARLOUR_AUTH__JWT__SECRET")?, jwt.secret, jwt.secret_file) {
            (Some(secret), ..) => Some(secret),
            (None, Some(secret), _) => Some(secret.into_bytes()),
            (None, None, Some(file)) => Some(secret_in(&file)?),
            (None, None, None) => None,
        };
        let minimum = parlour_server::auth::SECRET_BYTES_MIN;
        if let Some(secret) = secret.as_ref().filter(|secret| secret.len() < minimum) {
            let why =
                format!("auth.jwt.secret has {} bytes, and HS256 needs at least {minimum}: make a longer one", secret.len());
            return Err(Failed::new(Exit::Config, why));
        }
        Ok(Self {
            listen: listen.or(port).or(file_listen).unwrap_or(default),
            data: data.map(Path::to_path_buf).or(file_data).unwrap_or_else(|| PathBuf::from(DATA)),
            secret,
            issuer: env::var("PARLOUR_AUTH__JWT__ISSUER").ok().or(jwt.issuer),
            audience: env::var("PARLOUR_AUTH__JWT__AUDIENCE").ok().or(jwt.audience),
        })
    }
}

fn read(file: Option<&Path>) -> Result<File, Failed> {
    let path = file.unwrap_or(Path::new(FILE));
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| wrong(path, &text, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.is_none() => Ok(File::default()),
        Err(error) => Err(Failed::new(Exit::Config, format!("{}: {error}", path.display()))),
    }
}

/// Where a file is wrong, and in what. The library's own text would quote the line, or the value: which may be the secret.
fn wrong(path: &Path, text: &str, error: &toml::de::Error) -> Failed {
    let begin = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = begin.matches('\n').count() + 1;
    let what = match error.message().rsplit_once(", expected ") {
        Some((found, wanted)) if found.starts_with("invalid") => format!("expected {wanted}"),
        _ => error.message().to_owned(),
    };
    Failed::new(Exit::Config, format!("{}:{line}: {what}", path.display()))
}

/// A secret from the environment: itself, or in the file that the variable with `_FILE` names.
fn secret_of(name: &str) -> Result<Option<Vec<u8>>, Failed> {
    match (env::var_os(name), env::var_os(format!("{name}_FILE"))) {
        (Some(secret), _) => Ok(Some(secret.into_encoded_bytes())),
        (None, Some(file)) => secret_in(Path::new(&file)).map(Some),
        (None, None) => Ok(None),
    }
}

/// Raw bytes, without the line end that editors leave.
fn secret_in(file: &Path) -> Result<Vec<u8>, Failed> {
    let bytes = fs::read(file).map_err(|error| Failed::new(Exit::Config, format!("{}: {error}", file.display())))?;
    Ok(bytes.trim_ascii_end().to_vec())
}
