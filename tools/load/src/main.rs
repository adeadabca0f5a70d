//! What a whole server costs that is played through sockets, held against a server that does nothing but receive, read, write
//! and send. Both are pinned to one core and the load to another, and take turns within one run: only ratios travel.
//!
//! The work: rooms of two, in each of which one says something of 120 bytes. Both hear it, who said it is told that it is done
//! and kept, and then the other one speaks.

mod client;
mod floor;
mod frame;
mod server;
mod work;

use clap::{Args, Parser, Subcommand};
use server::Server;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use work::{Figures, Plan};

/// Why it stopped.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    fn of(what: &str) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |cause| Self(format!("{what}: {cause}"))
    }
}

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measures a server and the floor in turns
    Run(Run),
    /// The floor: a server that keeps nothing and knows no rules
    Floor {
        /// Where to listen
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: std::net::SocketAddr,
    },
}

#[derive(Args)]
struct Run {
    /// The binary of the server
    #[arg(long, value_name = "FILE", default_value = "target/release/parlour")]
    server: PathBuf,
    /// Rooms of two that speak at one time
    #[arg(long, default_value_t = 200)]
    rooms: usize,
    /// Who hears what is said in one room
    #[arg(long, default_value_t = 500)]
    listeners: usize,
    /// Connections that only are there
    #[arg(long, default_value_t = 2000)]
    idle: usize,
    /// Actions a second of the paced part
    #[arg(long, default_value_t = 1000)]
    pace: u32,
    /// Seconds of each part of a round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds, of which the middle one counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Run(run) => measure(&run),
        Verb::Floor { listen } => floor::serve(listen),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(why)) => {
            eprintln!("parlour-load: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(run: &Run) -> Result<(), Failure> {
    server::pin(std::process::id(), server::LOAD_CORE)?;
    let plan = Plan {
        rooms: run.rooms.max(1),
        listeners: run.listeners.max(1),
        idle: run.idle.max(1),
        pace: run.pace.max(1),
        lasts: Duration::from_secs(run.seconds.max(1)),
    };
    let (mut floors, mut servers) = (Vec::new(), Vec::new());
    for round in 1..=run.rounds.max(1) {
        floors.push(work::measure(&mut Server::floor()?, &plan)?);
        servers.push(work::measure(&mut Server::parlour(&run.server)?, &plan)?);
        println!("round {round}: floor {}\n         server {}", floors[round - 1], servers[round - 1]);
    }
    let (floor, server) = (Figures::middle(&floors), Figures::middle(&servers));
    println!("\n{}", work::table(&plan, &floor, &server));
    Ok(())
}
