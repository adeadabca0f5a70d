//! `token mint`.

use super::args::Token;
use super::config::Settings;
use super::exit::{Exit, Failed};
use parlour_server::auth;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn run(verb: Token) -> Result<(), Failed> {
    let Token::Mint { sub, role, name, ttl, data, config } = verb;
    let settings = Settings::find(config.as_deref(), None, data.as_deref())?;
    let secret = match settings.secret {
        Some(secret) => secret,
        None => auth::read_secret(&settings.data).map_err(|error| Failed::new(Exit::Config, error))?.ok_or_else(|| {
            let why = format!(
                "there is no secret to sign with: {} does not exist. Start the server once, name its folder with --data, or set \
                 PARLOUR_AUTH__JWT__SECRET.",
                settings.data.join(auth::KEY_FILE).display()
            );
            Failed::new(Exit::Config, why)
        })?,
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
