//! `token mint`.

use super::args::Token;
use super::config::Settings;
use super::exit::{Exit, Failed};
use parlour_engine::io::{BOT_PREFIX, NAMED_PREFIX};
use parlour_engine::standing::HOUSE;
use parlour_server::auth;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn run(verb: Token) -> Result<(), Failed> {
    let Token::Mint { sub, role, name, ttl, place } = verb;
    let settings = Settings::find(place.flags())?;
    let secret = match settings.identities.secret() {
        Some(secret) => secret.clone(),
        None => secret_in(&settings)?,
    };
    if sub.is_empty() || sub == HOUSE || [BOT_PREFIX, NAMED_PREFIX].iter().any(|prefix| sub.starts_with(prefix)) {
        return Err(Failed::new(Exit::Usage, "--sub must be a name, not parlour, and must not begin with bot: or named:"));
    }
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mint = auth::Mint {
        sub: &sub,
        role: role.as_deref(),
        name: name.as_deref(),
        issuer: settings.identities.issuer.as_deref(),
        audience: settings.identities.audience.as_deref(),
        exp: now_s.saturating_add_signed(ttl),
    };
    let token = auth::mint(&secret, mint).map_err(|error| Failed::new(Exit::Internal, error))?;
    super::show::print(&format!("{token}\n"))
}

/// The secret that a server made for itself.
fn secret_in(settings: &Settings) -> Result<auth::Secret, Failed> {
    let data = &settings.data;
    let file = data.join(auth::KEY_FILE);
    let wrong = |why: String| Failed::new(Exit::Config, why);
    let secret = auth::read_secret(data).map_err(|error| wrong(format!("{}: {error}", file.display())))?.ok_or_else(|| {
        wrong(format!(
            "there is no secret to sign with: {} does not exist. Start the server once, name its folder with --data, or set \
             PARLOUR_AUTH__JWT__SECRET.",
            file.display()
        ))
    })?;
    // No server takes what is signed with one that is too short.
    let unfit = |why| wrong(format!("{} {why}; or remove it, and the next start of the server makes a new one", file.display()));
    settings.identities.secret_of(secret).map_err(unfit)
}
