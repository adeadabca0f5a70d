//! Three attributes that write what every room would repeat: `kept` for what is kept, `wire` for what crosses the wire,
//! `room` for the rules. They write plain derives and associated types, nothing an author could not write by hand.
//!
//! They are used through `parlour_room` (or `parlour`), by name: what they write begins with the module of the same name, which
//! `use parlour::*;` or `use parlour::{kept, room, wire};` imports along with the attribute. So an author's crate depends on
//! nothing but `parlour`.

mod kept;
mod room;
mod wire;

use proc_macro::TokenStream;

/// A type that is kept: derives `Clone`, `Serialize` and `Deserialize`, with names in snake_case, and refuses fields it does not
/// know.
///
/// Derives that the type asks for itself stay, and what is derived by hand is not derived twice.
#[proc_macro_attribute]
pub fn kept(arguments: TokenStream, item: TokenStream) -> TokenStream {
    kept::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A type that crosses the wire: derives `Clone`, `Debug`, `PartialEq`, `Eq`, `Serialize`, `Deserialize` and `JsonSchema`, with
/// names in snake_case.
///
/// What it is for says the rest: `#[wire(action)]` and `#[wire(pulse)]` (an enum tagged by `type`; unknown fields are refused),
/// `#[wire(event)]` (an enum tagged by `type`), `#[wire(refusal)]` (an enum tagged by `code`, whose text for people is each
/// variant's doc comment, with `{field}` for a field), `#[wire(config)]` (a struct; unknown fields are refused), and plain
/// `#[wire]` for everything inside these and for views.
#[proc_macro_attribute]
pub fn wire(arguments: TokenStream, item: TokenStream) -> TokenStream {
    wire::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// On `impl Room for X`: fills in what was left out. `KIND` is the type's name in snake_case, `RULES` is 1; `Config`, `Action`,
/// `View` and `Refusal` are read off the methods; `Event` is the type of that name; `World` is `Timed<S>` if there is a
/// `signal` that takes an `S`, and `Alone` if there is none.
#[proc_macro_attribute]
pub fn room(arguments: TokenStream, item: TokenStream) -> TokenStream {
    room::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
