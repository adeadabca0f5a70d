//! `demo` and `serve`: a server on this terminal.

use super::args::Serving;
use super::config::{Flags, Settings};
use super::exit::{Exit, Failed};
use crate::Makers;
use parlour_engine::schema::Kinds;
use parlour_server::{Config, Laneya, Server, StartError, auth};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::Instant;

/// Where `demo` speaks laneya, if nobody else listens there.
const DEMO_LANEYA: &str = "127.0.0.1:5001";

pub(crate) fn demo(kinds: &Kinds, makers: &Makers, serving: &Serving) -> Result<(), Failed> {
    let settings = find(serving)?;
    let listens = [Some(settings.listen), settings.laneya];
    if !listens.iter().flatten().all(|address| address.ip().is_loopback()) {
        let why = "demo lets everybody in as a guest, so it listens on this machine only: use `parlour serve` for others";
        return Err(Failed::new(Exit::Config, why));
    }
    run(kinds, makers, settings, true)
}

pub(crate) fn serve(kinds: &Kinds, makers: &Makers, serving: &Serving) -> Result<(), Failed> {
    let settings = find(serving)?;
    let has_keys = settings.identities.secret().is_some() || settings.identities.has_public_keys();
    let outside = [Some(settings.listen), settings.laneya].into_iter().flatten().find(|address| !address.ip().is_loopback());
    if let Some(outside) = outside.filter(|_| !has_keys) {
        let why = format!(
            "{} can be reached from outside, and neither a secret nor a public key for tokens is configured. Set \
             PARLOUR_AUTH__JWT__SECRET_FILE (or auth.jwt.secret in parlour.toml, auth.jwt.public_key_file, auth.jwt.jwks_url) or \
             listen on 127.0.0.1. A secret has at least 32 bytes.",
            outside
        );
        return Err(Failed::new(Exit::Config, why));
    }
    run(kinds, makers, settings, false)
}

fn find(serving: &Serving) -> Result<Settings, Failed> {
    let cluster = serving.cluster.as_deref();
    let (listen, laneya) = (serving.listen, serving.laneya);
    Settings::find(Flags { listen, laneya, is_compat: serving.compat, cluster, ..serving.place.flags() })
}

fn run(kinds: &Kinds, makers: &Makers, settings: Settings, guests: bool) -> Result<(), Failed> {
    let started = Instant::now();
    let for_runners = settings.for_runners();
    let made = makers.iter().try_fold(kinds.clone(), |kinds, (_, add)| add(&for_runners, kinds));
    let kinds = &made.map_err(|why| Failed::new(Exit::Config, why))?;
    let secret = match settings.identities.secret() {
        Some(secret) => Some(secret.clone()),
        // Whose keys are elsewhere makes tokens elsewhere. Guests have theirs from here.
        None if settings.identities.has_public_keys() && !guests => None,
        None => Some(secret_of(&settings)?),
    };
    let mints = secret.is_some();
    // Whoever tries it out should find everything, but not at the cost of what listens there already.
    let free = || guests.then(|| DEMO_LANEYA.parse().expect("the default is an address"));
    let laneya = match settings.laneya {
        Some(listen) => Some(Laneya { listen, is_needed: true }),
        None => free().map(|listen| Laneya { listen, is_needed: false }),
    };
    let standing = super::standing::rooms(kinds, settings.open_on_join.as_deref(), settings.mode);
    let kinds =
        &kinds.clone().with_standing(standing).map_err(|why| Failed::new(Exit::Config, format!("rooms.open_on_join: {why}")))?;
    let config = Config {
        listen: settings.listen,
        laneya,
        data: settings.data.clone(),
        trust: settings.identities.trust(secret),
        guests,
        second: settings.second,
        mode: settings.mode,
        token_in_query: settings.token_in_query,
        cluster: settings.cluster,
        origins: settings.pages,
        limits: settings.limits,
    };
    // Before the server runs, so that no signal finds it without somebody listening.
    let signals = Signals::new([SIGTERM, SIGINT]).map_err(|error| Failed::new(Exit::Internal, error))?;
    let server = Server::start(config, kinds.clone()).map_err(|error| {
        let exit = if matches!(error, StartError::System(_)) { Exit::Internal } else { Exit::Config };
        Failed::new(exit, error)
    })?;
    end_on_signal(signals, server.drainer());
    let addresses = (server.address(), server.laneya());
    banner(kinds, addresses, &settings.data, if guests { Door::Open } else { Door::Tokens { mints } }, started);
    server.wait().map_err(|why| Failed::new(Exit::Internal, why))
}

fn secret_of(settings: &Settings) -> Result<auth::Secret, Failed> {
    let data = &settings.data;
    let failed = |error| Failed::new(Exit::Config, format!("{}: {error}", data.join(auth::KEY_FILE).display()));
    let (secret, is_new) = auth::make_secret(data).map_err(failed)?;
    let unfit = |why| failed(std::io::Error::other(format!("it {why}; or remove it, and the next start makes a new one")));
    let secret = settings.identities.secret_of(secret).map_err(unfit)?;
    if is_new {
        say!("parlour: made a secret for tokens in {}", data.join(auth::KEY_FILE).display());
    }
    Ok(secret)
}

/// The first signal ends the server in good order, the second at once.
fn end_on_signal(mut signals: Signals, drain: impl Fn() + Send + 'static) {
    thread::spawn(move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            drain();
            say!("parlour: putting the rooms away; once more ends at once");
        }
        if let Some(signal) = signals.next() {
            std::process::exit(128 + signal);
        }
    });
}

/// How this command is typed: in a clone it is not installed.
fn command() -> &'static str {
    let program = std::env::args_os().next().unwrap_or_default();
    let is_built_here = Path::new(&program).components().any(|part| part.as_os_str() == "target");
    if is_built_here { "cargo run --release --" } else { "parlour" }
}

/// Who is let in.
#[derive(Clone, Copy)]
enum Door {
    Open,
    /// Who brings a token, which can be made here or elsewhere only.
    Tokens {
        mints: bool,
    },
}

fn banner(kinds: &Kinds, (address, laneya): (SocketAddr, Option<SocketAddr>), data: &Path, door: Door, started: Instant) {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let first = names.first().copied().unwrap_or("KIND");
    let server =
        if address.port() == 7350 && address.ip().is_loopback() { String::new() } else { format!(" --server http://{address}") };
    let elapsed = started.elapsed().as_secs_f32();
    banner!("{} · data {} (SQLite) · {elapsed:.1} s", parlour_server::NAME.replace('/', " "), data.display());
    banner!("├─ Page       http://{address}/");
    banner!("├─ WebSocket  ws://{address}/v1/ws");
    banner!("├─ Socket.IO  http://{address}/game (mantimon; as plain WebSocket ws://{address}/ws/mantimon)");
    banner!("├─ Dialects   ws://{address}/ws (chat), /ws/casys, /ws/aniworld; HTTP for casys and aniworld below /api");
    if let Some(laneya) = laneya {
        banner!("├─ TCP        {laneya} (laneya: netstrings of JSON)");
    }
    banner!("├─ Rooms      {} (http://{address}/v1/kinds)", names.join(" · "));
    banner!("├─ Metrics    http://{address}/metrics");
    match door {
        Door::Open => {
            banner!("└─ Listening only on this machine, guests welcome. To serve others: parlour serve --help");
            let command = command();
            banner!("  try:  {command} play {first}{server}   |   Ctrl-C, run again: every room comes back");
        }
        Door::Tokens { mints: false } => {
            banner!("└─ Every client needs a token of those whose public keys are configured");
            banner!("  try:  PARLOUR_TOKEN=TOKEN parlour play {first}{server}");
        }
        Door::Tokens { mints: true } => {
            banner!("└─ Every client needs a token: parlour token mint --sub NAME --data {}", data.display());
            banner!(
                "  try:  PARLOUR_TOKEN=$(parlour token mint --sub you --data {}) parlour play {first}{server}",
                data.display()
            );
        }
    }
}
