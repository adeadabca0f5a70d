//! A server under measurement: a process of its own on a core of its own.

use crate::Failure;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The core of the server, and that of the load.
const SERVER_CORE: &str = "0";
pub(crate) const LOAD_CORE: &str = "1";
/// Nothing of what is asked here is to be refused.
const PLENTY: &str = "1000000";
const LIMITS: [&str; 9] = [
    "CONNECTION_TOKENS",
    "CONNECTION_TOKENS_PER_S",
    "USER_TOKENS",
    "USER_TOKENS_PER_S",
    "ADDRESS_TOKENS",
    "ADDRESS_TOKENS_PER_S",
    "OPENING_TOKENS",
    "ADDRESS_OPENING_TOKENS",
    "ARRIVAL_TOKENS",
];

/// Ends with its value.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    data: Option<PathBuf>,
}

impl Server {
    /// The floor.
    pub(crate) fn floor() -> Result<Self, Failure> {
        let own = std::env::current_exe().map_err(Failure::of("cannot find this program"))?;
        let address = free()?;
        let mut command = pinned(&own);
        command.args(["floor", "--listen", &address.to_string()]);
        Self::start(command, address, None)
    }

    /// A server for guests, with a new data folder.
    pub(crate) fn parlour(binary: &Path) -> Result<Self, Failure> {
        let (address, laneya) = (free()?, free()?);
        let data = std::env::temp_dir().join(format!("parlour-load-{}", std::process::id()));
        let mut command = pinned(binary);
        command.arg("demo").args(["--listen", &address.to_string(), "--laneya", &laneya.to_string(), "--data"]).arg(&data);
        command.envs(LIMITS.map(|limit| (format!("PARLOUR_LIMITS__{limit}"), PLENTY)));
        command.envs([("PARLOUR_LIMITS__SHARDS", "1"), ("PARLOUR_LIMITS__CONNECTIONS_PER_ADDRESS", "100000")]);
        Self::start(command, address, Some(data))
    }

    fn start(mut command: Command, address: SocketAddr, data: Option<PathBuf>) -> Result<Self, Failure> {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        let child = quiet.spawn().map_err(Failure::of("cannot start a server (is `taskset` there?)"))?;
        let mut server = Self { child, address, data };
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            let ended = server.child.try_wait().map_err(Failure::of("cannot watch a server"))?;
            if let Some(status) = ended {
                return Err(Failure(format!("the server ended with {status}")));
            }
            if Instant::now() > end {
                return Err(Failure("the server does not listen".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The CPU time that all its threads have had.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).map_err(Failure::of("cannot look at a server"))?;
        let nanoseconds = |task: fs::DirEntry| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        Ok(Duration::from_nanos(tasks.flatten().filter_map(nanoseconds).sum()))
    }

    /// Its memory, in bytes.
    pub(crate) fn memory(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = fs::read_to_string(path).map_err(Failure::of("cannot look at a server"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.trim().parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| Failure("the system does not say how much memory a server has".to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(data) = &self.data {
            let _ = fs::remove_dir_all(data);
        }
    }
}

/// Keeps a process on a core.
pub(crate) fn pin(process: u32, core: &str) -> Result<(), Failure> {
    let mut command = Command::new("taskset");
    command.args(["-cp", core, &process.to_string()]).stdout(Stdio::null());
    let status = command.status().map_err(Failure::of("cannot run `taskset`, of util-linux"))?;
    if status.success() { Ok(()) } else { Err(Failure(format!("there must be two cores: `taskset` cannot use core {core}"))) }
}

fn pinned(binary: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE]).arg(binary);
    command
}

fn free() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Failure::of("cannot listen"))?;
    listener.local_addr().map_err(Failure::of("cannot listen"))
}
