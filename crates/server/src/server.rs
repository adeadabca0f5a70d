//! Starts the threads of a server and ends them: the loop, the journal's writer and reader, and the cold path.

use crate::addresses::Addresses;
use crate::auth::{Revocations, Verifier};
use crate::bell::{Bell, Bells, Health, Knock};
use crate::cluster::{self, Cluster};
use crate::config::Config;
use crate::drive::{Drive, LISTENER, NETSTRINGS, Parts, WAKER};
use crate::guests::Guests;
use crate::head::Callers;
use crate::http::{self, Cold};
use crate::jobs::Jobs;
use crate::journal::{OpenError, SqliteJournal, Writer};
use crate::meters::Meters;
use crate::models::Models;
use crate::reader;
use mio::net::TcpListener;
use mio::{Interest, Poll, Waker};
use parlour_engine::forward::{Place, ShardId};
use parlour_engine::limits::Limits;
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Settings, Shard};
use parlour_engine::wire::Mode;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tokio::sync::Semaphore;

/// What the server calls itself.
pub const NAME: &str = concat!("parlour/", env!("CARGO_PKG_VERSION"));

/// A server that runs.
pub struct Server {
    address: SocketAddr,
    laneya: Option<SocketAddr>,
    bells: Bells,
    loops: Vec<JoinHandle<Result<(), String>>>,
    cold: JoinHandle<()>,
    reader: JoinHandle<()>,
    writer: Arc<Writer>,
    cluster: Option<Arc<dyn Cluster>>,
}

/// Why a server could not start.
#[derive(Debug)]
pub enum StartError {
    /// The journal cannot be opened.
    Journal(OpenError),
    /// The list of revocations cannot be read.
    Revocations(io::Error),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// The system refused something else.
    System(io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Journal(error) => write!(f, "{error}"),
            StartError::Revocations(error) => write!(f, "revocations.json in the data folder cannot be read: {error}"),
            StartError::Listen(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "{address} is in use: stop what listens there, or choose another address with --listen or --laneya")
            }
            StartError::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            StartError::System(error) => write!(f, "cannot start: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        StartError::System(error)
    }
}

impl Server {
    /// Opens the journal, listens, and serves until [`drainer`](Self::drainer) or until the journal fails.
    pub fn start(config: Config, kinds: Kinds) -> Result<Self, StartError> {
        let meters = Arc::new(Meters::default());
        let begin = Instant::now();
        let journal = SqliteJournal::open(&config.data, &config.limits).map_err(StartError::Journal)?;
        let recovery_us = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        meters.recovery_us.store(recovery_us, Ordering::Relaxed);
        let reader = journal.reader().map_err(StartError::Journal)?;
        let lists = journal.reader().map_err(StartError::Journal)?;
        let listen = |error| StartError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let netstrings = netstrings(&config)?;
        let laneya = netstrings.as_ref().and_then(|listener| listener.local_addr().ok());

        let shards = shards(&config.limits);
        let (bells, doors) = doors(shards)?;
        let ring = bells.clone();
        let tell = move |shard, committed| {
            ring.of(shard).ring(Knock::Journal(committed));
        };
        let writer = Arc::new(Writer::start(Box::new(journal), Box::new(tell))?);
        let (questions, to_answer) = mpsc::channel();
        let reader = reader::start(Box::new(reader), to_answer, bells.clone(), meters.clone())?;
        let revocations = Revocations::open(&config.data, &config.limits).map_err(StartError::Revocations)?;
        let verifier = Verifier::start(&config.trust, &config.limits, Arc::new(revocations))?;
        let health = Arc::new(Health::default());
        let addresses = Addresses::new(&config.limits);
        let cluster = config.cluster.as_ref().map(|place| cluster::start(place, &config.limits)).transpose()?;
        let (guests, token_in_query) = (config.guests, config.token_in_query);
        let anonymous = config.mode == Mode::Compat;
        let callers = Callers { origins: config.origins.clone(), guests, anonymous, token_in_query };
        let (to_cold, handed_over) = tokio::sync::mpsc::unbounded_channel();
        let cold = Cold {
            bells: bells.clone(),
            kinds: kinds.clone(),
            verifier: verifier.clone(),
            guests: config.guests,
            mode: config.mode,
            callers: callers.clone(),
            turns: Arc::new(Semaphore::new(config.limits.calls)),
            limits: config.limits.clone(),
            names: Arc::default(),
            lists: Arc::new(Mutex::new(lists)),
            writer: writer.clone(),
            health: health.clone(),
            addresses: addresses.clone(),
            meters: meters.clone(),
            cluster: cluster.clone(),
            data: config.data.clone(),
            address,
        };
        let cold = http::start(cold, handed_over)?;
        let (mut listener, mut netstrings) = (Some(listener), netstrings);
        let mut loops = Vec::new();
        for (shard, (poll, knocks)) in (0..).zip(doors) {
            let place = Place { shard: ShardId(shard), shards };
            let mut listener = listener.take();
            if let Some(listener) = &mut listener {
                poll.registry().register(listener, LISTENER, Interest::READABLE)?;
            }
            let mut netstrings = netstrings.take();
            if let Some(netstrings) = &mut netstrings {
                poll.registry().register(netstrings, NETSTRINGS, Interest::READABLE)?;
            }
            let bell = bells.of(place.shard);
            let (kinds, limits) = (kinds.clone(), config.limits.clone());
            let jobs = Jobs::new(kinds.clone(), bell.clone());
            let models = Models::new(kinds.clone(), bell.clone(), limits.clone());
            let bots = kinds.bots().clone();
            let settings = Settings {
                kinds,
                limits,
                place,
                server: NAME.to_owned(),
                second: config.second,
                mode: config.mode,
                tracks: cluster.is_some(),
                planted: None,
            };
            let parts = Parts {
                place,
                listener,
                netstrings,
                poll,
                knocks,
                writer: writer.clone(),
                questions: questions.clone(),
                bells: bells.clone(),
                cold: to_cold.clone(),
                verifier: verifier.clone(),
                guests: Guests::new(place, &config.trust),
                welcomes_guests: config.guests,
                mode: config.mode,
                callers: callers.clone(),
                jobs,
                models,
                bots,
                shard: Shard::new(settings),
                addresses: addresses.clone(),
                meters: meters.clone(),
                cluster: cluster.clone(),
                health: health.clone(),
            };
            loops.push(run_loop(parts)?);
        }
        Ok(Self { address, laneya, bells, loops, cold, reader, writer, cluster })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for clients of the dialect `laneya`, if it does.
    pub fn laneya(&self) -> Option<SocketAddr> {
        self.laneya
    }

    /// Something that ends this server in good order when called, from any thread; calling it twice does no harm.
    pub fn drainer(&self) -> impl Fn() + Send + 'static + use<> {
        let bells = self.bells.clone();
        move || {
            for bell in bells.iter() {
                // If a loop has ended there is nothing left to end.
                bell.ring(Knock::Drain);
            }
        }
    }

    /// Waits until it has ended. An error says why it could not go on.
    pub fn wait(self) -> Result<(), String> {
        let Self { bells, loops, cold, reader, writer, cluster, .. } = self;
        let ends: Vec<Result<(), String>> = loops
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err("an event loop ended without a word".to_owned())))
            .collect();
        drop(bells);
        if let Some(cluster) = cluster {
            cluster.end();
        }
        // The loops held the senders that both wait for.
        let _ = (cold.join(), reader.join());
        if let Ok(writer) = Arc::try_unwrap(writer) {
            writer.stop();
        }
        ends.into_iter().collect()
    }
}

/// Listens where netstrings are spoken. That something else listens there is no reason not to start, unless it was asked for.
fn netstrings(config: &Config) -> Result<Option<TcpListener>, StartError> {
    let Some(laneya) = &config.laneya else { return Ok(None) };
    match TcpListener::bind(laneya.listen) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if laneya.is_needed => Err(StartError::Listen(laneya.listen, error)),
        Err(_) => Ok(None),
    }
}

/// How many shards there are to be.
fn shards(limits: &Limits) -> u16 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let count = if limits.shards == 0 { cores } else { limits.shards };
    u16::try_from(count).unwrap_or(SHARDS_MAX).clamp(1, SHARDS_MAX)
}

/// More than the configuration allows is of no use on a larger machine either.
const SHARDS_MAX: u16 = 64;

type Door = (Poll, mpsc::Receiver<Knock>);

/// A bell and a door for each loop.
fn doors(shards: u16) -> io::Result<(Bells, Vec<Door>)> {
    let (mut bells, mut doors) = (Vec::new(), Vec::new());
    for _ in 0..shards {
        let poll = Poll::new()?;
        let (knocks, door) = mpsc::channel();
        bells.push(Bell { knocks, waker: Arc::new(Waker::new(poll.registry(), WAKER)?) });
        doors.push((poll, door));
    }
    Ok((Bells(bells.into()), doors))
}

/// One loop on a thread of its own. If it cannot go on, neither do the others.
fn run_loop(parts: Parts) -> io::Result<JoinHandle<Result<(), String>>> {
    let bells = parts.bells.clone();
    thread::Builder::new().name(format!("loop-{}", parts.place.shard.0)).spawn(move || {
        let end = catch_unwind(AssertUnwindSafe(|| Drive::new(parts).run()))
            .unwrap_or_else(|_| Err("an event loop panicked; everything acknowledged is in the journal".to_owned()));
        if let Err(why) = &end {
            for bell in bells.iter() {
                bell.ring(Knock::Bail(why.clone()));
            }
        }
        end
    })
}
