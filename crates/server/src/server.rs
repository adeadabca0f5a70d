//! Starts the threads of a server and ends them: the loop, the journal's writer and reader, and the cold path.

use crate::auth::Verifier;
use crate::bell::{Bell, Health, Knock, ToRead};
use crate::config::Config;
use crate::drive::{Drive, LISTENER, Parts, WAKER};
use crate::guests::Guests;
use crate::http::{self, Cold};
use crate::jobs::Jobs;
use crate::journal::{OpenError, Reader, SqliteJournal, Writer};
use crate::models::Models;
use mio::net::TcpListener;
use mio::{Interest, Poll, Waker};
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Settings, Shard};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

/// What the server calls itself.
pub const NAME: &str = concat!("parlour/", env!("CARGO_PKG_VERSION"));

/// A server that runs.
pub struct Server {
    address: SocketAddr,
    bell: Bell,
    main: JoinHandle<Result<(), String>>,
    cold: JoinHandle<()>,
    reader: JoinHandle<()>,
    writer: Arc<Writer>,
}

/// Why a server could not start.
#[derive(Debug)]
pub enum StartError {
    /// The journal cannot be opened.
    Journal(OpenError),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// The system refused something else.
    System(io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Journal(error) => write!(f, "{error}"),
            StartError::Listen(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "{address} is in use: stop what listens there, or choose another with --listen")
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
        let journal = SqliteJournal::open(&config.data, &config.limits).map_err(StartError::Journal)?;
        let reader = journal.reader().map_err(StartError::Journal)?;
        let lists = journal.reader().map_err(StartError::Journal)?;
        let listen = |error| StartError::Listen(config.listen, error);
        let mut listener = TcpListener::bind(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;

        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let (knocks, door) = mpsc::channel();
        let bell = Bell { knocks, waker: Arc::new(Waker::new(poll.registry(), WAKER)?) };
        let ring = bell.clone();
        let tell = move |committed| {
            ring.ring(Knock::Journal(committed));
        };
        let writer = Arc::new(Writer::start(Box::new(journal), Box::new(tell))?);
        let (reads, to_read) = mpsc::channel();
        let reader = read_journal(Box::new(reader), to_read, bell.clone())?;
        let verifier = Verifier::new(&config.secret, config.issuer.as_deref(), config.audience.as_deref());
        let health = Arc::new(Health::default());
        let (to_cold, handed_over) = tokio::sync::mpsc::unbounded_channel();
        let settings = Settings { kinds: kinds.clone(), limits: config.limits.clone(), server: NAME.to_owned(), planted: None };
        let parts = Parts {
            listener,
            poll,
            knocks: door,
            writer: writer.clone(),
            reads,
            cold: to_cold,
            verifier: verifier.clone(),
            guests: config.guests.then(|| Guests::new(config.secret, config.issuer, config.audience)),
            jobs: Jobs::new(kinds.clone(), bell.clone()),
            models: Models::new(kinds.clone(), bell.clone(), config.limits.clone()),
            bots: kinds.bots().clone(),
            shard: Shard::new(settings),
            health: health.clone(),
        };
        let cold = Cold {
            bell: bell.clone(),
            kinds,
            verifier,
            guests: config.guests,
            limits: config.limits,
            lists: Arc::new(Mutex::new(lists)),
            writer: writer.clone(),
            health,
            address,
        };
        let cold = http::start(cold, handed_over)?;
        let main = thread::Builder::new().name("loop".to_owned()).spawn(move || Drive::new(parts).run())?;
        Ok(Self { address, bell, main, cold, reader, writer })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Something that ends this server in good order when called, from any thread; calling it twice does no harm.
    pub fn drainer(&self) -> impl Fn() + Send + 'static + use<> {
        let bell = self.bell.clone();
        move || {
            // If the loop has ended there is nothing left to end.
            bell.ring(Knock::Drain);
        }
    }

    /// Waits until it has ended. An error says why it could not go on.
    pub fn wait(self) -> Result<(), String> {
        let Self { bell, main, cold, reader, writer, .. } = self;
        let end =
            main.join().unwrap_or_else(|_| Err("the event loop panicked; everything acknowledged is in the journal".to_owned()));
        drop(bell);
        // The loop held the senders that both wait for.
        let _ = (cold.join(), reader.join());
        if let Ok(writer) = Arc::try_unwrap(writer) {
            writer.stop();
        }
        end
    }
}

fn read_journal(reader: Box<dyn Reader>, asked: mpsc::Receiver<ToRead>, bell: Bell) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("reader".to_owned()).spawn(move || {
        for asked in asked {
            let knock = match asked {
                ToRead::Room(room) => {
                    let result = reader.load(&room);
                    Knock::Loaded { room, result }
                }
                ToRead::Look(look, lookup) => Knock::Looked { look, result: reader.look(&lookup) },
            };
            if !bell.ring(knock) {
                return;
            }
        }
    })
}
