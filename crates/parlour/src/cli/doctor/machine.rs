//! Open files, the clock, the port.

use super::Finding;
use crate::cli::config::Settings;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a server holds open beside its connections, generously.
const OTHER_FILES: u64 = 64;
/// No clock that is right shows an earlier time, in seconds since 1970: 2026-01-01.
const NOT_BEFORE_S: u64 = 1_767_225_600;

pub(super) fn check(settings: &Settings) -> [Finding; 2] {
    [open_files(u64::try_from(settings.limits.connections).unwrap_or(u64::MAX)), clock()]
}

fn open_files(connections: u64) -> Finding {
    const WHAT: &str = "open files";
    let Ok(text) = fs::read_to_string("/proc/self/limits") else {
        return Finding::warn(WHAT, "the limit cannot be read on this system: see `ulimit -n`");
    };
    let limit = text.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next().map(str::to_owned));
    let needed = connections.saturating_add(OTHER_FILES);
    match limit.as_deref().map(|limit| (limit, limit.parse::<u64>())) {
        Some(("unlimited", _)) => Finding::ok(WHAT, "unlimited"),
        Some((_, Ok(limit))) if limit >= needed => Finding::ok(WHAT, format!("{limit}, and {connections} connections may come")),
        Some((_, Ok(limit))) => Finding::warn(
            WHAT,
            format!(
                "{limit}, but limits.connections lets {connections} in: raise it (`ulimit -n {needed}`, in systemd \
                 LimitNOFILE={needed}) or lower limits.connections to {}",
                limit.saturating_sub(OTHER_FILES)
            ),
        ),
        _ => Finding::warn(WHAT, "the limit cannot be read: see `ulimit -n`"),
    }
}

fn clock() -> Finding {
    const WHAT: &str = "clock";
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if wall.as_secs() < NOT_BEFORE_S {
        return Finding::fail(WHAT, "it is before 2026: set it (NTP), or no token is valid and every room's time is wrong");
    }
    let (before, monotonic) = (SystemTime::now(), Instant::now());
    std::thread::sleep(Duration::from_millis(20));
    let passed = monotonic.elapsed();
    match before.elapsed() {
        Ok(wall) if wall.abs_diff(passed) < Duration::from_millis(500) => {
            Finding::ok(WHAT, "wall clock and monotonic clock agree")
        }
        _ => Finding::warn(WHAT, "it was set while this ran: let NTP slew it, or clocks in rooms jump"),
    }
}

/// Whether the port is free, or a Parlour server has it already.
pub(super) fn port(listen: SocketAddr) -> (bool, Finding) {
    const WHAT: &str = "port";
    match TcpListener::bind(listen) {
        Ok(_) => (false, Finding::ok(WHAT, format!("{listen} is free"))),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match version(listen) {
            Some(name) => (true, Finding::ok(WHAT, format!("{name} serves on {listen}"))),
            None => {
                (false, Finding::fail(WHAT, format!("{listen} is in use by something else: stop it, or set another `listen`")))
            }
        },
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let words = format!("{listen} needs rights: take a port above 1023, or grant CAP_NET_BIND_SERVICE");
            (false, Finding::fail(WHAT, words))
        }
        Err(error) => (false, Finding::fail(WHAT, format!("{listen}: {error}: is this an address of this machine?"))),
    }
}

/// What answers there, if it is a Parlour server.
fn version(listen: SocketAddr) -> Option<String> {
    let patience = Duration::from_secs(2);
    let mut address = listen;
    if listen.ip().is_unspecified() {
        address.set_ip(if listen.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let mut stream = TcpStream::connect_timeout(&address, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.write_all(format!("GET /version HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut answer = Vec::new();
    // What came is enough, however it ended.
    let _ = stream.take(4096).read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let body = text.split_once("\r\n\r\n")?.1;
    let value: serde_json::Value = serde_json::from_str(body.trim()).ok()?;
    value["server"].as_str().filter(|name| name.starts_with("parlour/")).map(str::to_owned)
}
