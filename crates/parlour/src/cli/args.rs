//! The command line.

use super::config::Flags;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Authoritative real-time rooms: hidden information, durable before shown, replayable.
#[derive(Debug, Parser)]
#[command(name = "parlour", version, max_term_width = 100, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything on this machine, with guests welcome
    #[command(after_help = "Examples:\n  parlour demo\n  parlour demo --listen 127.0.0.1:8000 --data /tmp/try-it")]
    Demo(Serving),
    /// Start a server for others
    #[command(after_help = "Examples:\n  parlour serve\n  \
        PARLOUR_AUTH__JWT__SECRET_FILE=/run/secrets/jwt parlour serve --listen 0.0.0.0:7350")]
    Serve(Serving),
    /// List, open, show and close rooms
    #[command(
        after_help = "Examples:\n  parlour rooms create cards --id table-1 --bot 1=random\n  parlour rooms ls --output json"
    )]
    Rooms {
        #[command(subcommand)]
        verb: Rooms,
    },
    /// Play in a terminal; a bot takes the other seat
    #[command(after_help = "Examples:\n  parlour play cards\n  parlour play cards --room table-1 --no-bot")]
    Play(Play),
    /// Make tokens for clients
    #[command(after_help = "Examples:\n  parlour token mint --sub ada\n  parlour token mint --sub root --role admin --ttl 3600")]
    Token {
        #[command(subcommand)]
        verb: Token,
    },
    /// Check, show and document the settings of a server
    #[command(after_help = "Examples:\n  parlour config check /etc/parlour.toml\n  parlour config print --origin\n\n\
        Settings come from flags, then the environment, then parlour.toml, then defaults.")]
    Config {
        #[command(subcommand)]
        verb: Config,
    },
    /// Play a room again from its journal
    #[command(after_help = "Examples:\n  parlour replay table-1 --as 0 --data parlour-data\n  \
        parlour replay table-1 --verify --data parlour-data\n\n\
        Prints one JSON object a line: with --as what that seat was told and its view in the end, without it every record.\n\
        With --verify it says whether every record plays as it was recorded; if not, it names the record and exits with 8.")]
    Replay(Replay),
    /// Verify, measure and export a journal
    #[command(after_help = "Examples:\n  parlour journal verify --data parlour-data\n  parlour journal stat --output json\n\n\
        It is read where it lies, whether a server is writing it or not.")]
    Journal {
        #[command(subcommand)]
        verb: super::journal::Journal,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Serving {
    /// Where to listen [env: PARLOUR_LISTEN] [default: 127.0.0.1:7350]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Which server, seen from its own machine.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The server's data folder [env: PARLOUR_DATA] [default: parlour-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Its configuration file [env: PARLOUR_CONFIG] [default: parlour.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl Place {
    /// What these flags say of the settings.
    pub(crate) fn flags(&self) -> Flags<'_> {
        Flags { config: self.config.as_deref(), data: self.data.as_deref(), listen: None }
    }
}

/// Which server, and as whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct Remote {
    /// The server's address
    #[arg(long, value_name = "URL", env = "PARLOUR_SERVER", default_value = "http://127.0.0.1:7350")]
    pub(crate) server: String,
    /// Who you are; `parlour token mint` makes one
    #[arg(long, value_name = "JWT", env = "PARLOUR_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// Which journal, if no server is to be asked.
#[derive(Debug, Args)]
pub(crate) struct Offline {
    /// Read the journal in this folder instead of asking a server
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// One JSON value
    Json,
    /// One JSON value a line
    Ndjson,
}

#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// How to print it
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rooms {
    /// List rooms
    #[command(after_help = "Examples:\n  parlour rooms ls\n  parlour rooms ls --data parlour-data --output json")]
    Ls {
        #[command(flatten)]
        remote: Remote,
        #[command(flatten)]
        offline: Offline,
        #[command(flatten)]
        shown: Shown,
    },
    /// Open a room
    #[command(after_help = "Examples:\n  parlour rooms create cards --id table-1 --bot 1=random\n  \
            parlour rooms create cards --config '{\"turn_limit\": 20}' -o json")]
    Create {
        /// The kind of room
        kind: String,
        /// Its name; made up if there is none
        #[arg(long, value_name = "NAME")]
        id: Option<String>,
        /// Its configuration, JSON
        #[arg(long, value_name = "JSON")]
        config: Option<String>,
        /// A bot and its seat
        #[arg(long, value_name = "SEAT=BOT")]
        bot: Vec<String>,
        #[command(flatten)]
        remote: Remote,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show a room as a spectator sees it
    #[command(after_help = "Examples:\n  parlour rooms show table-1\n  parlour rooms show table-1 --data parlour-data -o json")]
    Show {
        /// The room
        room: String,
        #[command(flatten)]
        remote: Remote,
        #[command(flatten)]
        offline: Offline,
        #[command(flatten)]
        shown: Shown,
    },
    /// End a room
    #[command(after_help = "Examples:\n  parlour rooms close table-1\n  PARLOUR_TOKEN=$ADMIN parlour rooms close table-1")]
    Close {
        /// The room
        room: String,
        #[command(flatten)]
        remote: Remote,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Play {
    /// The kind of room
    pub(crate) kind: String,
    /// The room; opened if it is not there
    #[arg(long, value_name = "NAME")]
    pub(crate) room: Option<String>,
    /// The seat you want [default: the first free one]
    #[arg(long)]
    pub(crate) seat: Option<u32>,
    /// Its configuration if it is opened, JSON
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) config: String,
    /// Leave the other seat to a person
    #[arg(long)]
    pub(crate) no_bot: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it
    #[command(after_help = "Examples:\n  parlour token mint --sub ada\n  \
            parlour token mint --sub root --role admin --ttl 3600 --data /var/lib/parlour")]
    Mint {
        /// Who it is for: the user's id
        #[arg(long, value_name = "NAME")]
        sub: String,
        /// What it allows
        #[arg(long, value_parser = ["player", "spectator", "admin"])]
        role: Option<String>,
        /// What others may call them [default: their id]
        #[arg(long)]
        name: Option<String>,
        /// For how many seconds it is valid; negative for one that has expired
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400, allow_negative_numbers = true)]
        ttl: i64,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Say whether a server would start with these settings
    #[command(after_help = "Examples:\n  parlour config check\n  parlour config check deploy/parlour.toml")]
    Check {
        /// The file [env: PARLOUR_CONFIG] [default: parlour.toml, if it is there]
        file: Option<PathBuf>,
    },
    /// Show every setting that counts; secrets are masked
    #[command(after_help = "Examples:\n  parlour config print --origin\n  parlour config print deploy/parlour.toml -o json")]
    Print {
        /// The file [env: PARLOUR_CONFIG] [default: parlour.toml, if it is there]
        file: Option<PathBuf>,
        /// Where each value is from: default, a line of the file, a variable
        #[arg(long)]
        origin: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Print the page of the documentation that lists every setting, in Markdown
    #[command(after_help = "Examples:\n  parlour config docs | less\n  parlour config docs > docs/configuration.md")]
    Docs,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The room
    pub(crate) room: String,
    /// Stop after this record
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) at: Option<u64>,
    /// Through whose eyes: a seat's number, or spectator
    #[arg(long = "as", value_name = "SEAT")]
    pub(crate) eyes: Option<String>,
    /// Only say whether everything plays as it was recorded
    #[arg(long, conflicts_with_all = ["at", "eyes"])]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
    #[command(flatten)]
    pub(crate) offline: Offline,
}
