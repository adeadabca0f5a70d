//! `token mint`.

use super::args::Token;
use super::config::Settings;
use super::exit::{Exit, Failed};
use parlour_server::auth;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn run(verb: Token) -> Result<(), Failed> {
    let Token::Mint { sub, role, name, ttl, place } = verb;
    let settings = Settings::find(place.flags())?;
    let secret = match settings.secret {
        Some(secret) => secret,
        None => secret_in(&settings.data)?,
    };
    if sub.is_empty() || sub.starts_with(parlour_engine::io::BOT_PREFIX) {
        return Err(Failed::new(Exit::Usage, "--sub must be a name, and must not begin with bot:"));
    }
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mint = auth::Mint {
        sub: &sub,
        role: role.as_deref(),
        name: name.as_deref(),
        issuer: settings.issuer.as_deref(),
        audience: settings.audience.as_deref(),
        exp: now_s.saturating_add_signed(ttl),
    };
    let token = auth::mint(&secret, mint).map_err(|error| Failed::new(Exit::Internal, error))?;
    super::show::print(&format!("{token}\n"))
}

/// The secret that a server made for itself.
fn secret_in(data: &Path) -> Result<Vec<u8>, Failed> {
    let file = data.join(auth::KEY_FILE);
    let wrong = |why: String| Failed::new(Exit::Config, why);
    let secret = auth::read_secret(data).map_err(|error| wrong(format!("{}: {error}", file.display())))?.ok_or_else(|| {
        wrong(format!(
            "there is no secret to sign with: {} does not exist. Start the server once, name its folder with --data, or set \
             PARLOUR_AUTH__JWT__SECRET.",
            file.display()
        ))
    })?;
    if secret.len() < auth::SECRET_BYTES_MIN {
        // No server takes what is signed with it.
        return Err(wrong(format!(
            "{} has {} bytes, and HS256 needs at least {}: remove it, and the next start of the server makes a new one",
            file.display(),
            secret.len(),
            auth::SECRET_BYTES_MIN
        )));
    }
    Ok(secret)
}
