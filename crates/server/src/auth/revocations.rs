//! Tokens that were taken back: a file in the data folder, and in memory the same for whoever looks at tokens.

use parlour_engine::code::Code;
use parlour_engine::io::Identity;
use parlour_engine::limits::Limits;
use parlour_engine::revocation::Revocation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file in the data folder.
const FILE: &str = "revocations.json";

/// What is taken back, as the file holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// Tokens by their `jti`, and when they have expired anyway, if that was said: then they are forgotten.
    pub(crate) tokens: BTreeMap<String, Option<u64>>,
    /// Users, and from which second on their tokens count again.
    pub(crate) users: BTreeMap<String, u64>,
}

/// The list and its file. What it says counts as soon as it is on disk.
pub(crate) struct Revocations {
    path: PathBuf,
    most: usize,
    leeway_s: u64,
    list: RwLock<List>,
    /// Held by who changes it.
    changing: Mutex<()>,
}

impl Revocations {
    /// What was taken back before. A file that cannot be read is an error: all it says would count again.
    pub(crate) fn open(data: &Path, limits: &Limits) -> io::Result<Self> {
        let path = data.join(FILE);
        let list = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => List::default(),
            Err(error) => return Err(error),
        };
        let (most, leeway_s) = (limits.revocations, limits.jwt_leeway_s);
        Ok(Self { path, most, leeway_s, list: RwLock::new(list), changing: Mutex::default() })
    }

    /// Lets those through whose token still counts. To be asked at the last moment before they are let in: what is taken back
    /// later is told to those who are.
    pub(crate) fn admit(&self, who: Identity) -> Result<Identity, Code> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let is_token = who.token_id.as_ref().is_some_and(|id| list.tokens.contains_key(id));
        let is_user = list.users.get(&who.user).is_some_and(|not_before_s| is_before(&who, *not_before_s));
        if is_token || is_user { Err(Code::TokenRevoked) } else { Ok(who) }
    }

    pub(crate) fn list(&self) -> List {
        self.list.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes something back; of a token, `until_s` is when it has expired anyway. A user's time never goes back by this.
    pub(crate) fn add(&self, revocation: &Revocation, until_s: Option<u64>) -> Result<(), Code> {
        self.change(|list| match revocation {
            Revocation::Token(id) => {
                list.tokens.insert(id.clone(), until_s);
            }
            Revocation::User { user, not_before_s } => {
                let before = list.users.entry(user.clone()).or_default();
                *before = (*before).max(*not_before_s);
            }
        })
    }

    /// Lets a token, or those of a user, count again; whether there was anything to forget.
    pub(crate) fn remove(&self, token: Option<&str>, user: Option<&str>) -> Result<bool, Code> {
        let mut was_there = false;
        self.change(|list| {
            was_there |= token.is_some_and(|id| list.tokens.remove(id).is_some());
            was_there |= user.is_some_and(|user| list.users.remove(user).is_some());
        })?;
        Ok(was_there)
    }

    fn change(&self, change: impl FnOnce(&mut List)) -> Result<(), Code> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.list();
        let mut after = before.clone();
        let past_s = now_s().saturating_sub(self.leeway_s);
        after.tokens.retain(|_, until_s| until_s.is_none_or(|until_s| until_s >= past_s));
        change(&mut after);
        let length = |list: &List| list.tokens.len() + list.users.len();
        if length(&after) > self.most && length(&after) > length(&before) {
            return Err(Code::TooManyRevocations);
        }
        if after != before {
            self.write(&after).map_err(|error| {
                crate::voice::tell(&format!("{}: {error}", self.path.display()));
                Code::NotKept
            })?;
            *self.list.write().unwrap_or_else(PoisonError::into_inner) = after;
        }
        Ok(())
    }

    /// The file is the old one or the new one, whatever happens.
    fn write(&self, list: &List) -> io::Result<()> {
        let new = self.path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(list).map_err(io::Error::other)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn is_before(who: &Identity, not_before_s: u64) -> bool {
    Revocation::User { user: who.user.clone(), not_before_s }.covers(who)
}

/// Seconds since 1970.
pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlour_engine::io::Role;

    fn who(user: &str, id: &str, issued_s: u64) -> Identity {
        Identity { token_id: Some(id.to_owned()), issued_s: Some(issued_s), ..Identity::lasting(user, Role::Player) }
    }

    fn user(user: &str, not_before_s: u64) -> Revocation {
        Revocation::User { user: user.to_owned(), not_before_s }
    }

    #[test]
    fn what_was_taken_back_stays_so_over_a_restart_until_it_is_forgotten() {
        let folder = std::env::temp_dir().join(format!("parlour-revocations-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let limits = Limits { revocations: 3, ..Limits::default() };
        let open = || Revocations::open(&folder, &limits).unwrap();
        let list = open();
        list.add(&Revocation::Token("a".to_owned()), None).unwrap();
        list.add(&user("ada", 100), None).unwrap();
        list.add(&user("ada", 50), None).unwrap();
        let list = open();
        assert_eq!(list.admit(who("bob", "a", 7)), Err(Code::TokenRevoked));
        assert_eq!(list.admit(who("ada", "b", 99)), Err(Code::TokenRevoked));
        assert!(list.admit(who("ada", "b", 100)).is_ok() && list.admit(who("bob", "b", 7)).is_ok());
        // What has expired makes room.
        list.add(&Revocation::Token("old".to_owned()), Some(now_s() + 1000)).unwrap();
        assert_eq!(list.add(&Revocation::Token("more".to_owned()), None), Err(Code::TooManyRevocations));
        assert_eq!((list.remove(Some("old"), None), list.remove(Some("old"), None)), (Ok(true), Ok(false)));
        list.add(&Revocation::Token("old".to_owned()), Some(1000)).unwrap();
        list.add(&Revocation::Token("more".to_owned()), None).unwrap();
        assert_eq!((list.remove(None, Some("ada")), list.remove(Some("a"), None)), (Ok(true), Ok(true)));
        let list = open();
        assert!(list.admit(who("bob", "a", 7)).is_ok() && list.admit(who("ada", "b", 7)).is_ok());
        fs::write(folder.join(FILE), "{").unwrap();
        assert!(Revocations::open(&folder, &limits).is_err());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(list.add(&user("eve", 1), None), Err(Code::NotKept));
        assert!(list.admit(who("eve", "e", 0)).is_ok(), "it does not count");
    }
}
