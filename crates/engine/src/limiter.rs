//! How much each connection, user and address may ask: stands before "check", at the entry of every request.
//!
//! A connection's bucket lies in its session. Those of users and addresses are shared by connections, so they are kept here, in
//! one [`Ledger`] each. A ledger knows nothing of sessions: whoever keeps one answers for all that enter it, wherever they are
//! connected. It is asked three things: `enter`, `take` and `leave`.

use crate::bucket::{Bucket, Rate};
use crate::code::Code;
use crate::dialect::native_out::Failure;
use crate::io::Address;
use crate::limits::Limits;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What somebody was refused for: the label of `parlour_rate_limited_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Requests of one connection.
    Connection,
    /// Requests of one user.
    User,
    /// Requests from one address.
    Address,
    /// Rooms opened by one user.
    Opening,
    /// Rooms opened from one address.
    AddressOpening,
    /// Connections of one user.
    Connections,
}

impl Scope {
    /// All of them, by their numbers.
    pub const ALL: [Scope; 6] =
        [Scope::Connection, Scope::User, Scope::Address, Scope::Opening, Scope::AddressOpening, Scope::Connections];

    /// Its name in the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Connection => "connection",
            Scope::User => "user",
            Scope::Address => "address",
            Scope::Opening => "opening",
            Scope::AddressOpening => "address_opening",
            Scope::Connections => "connections",
        }
    }
}

/// A refusal for want of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) scope: Scope,
    pub(crate) code: Code,
    pub(crate) wait_ms: u64,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Failure::limited(refused.code, refused.wait_ms)
    }
}

/// What a session carries: its own bucket, its strikes, and where its user and address are accounted for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Purse {
    bucket: Bucket,
    strikes: Bucket,
    user: Option<usize>,
    address: Option<usize>,
}

/// The buckets of users and addresses, and how large all of them are.
pub(crate) struct Limiter {
    connection: Rate,
    user: Rate,
    address: Rate,
    opening: Rate,
    address_opening: Rate,
    strikes: Rate,
    refused_per_token: u64,
    token_bytes: usize,
    connections_per_user: usize,
    users: Ledger<Arc<str>>,
    addresses: Ledger<Address>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            connection: Rate::per_s(limits.connection_tokens, limits.connection_tokens_per_s),
            user: Rate::per_s(limits.user_tokens, limits.user_tokens_per_s),
            address: Rate::per_s(limits.address_tokens, limits.address_tokens_per_s),
            opening: Rate::per_s(limits.opening_tokens, limits.opening_tokens_per_s),
            address_opening: Rate::per_s(limits.address_opening_tokens, limits.address_opening_tokens_per_s),
            strikes: Rate::within(limits.strikes, limits.strikes_ms),
            refused_per_token: limits.refused_per_token,
            token_bytes: limits.token_bytes.max(1),
            connections_per_user: limits.connections_per_user,
            users: Ledger::new(limits.accounts),
            addresses: Ledger::new(limits.accounts),
        }
    }

    /// A connection came from there. An address that cannot be accounted for is not limited: its connections still are.
    pub(crate) fn arrive(&mut self, purse: &mut Purse, address: Option<Address>) {
        purse.address = address.and_then(|address| self.addresses.enter(address, usize::MAX).ok());
    }

    /// A connection turned out to be this user's.
    pub(crate) fn recognise(&mut self, purse: &mut Purse, user: &str) -> Result<(), Refused> {
        let entered = self.users.enter(user.into(), self.connections_per_user);
        purse.user = Some(entered.map_err(|Full| too_many_connections())?);
        Ok(())
    }

    /// It is nobody's again; what it has used up and its strikes stay its own.
    pub(crate) fn forget_user(&mut self, purse: &mut Purse) {
        if let Some(user) = purse.user.take() {
            self.users.leave(user);
        }
    }

    /// A connection is gone.
    pub(crate) fn depart(&mut self, purse: &Purse) {
        if let Some(user) = purse.user {
            self.users.leave(user);
        }
        if let Some(address) = purse.address {
            self.addresses.leave(address);
        }
    }

    /// What a message of this weight and length costs.
    pub(crate) fn cost(&self, weight: u64, bytes: usize) -> u64 {
        weight.max(u64::try_from(bytes.div_ceil(self.token_bytes)).unwrap_or(u64::MAX))
    }

    /// Takes what a request costs from its connection, its user and its address; from none, if one of them has too little.
    pub(crate) fn charge(&mut self, purse: &mut Purse, cost: u64, now_ms: u64) -> Result<(), Refused> {
        let of_user = purse.user.map(|at| self.users.bucket(at).wait_ms(self.user, cost, now_ms));
        let of_address = purse.address.map(|at| self.addresses.bucket(at).wait_ms(self.address, cost, now_ms));
        let own = (Scope::Connection, purse.bucket.wait_ms(self.connection, cost, now_ms));
        let waits = [(Scope::User, of_user), (Scope::Address, of_address)];
        let waits = waits.into_iter().filter_map(|(scope, wait_ms)| Some((scope, wait_ms?)));
        // The connection is named first: it can do the most about it.
        let (scope, wait_ms) = waits.fold(own, |worst, wait| if wait.1 > worst.1 { wait } else { worst });
        if wait_ms > 0 {
            purse.bucket.fine(self.connection, self.refused_per_token, now_ms);
            let wait_ms = wait_ms.max(purse.bucket.wait_ms(self.connection, cost, now_ms));
            return Err(Refused { scope, code: Code::RateLimited, wait_ms });
        }
        purse.bucket.spend(self.connection, cost, now_ms);
        if let Some(at) = purse.user {
            self.users.bucket(at).spend(self.user, cost, now_ms);
        }
        if let Some(at) = purse.address {
            self.addresses.bucket(at).spend(self.address, cost, now_ms);
        }
        Ok(())
    }

    /// Takes what a request costs that came on no connection of ours: only its user is known.
    pub(crate) fn charge_user(&mut self, user: &str, cost: u64, now_ms: u64) -> Result<(), Refused> {
        let at = self.users.enter(user.into(), usize::MAX).map_err(|Full| too_many_connections())?;
        let taken = self.users.account(at).requests.take(self.user, cost, now_ms);
        self.users.leave(at);
        taken.map_err(|wait_ms| Refused { scope: Scope::User, code: Code::RateLimited, wait_ms })
    }

    /// Takes what opening a room costs its user, and the address of the connection by which they ask, if they do: who brings no
    /// token is another user each time. From neither, if one has too little.
    pub(crate) fn charge_opening(&mut self, user: &str, purse: Option<&Purse>, now_ms: u64) -> Result<(), Refused> {
        let at = self.users.enter(user.into(), usize::MAX).map_err(|Full| too_many_connections())?;
        let from = purse.and_then(|purse| purse.address);
        let own_ms = self.users.account(at).openings.wait_ms(self.opening, 1, now_ms);
        let shared_ms = from.map_or(0, |from| self.addresses.account(from).openings.wait_ms(self.address_opening, 1, now_ms));
        if own_ms == 0 && shared_ms == 0 {
            self.users.account(at).openings.spend(self.opening, 1, now_ms);
            if let Some(from) = from {
                self.addresses.account(from).openings.spend(self.address_opening, 1, now_ms);
            }
        }
        self.users.leave(at);
        let scope = if own_ms >= shared_ms { Scope::Opening } else { Scope::AddressOpening };
        match own_ms.max(shared_ms) {
            0 => Ok(()),
            wait_ms => Err(Refused { scope, code: Code::OpeningTooFast, wait_ms }),
        }
    }

    /// Where a connection came from, if that is accounted for.
    pub(crate) fn address_of(&mut self, purse: &Purse) -> Option<Address> {
        purse.address.map(|at| self.addresses.account(at).key)
    }

    /// Notes a message that should not have been sent; whether it was one too many.
    pub(crate) fn strike(&self, purse: &mut Purse, now_ms: u64) -> bool {
        purse.strikes.take(self.strikes, 1, now_ms).is_err()
    }

    /// Forgets those who are gone and owe nothing.
    pub(crate) fn sweep(&mut self, now_ms: u64) {
        self.users.sweep(now_ms);
        self.addresses.sweep(now_ms);
    }
}

/// When a connection of one's own may have ended, nobody knows: this is a guess.
const CONNECTION_WAIT_MS: u64 = 5_000;

fn too_many_connections() -> Refused {
    Refused { scope: Scope::Connections, code: Code::TooManyConnections, wait_ms: CONNECTION_WAIT_MS }
}

/// There is no room for one more.
#[derive(Debug)]
struct Full;

/// What is known of a user or an address, for as long as a connection of theirs is open or a bucket of theirs is not full.
#[derive(Debug)]
struct Account<K> {
    key: K,
    connections: usize,
    is_idle: bool,
    requests: Bucket,
    openings: Bucket,
}

/// Accounts by user or by address.
#[derive(Debug)]
struct Ledger<K> {
    accounts: Vec<Option<Account<K>>>,
    free: Vec<usize>,
    by_key: BTreeMap<K, usize>,
    /// Those that had no connection when last looked at.
    idle: VecDeque<usize>,
    limit: usize,
}

impl<K: Ord + Clone> Ledger<K> {
    fn new(limit: usize) -> Self {
        Self { accounts: Vec::new(), free: Vec::new(), by_key: BTreeMap::new(), idle: VecDeque::new(), limit }
    }

    /// One more connection; unless it has so many.
    fn enter(&mut self, key: K, limit: usize) -> Result<usize, Full> {
        let at = match self.by_key.get(&key) {
            Some(at) => *at,
            None if self.by_key.len() >= self.limit => return Err(Full),
            None => self.add(key),
        };
        let account = self.account(at);
        if account.connections >= limit {
            return Err(Full);
        }
        account.connections += 1;
        Ok(at)
    }

    fn add(&mut self, key: K) -> usize {
        let at = self.free.pop().unwrap_or_else(|| {
            self.accounts.push(None);
            self.accounts.len() - 1
        });
        let (requests, openings) = Default::default();
        self.accounts[at] = Some(Account { key: key.clone(), connections: 0, is_idle: false, requests, openings });
        self.by_key.insert(key, at);
        at
    }

    fn leave(&mut self, at: usize) {
        let account = self.account(at);
        account.connections -= 1;
        if account.connections == 0 && !account.is_idle {
            account.is_idle = true;
            self.idle.push_back(at);
        }
    }

    fn account(&mut self, at: usize) -> &mut Account<K> {
        self.accounts[at].as_mut().expect("an account that is pointed to is kept")
    }

    fn bucket(&mut self, at: usize) -> &mut Bucket {
        &mut self.account(at).requests
    }

    fn sweep(&mut self, now_ms: u64) {
        for _ in 0..self.idle.len() {
            let Some(at) = self.idle.pop_front() else { return };
            let account = self.account(at);
            if account.connections > 0 {
                account.is_idle = false;
            } else if account.requests.is_full(now_ms) && account.openings.is_full(now_ms) {
                let gone = self.accounts[at].take().expect("just looked at");
                self.by_key.remove(&gone.key);
                self.free.push(at);
            } else {
                self.idle.push_back(at);
            }
        }
    }
}
