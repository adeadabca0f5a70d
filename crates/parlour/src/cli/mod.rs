//! The command line of every Parlour server: data to stdout, words to stderr, exit codes as documented in `exit`.

/// Words for people, on stderr. Nobody may be there to read them: that ends no command.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

/// What a server says of itself on stdout, if anybody listens.
macro_rules! banner {
    ($($words:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod args;
mod call;
mod config;
mod doctor;
pub(crate) mod exit;
mod health;
mod journal;
mod link;
mod mirror;
mod names;
mod paint;
mod play;
mod remote;
mod replay;
mod rooms;
mod seat;
mod serve;
mod show;
mod standing;
mod stop;
mod token;
mod watch;

use crate::Makers;
use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use exit::Exit;
use parlour_engine::schema::Kinds;

/// Does what the command line says.
pub(crate) fn run(kinds: &Kinds, makers: &Makers) -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows where each is printed.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    paint::choose(cli.color);
    let done = config::check_names().and_then(|()| match cli.command {
        Command::Demo(serving) => serve::demo(kinds, makers, &serving),
        Command::Serve(serving) => serve::serve(kinds, makers, &serving),
        Command::Rooms { verb } => rooms::run(kinds, verb),
        Command::Play(play) => play::run(kinds, &play),
        Command::Watch(watch) => watch::run(kinds, &watch),
        Command::Call(call) => call::run(&call),
        Command::Token { verb } => token::run(verb),
        Command::Health(health) => health::run(&health),
        Command::Doctor(doctor) => doctor::run(kinds, &doctor),
        Command::Completions { shell } => completions(shell),
        Command::Version { json } => health::version(kinds, json),
        Command::Config { verb } => config::run(verb),
        Command::Replay(replay) => replay::run(kinds, &replay),
        Command::Journal { verb } => journal::run(kinds, verb),
    });
    match done {
        Ok(()) => Exit::Ok,
        Err(failed) => {
            if !failed.why.is_empty() {
                say!("parlour: {}", failed.why);
            }
            failed.exit
        }
    }
}

fn completions(shell: clap_complete::Shell) -> Result<(), exit::Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "parlour", &mut script);
    show::print(&String::from_utf8_lossy(&script))
}
