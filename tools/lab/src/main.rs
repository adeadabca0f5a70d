//! `parlour` with other rooms: small ones that show to the front-door tests what the apps do not.

mod rooms;

use std::process::ExitCode;

fn main() -> ExitCode {
    parlour::Parlour::new().room::<rooms::pad::Pad>().room::<rooms::lounge::Lounge>().run()
}
