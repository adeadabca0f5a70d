//! The command line.

use super::config::Flags;
use super::remote::duration;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Authoritative real-time rooms: hidden information, durable before shown, replayable.
#[derive(Debug, Parser)]
#[command(name = "parlour", version, max_term_width = 100, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour what is printed; NO_COLOR is heeded too
    #[arg(long, global = true, value_enum, default_value_t, value_name = "auto|always|never", hide_possible_values = true)]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
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
        after_help = "Examples:\n  parlour rooms create cards --id table-1 --bot 1=lookahead\n  parlour rooms ls --output json"
    )]
    Rooms {
        #[command(subcommand)]
        verb: Rooms,
    },
    /// Play in a terminal; a bot takes the other seat
    #[command(after_help = "Examples:\n  parlour play cards\n  parlour play cards --room table-1 --no-bot\n\n\
        Without --room a new room is opened. The same command with --room brings you back to your seat, also after Ctrl-C, a \
        lost connection or a restart of the server.")]
    Play(Play),
    /// Watch a room as it goes on
    #[command(after_help = "Examples:\n  parlour watch table-1\n  parlour watch table-1 --output ndjson | jq .type\n\n\
        Ends when the room has ended. When the connection is lost it comes back and goes on without a gap.\n\
        As NDJSON: the server's own frames, and before them {\"type\":\"joined\",\"resumed\":..} each time it connects.\n\
        You see what a spectator sees; with --as what your own seat sees, and nobody else's. Everything, --all, is only in \
        the journal: for whoever runs the server, with --data.")]
    Watch(Watch),
    /// Take one action in a room and print its answer
    #[command(after_help = "Examples:\n  parlour call table-1 end_turn\n  \
        parlour call table-1 attack '{\"attack\": 0}' --as 1 --id turn-7 --wait 10s\n\n\
        Ends with 0 when it was applied, 4 when it was refused. With the same --id it counts once, however often it is sent.")]
    Call(Call),
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
    /// Ask a server how it is; for health checks
    #[command(after_help = "Examples:\n  parlour health\n  parlour health --ready --timeout 2s\n\n\
        Ends with 0 if it is well, 6 if nothing is there, 7 if it is not ready or does not answer.")]
    Health(Health),
    /// Look for what would trouble a server on this machine
    #[command(
        after_help = "Examples:\n  parlour doctor\n  parlour doctor --data /var/lib/parlour --config /etc/parlour.toml\n\n\
        Checks the configuration, open files, the clock, the data folder and its disk, the port, and the journal, of which it \
        verifies the newest rooms. Writes nothing but one small file that it removes. Ends with 8 if a check failed."
    )]
    Doctor(Doctor),
    /// Print what your shell needs to complete these commands
    #[command(after_help = "Examples:\n  parlour completions bash > ~/.local/share/bash-completion/completions/parlour\n  \
        parlour completions zsh > ~/.zfunc/_parlour")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Say which Parlour this is
    #[command(after_help = "Examples:\n  parlour version\n  parlour version --json")]
    Version {
        /// As one JSON object, with the kinds of rooms it has
        #[arg(long)]
        json: bool,
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
    /// Where to listen for clients of the dialect laneya, on plain TCP [env: PARLOUR_LANEYA__LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) laneya: Option<SocketAddr>,
    /// Speak every dialect with the quirks of the system it comes from, for its old clients
    #[arg(long)]
    pub(crate) compat: bool,
    /// Where to keep count of who is connected: alone (in memory), or redis://HOST [env: PARLOUR_CLUSTER]
    #[arg(long, value_name = "WHERE")]
    pub(crate) cluster: Option<String>,
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
        Flags { config: self.config.as_deref(), data: self.data.as_deref(), ..Flags::default() }
    }
}

/// Where commands look for a server unless told otherwise.
pub(crate) const SERVER: &str = "http://127.0.0.1:7350";

/// Which server, and as whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct Remote {
    /// The server's address
    #[arg(long, value_name = "URL", env = "PARLOUR_SERVER", default_value = SERVER)]
    pub(crate) server: String,
    /// How long it may take to answer: 500ms, 5s, 2m
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    pub(crate) timeout: Duration,
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
    #[arg(long, short, value_enum, default_value_t, value_name = "table|json|ndjson", hide_possible_values = true)]
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

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The room
    pub(crate) room: String,
    /// See what this seat sees; it must be yours
    #[arg(long = "as", value_name = "SEAT", conflicts_with = "all")]
    pub(crate) seat: Option<u32>,
    /// See what every seat sees; needs --data
    #[arg(long)]
    pub(crate) all: bool,
    /// Go on after this position, as an earlier watch printed it
    #[arg(long, value_name = "POSITION", conflicts_with_all = ["all", "data"])]
    pub(crate) after: Option<String>,
    /// How to print it [default: table on a terminal, else ndjson]
    #[arg(long, short, value_parser = watched, value_name = "table|ndjson")]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) remote: Remote,
    #[command(flatten)]
    pub(crate) offline: Offline,
}

/// A room that goes on is never one JSON value.
fn watched(text: &str) -> Result<Format, String> {
    match text {
        "table" => Ok(Format::Table),
        "ndjson" => Ok(Format::Ndjson),
        _ => Err("write table or ndjson".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The room
    pub(crate) room: String,
    /// The action's name, as the kind's schema has it
    pub(crate) action: String,
    /// Its fields, JSON
    #[arg(value_name = "JSON", default_value = "{}")]
    pub(crate) fields: String,
    /// Only on this seat: it must be yours, or free with --join
    #[arg(long = "as", value_name = "SEAT")]
    pub(crate) seat: Option<u32>,
    /// Sit down first if you hold no seat
    #[arg(long)]
    pub(crate) join: bool,
    /// The message id, under which it counts once [default: a new one]
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// For how long to try again where that can help: no connection, too much at a time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    #[command(flatten)]
    pub(crate) remote: Remote,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Debug, Args)]
pub(crate) struct Health {
    /// Ask whether it takes work, not only whether it lives
    #[arg(long)]
    pub(crate) ready: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// How many of the newest rooms to verify
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) rooms: usize,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shown: Shown,
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
