//! Looks at tokens: on the loop where that costs next to nothing, else on a thread of its own; and where the key is not there,
//! when the set of keys was fetched anew.

use super::keys::Key;
use super::refresh::{self, Source};
use super::{Claims, Revocations, whole_seconds};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, AlgorithmFamily, Header, Validation};
use parlour_engine::code::Code;
use parlour_engine::io::{Identity, Role};
use parlour_engine::limits::Limits;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

/// Whose tokens are believed.
#[derive(Clone)]
pub struct Trust {
    /// The secret of those who share one, and of the server's own guests.
    pub secret: Option<super::Secret>,
    /// A public key that was configured.
    pub key: Option<Key>,
    /// Where a set of keys is.
    pub source: Option<Source>,
    /// The algorithm of RSA keys of that set which do not say theirs.
    pub rsa: Algorithm,
    /// The `iss` a token must name, if any.
    pub issuer: Option<String>,
    /// The `aud` a token must name, if any.
    pub audience: Option<String>,
}

/// Looks at tokens. Its clones are one: the threads behind it end with the last of them.
#[derive(Clone)]
pub struct Verifier {
    keyring: Arc<Keyring>,
    revocations: Arc<Revocations>,
    /// To the thread that takes its time.
    slow: SyncSender<Asked>,
    /// To the thread that fetches keys, if they are fetched.
    fetch: Option<SyncSender<Asked>>,
}

/// A token that waits, and who waits for it.
pub(super) struct Asked {
    pub(super) token: String,
    pub(super) answer: Box<dyn FnOnce(Result<Identity, Code>) + Send>,
}

/// Why a token says nothing, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// It never will.
    Refused(Code),
    /// It names a key that is not in the set: a newer set may have it.
    NoKey,
}

/// The keys, and what else a token must keep to.
pub(super) struct Keyring {
    rules: Rules,
    /// Those that were configured: of each algorithm one at most.
    own: Vec<Key>,
    /// Those that were fetched.
    set: RwLock<Fetched>,
    is_fetched: bool,
}

struct Rules {
    token_bytes: usize,
    leeway_s: u64,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Default)]
struct Fetched {
    keys: Arc<Vec<Key>>,
    /// The last attempt to fetch them came to something.
    is_current: bool,
}

impl Verifier {
    /// Believes these. Starts the threads that look at tokens outside the loop.
    pub(crate) fn start(trust: &Trust, limits: &Limits, revocations: Arc<Revocations>) -> io::Result<Self> {
        super::install_crypto();
        let keyring = Arc::new(Keyring::new(trust, limits));
        let fetch = match trust.source.clone() {
            Some(source) => {
                let (asks, asked) = sync_channel(limits.tokens_waiting);
                refresh::start(keyring.clone(), source, trust.rsa, limits.clone(), asked)?;
                Some(asks)
            }
            None => None,
        };
        let (slow, asked) = sync_channel(limits.tokens_waiting);
        let (keys, to_fetch) = (keyring.clone(), fetch.clone());
        thread::Builder::new().name("tokens".to_owned()).spawn(move || look_at(&keys, asked, to_fetch))?;
        Ok(Self { keyring, revocations, slow, fetch })
    }

    /// What a token says, if to tell costs next to nothing.
    pub(crate) fn glance(&self, token: &str) -> Option<Result<Identity, Code>> {
        let is_slow = self.keyring.header(token).is_ok_and(|header| self.keyring.takes_time(&header));
        (!is_slow).then(|| self.verify(token))
    }

    /// What a token says, in a while. Who waits is told on another thread; at once if too many do.
    pub(crate) fn ask(&self, token: String, answer: impl FnOnce(Result<Identity, Code>) + Send + 'static) {
        hand_over(Some(&self.slow), Asked { token, answer: Box::new(answer) });
    }

    /// What a token says, by the keys that are there, if it still counts.
    pub(crate) fn verify(&self, token: &str) -> Result<Identity, Code> {
        let who = self.keyring.verify(token).map_err(|missed| self.keyring.settled(missed));
        who.and_then(|who| self.revocations.admit(who))
    }

    /// What was taken back. Whoever waited for an answer asks there before they believe it.
    pub(crate) fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// Whether this token could be looked at only after keys were fetched. Then it is said when that was tried.
    pub(crate) fn fetch_for(&self, token: &str, tried: impl FnOnce() + Send + 'static) -> bool {
        let is_missing = self.keyring.lacks_key_of(token);
        if is_missing {
            let answer = Box::new(move |_| tried());
            hand_over(self.fetch.as_ref(), Asked { token: token.to_owned(), answer });
        }
        is_missing
    }
}

/// To a thread, if it takes one more.
fn hand_over(to: Option<&SyncSender<Asked>>, asked: Asked) {
    let refused = match to.map(|to| to.try_send(asked)) {
        Some(Ok(())) | None => return,
        Some(Err(TrySendError::Full(asked) | TrySendError::Disconnected(asked))) => asked,
    };
    (refused.answer)(Err(Code::KeysUnavailable));
}

fn look_at(keyring: &Keyring, asked: Receiver<Asked>, fetch: Option<SyncSender<Asked>>) {
    for one in asked {
        match keyring.verify(&one.token) {
            Err(Missed::NoKey) if fetch.is_some() => hand_over(fetch.as_ref(), one),
            result => (one.answer)(result.map_err(|missed| keyring.settled(missed))),
        }
    }
}

impl Keyring {
    fn new(trust: &Trust, limits: &Limits) -> Self {
        let rules = Rules {
            token_bytes: limits.jwt_bytes,
            leeway_s: limits.jwt_leeway_s,
            issuer: trust.issuer.clone(),
            audience: trust.audience.clone(),
        };
        let own = trust.secret.iter().map(super::Secret::key).chain(trust.key.clone()).collect();
        Self { rules, own, set: RwLock::default(), is_fetched: trust.source.is_some() }
    }

    /// These are the keys now.
    pub(super) fn replace(&self, keys: Vec<Key>) {
        let mut set = self.set.write().unwrap_or_else(PoisonError::into_inner);
        *set = Fetched { keys: Arc::new(keys), is_current: true };
    }

    /// They could not be fetched: those that were still count.
    pub(super) fn is_behind(&self) {
        self.set.write().unwrap_or_else(PoisonError::into_inner).is_current = false;
    }

    /// What is said when nothing more can be done: of a set that is out of date nobody can tell.
    pub(super) fn settled(&self, missed: Missed) -> Code {
        let is_current = || self.set.read().unwrap_or_else(PoisonError::into_inner).is_current;
        match missed {
            Missed::Refused(code) => code,
            Missed::NoKey if is_current() => Code::AuthenticationFailed,
            Missed::NoKey => Code::KeysUnavailable,
        }
    }

    fn fetched(&self) -> Arc<Vec<Key>> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).keys.clone()
    }

    pub(super) fn verify(&self, token: &str) -> Result<Identity, Missed> {
        let header = self.header(token).map_err(Missed::Refused)?;
        let set = self.fetched();
        let mut refused = Code::AuthenticationFailed;
        for key in self.candidates(&set, &header) {
            match self.rules.check(token, key) {
                Ok(who) => return Ok(who),
                Err(Code::AuthenticationFailed) => {}
                Err(code) => refused = code,
            }
        }
        let may_be_newer = refused == Code::AuthenticationFailed && self.is_missing(&set, &header);
        Err(if may_be_newer { Missed::NoKey } else { Missed::Refused(refused) })
    }

    fn lacks_key_of(&self, token: &str) -> bool {
        self.header(token).is_ok_and(|header| self.is_missing(&self.fetched(), &header))
    }

    /// What a token says of itself. It decides nothing: a key that admits another algorithm does not look at it.
    fn header(&self, token: &str) -> Result<Header, Code> {
        if token.len() > self.rules.token_bytes {
            return Err(Code::TokenTooLong);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Code::AuthenticationFailed)?;
        // What must be understood and is not known here makes it no token (RFC 7515 §4.1.11).
        if header.crit.is_some() { Err(Code::AuthenticationFailed) } else { Ok(header) }
    }

    /// A signature by a public key costs as much to check as many actions, and one that is not there has to be fetched.
    fn takes_time(&self, header: &Header) -> bool {
        let is_public = header.alg.family() != AlgorithmFamily::Hmac;
        is_public && (self.is_fetched || self.own.iter().any(|key| key.algorithm == header.alg))
    }

    /// The keys that may have signed it: few, whatever it says. One that names none is looked at with the only one of its sort.
    fn candidates<'a>(&'a self, set: &'a [Key], header: &Header) -> impl Iterator<Item = &'a Key> {
        let own = self.own.iter().filter(|key| key.algorithm == header.alg);
        let name = header.kid.clone();
        let mut fitting = set.iter().filter(|key| key.algorithm == header.alg);
        let first = match &name {
            Some(name) => fitting.find(|key| key.name.as_ref() == Some(name)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        };
        own.chain(first)
    }

    /// Whether a set that is fetched anew may have the key of a token which this one does not have.
    fn is_missing(&self, set: &[Key], header: &Header) -> bool {
        let is_public = header.alg.family() != AlgorithmFamily::Hmac;
        let is_there = match &header.kid {
            Some(name) => set.iter().any(|key| key.name.as_ref() == Some(name)),
            None => set.iter().any(|key| key.algorithm == header.alg),
        };
        self.is_fetched && is_public && !is_there
    }
}

impl Rules {
    fn check(&self, token: &str, key: &Key) -> Result<Identity, Code> {
        let claims = jsonwebtoken::decode::<Claims>(token, &key.bytes, &self.validation(key.algorithm));
        let claims = claims.map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Code::TokenExpired,
            _ => Code::AuthenticationFailed,
        })?;
        let Claims { sub, exp, iat, jti, role, name } = claims.claims;
        let role = match role.as_deref() {
            None | Some("player") => Role::Player,
            Some("admin") => Role::Admin,
            Some("spectator") => Role::Spectator,
            Some(_) => return Err(Code::AuthenticationFailed),
        };
        let name = name.unwrap_or_else(|| sub.clone());
        // It counts for as long as it would be taken: or its connection would end and could be made again at once.
        let expires_ms = Some(whole_seconds(&exp).saturating_add(self.leeway_s).saturating_mul(1000));
        Ok(Identity { user: sub, name, role, expires_ms, token_id: jti, issued_s: iat.as_ref().map(whole_seconds) })
    }

    /// One algorithm, which is the key's. `iss` and `aud`, one or several, are looked at if they are configured.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.leeway_s;
        // What is configured must be there: the library lets a token pass that names no issuer at all.
        let configured = [("iss", &self.issuer), ("aud", &self.audience)];
        let configured = configured.into_iter().filter(|(_, wanted)| wanted.is_some()).map(|(claim, _)| claim);
        validation.set_required_spec_claims(&["exp", "sub"].into_iter().chain(configured).collect::<Vec<_>>());
        validation.validate_nbf = true;
        validation.validate_aud = self.audience.is_some();
        if let Some(audience) = &self.audience {
            validation.set_audience(&[audience]);
        }
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
        }
        validation
    }
}
