//! What the values of an action or a configuration may be: addresses, keys, names of files. The worker holds the targets of
//! redirects and the names of folders against the same rules.

use crate::action::Action;
use crate::item::Target;
use crate::limits::{BYTES, CLIENT_ID_BYTES, KEY_BYTES, NAME_BYTES, PARALLEL, URL_BYTES};
use crate::refusal::Refusal;

/// The smallest speed limit: below it a download would not end before somebody gives up.
const SLOWEST: u64 = 1024;
/// Names that are devices on some systems, whatever follows a dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Where a download is from and where it goes to, if an `add` says it well.
pub(crate) fn target(action: &Action) -> Result<Target, Refusal> {
    let Action::Add { url, key, folder, name, sha256, client_id } = action else {
        unreachable!("only what is added has a target");
    };
    address(url)?;
    if !is_key(key) {
        return Err(Refusal::BadKey {});
    }
    if folder.as_ref().is_some_and(|folder| !is_component(folder)) {
        return Err(Refusal::BadFolder {});
    }
    if name.as_ref().is_some_and(|name| !is_component(name)) {
        return Err(Refusal::BadName {});
    }
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if sha256.as_ref().is_some_and(|sha256| !is_hash(sha256)) {
        return Err(Refusal::BadSha256 {});
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let is_id = |text: &String| (1..=CLIENT_ID_BYTES).contains(&text.len()) && text.bytes().all(is_plain);
    if client_id.as_ref().is_some_and(|id| !is_id(id)) {
        return Err(Refusal::BadClientId {});
    }
    // A key is a folder, too: but some devices could be keys.
    let folder = folder.clone().unwrap_or_else(|| key.clone());
    if !is_component(&folder) {
        return Err(Refusal::BadKey {});
    }
    let name = name.clone().unwrap_or_else(|| last_of(url).unwrap_or(key).to_owned());
    Ok(Target { url: url.clone(), folder, name, sha256: sha256.as_ref().map(|sha256| sha256.to_ascii_lowercase()) })
}

pub(crate) fn parallel(parallel: u32) -> Result<(), Refusal> {
    if (1..=PARALLEL).contains(&parallel) { Ok(()) } else { Err(Refusal::BadParallel {}) }
}

pub(crate) fn speed(bytes_s: u64) -> Result<(), Refusal> {
    if bytes_s == 0 || (SLOWEST..=BYTES).contains(&bytes_s) { Ok(()) } else { Err(Refusal::BadSpeedLimit {}) }
}

/// Whether files can be fetched from this address, as far as its text tells; or why not.
pub fn address(url: &str) -> Result<(), Refusal> {
    if url.len() > URL_BYTES {
        return Err(Refusal::UrlTooLong {});
    }
    let (scheme, rest) = url.split_once("://").ok_or(Refusal::UrlNotHttp {})?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(Refusal::UrlNotHttp {});
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic() && !br##""#<>\^`{|}"##.contains(&byte)) {
        return Err(Refusal::UrlMalformed {});
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Refusal::UrlHasCredentials {});
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(inside) => {
            let (host, after) = inside.split_once(']').ok_or(Refusal::UrlMalformed {})?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or(Refusal::UrlMalformed {})?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    // An address in brackets is looked at closely when it is connected to.
    let is_v6 = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
    let is_host =
        !host.is_empty() && host.bytes().all(|byte| if authority.starts_with('[') { is_v6(byte) } else { is_name(byte) });
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    if is_host && port.is_none_or(is_port) { Ok(()) } else { Err(Refusal::UrlMalformed {}) }
}

/// Whether this is a key: what can stand in an address as it is.
pub fn is_key(key: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=KEY_BYTES).contains(&key.len())
        && key.bytes().next().is_some_and(is_first)
        && key.bytes().all(|byte| is_first(byte) || byte == b'-' || byte == b'_')
}

/// Whether this is one name inside a folder, on every system, and nothing that looks like another name than it is.
pub fn is_component(name: &str) -> bool {
    let is_odd = |c: char| c.is_control() || r#"/\<>:"|?*"#.contains(c) || is_invisible(c);
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let port = stem.strip_prefix("com").or(stem.strip_prefix("lpt"));
    let is_device = DEVICES.contains(&stem.as_str()) || port.is_some_and(|n| n.chars().count() == 1 && n.chars().all(is_digit));
    (1..=NAME_BYTES).contains(&name.len())
        && name.trim() == name
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains(is_odd)
        && !is_device
}

/// A key for a folder that was found: its name, as far as a key can be made of it.
pub fn slug(folder: &str) -> String {
    let mut slug = String::new();
    for c in folder.chars().flat_map(char::to_lowercase) {
        if slug.len() == KEY_BYTES {
            break;
        }
        if c.is_ascii_alphanumeric() || c == '_' && !slug.is_empty() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "series".to_owned() } else { slug.to_owned() }
}

/// Digits with which devices are numbered.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '¹' | '²' | '³')
}

/// What is not seen, or makes a text run the other way.
fn is_invisible(c: char) -> bool {
    let is_mark = matches!(c, '\u{ad}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    is_mark || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// What an address ends with, if it can be a file's name.
fn last_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let path = rest.split('?').next()?;
    let (_, last) = path.rsplit_once('/')?;
    (is_component(last) && !last.contains('%')).then_some(last)
}
