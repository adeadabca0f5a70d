//! What a player sees: the room when it is their turn, what they may do by number, what others do as it happens, and a prompt.

use crate::cli::exit::Failed;
use crate::cli::names::Names;
use crate::cli::paint::{bold, dim, yellow};
use crate::cli::show::{action, outline, print, print_now, words};
use serde_json::{Value, json};
use std::io::{self, IsTerminal};

/// So many actions are listed; a room with more is played by typing them.
const LISTED: usize = 40;

pub(super) struct Screen {
    is_terminal: bool,
    has_prompt: bool,
    /// What was shown of the room's configuration: it never changes, so once is enough.
    config: Value,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stdout().is_terminal() && io::stdin().is_terminal(), has_prompt: false, config: Value::Null }
    }

    /// The room as this seat sees it.
    pub(super) fn view(&mut self, head: &str, view: &Value) -> Result<(), Failed> {
        let mut shown = Names::of(view).put_into(view);
        if let Some(fields) = shown.as_object_mut()
            && let Some(config) = fields.remove("config")
            && self.config != config
        {
            self.config = config.clone();
            fields.insert("config".to_owned(), config);
        }
        self.put(&format!("\n{}\n{}", bold(&format!("── {head} ──")), outline(&shown)))
    }

    /// The next view is shown with everything in it.
    pub(super) fn forget(&mut self) {
        self.config = Value::Null;
    }

    /// What may be done, by number.
    pub(super) fn legal(&mut self, view: &Value, legal: &[Value]) -> Result<(), Failed> {
        let names = Names::of(view);
        let mut text = String::new();
        for (number, value) in legal.iter().take(LISTED).enumerate() {
            text.push_str(&format!("  {:>2}  {}\n", number + 1, action(&names.put_into(value))));
        }
        if legal.len() > LISTED {
            text.push_str(&format!("  … and {} more: type {{..}} for one of them\n", legal.len() - LISTED));
        }
        self.put(&text)
    }

    /// What happened in the room.
    pub(super) fn event(&mut self, seat: Option<u32>, view: &Value, kind: &str, payload: &Value) -> Result<(), Failed> {
        let mut told = Names::of(view).put_into(payload);
        if !told.is_object() {
            return self.put(&format!("* {}\n", words(kind)));
        }
        told["type"] = json!(kind);
        let who = who(&mut told, seat);
        self.put(&format!("* {who}{}\n", action(&told)))
    }

    /// Something beside the game.
    pub(super) fn aside(&mut self, text: &str) -> Result<(), Failed> {
        self.put(&format!("{}\n", dim(text)))
    }

    /// An answer to what was typed.
    pub(super) fn answer(&mut self, text: &str) -> Result<(), Failed> {
        self.unprompt()?;
        say!("{}", if self.is_terminal { yellow(text) } else { text.to_owned() });
        Ok(())
    }

    /// Where the next line is typed.
    pub(super) fn prompt(&mut self, is_your_turn: bool) -> Result<(), Failed> {
        if !self.is_terminal || self.has_prompt {
            return Ok(());
        }
        self.has_prompt = true;
        print_now(&if is_your_turn { bold("your move> ") } else { dim("(waiting) ") })
    }

    /// The prompt's line has been entered.
    pub(super) fn entered(&mut self) {
        self.has_prompt = false;
    }

    pub(super) fn unprompt(&mut self) -> Result<(), Failed> {
        if std::mem::take(&mut self.has_prompt) { print_now("\r\x1b[K") } else { Ok(()) }
    }

    fn put(&mut self, text: &str) -> Result<(), Failed> {
        self.unprompt()?;
        print(text)
    }
}

/// Who did it, taken out of the rest: rules call the seat so that acted `by` or `seat`.
fn who(told: &mut Value, seat: Option<u32>) -> String {
    let Some(fields) = told.as_object_mut() else { return String::new() };
    let Some(key) = ["by", "seat"].into_iter().find(|key| fields.get(*key).is_some_and(Value::is_u64)) else {
        return String::new();
    };
    match fields.remove(key).and_then(|number| number.as_u64()) {
        Some(number) if seat.is_some_and(|seat| u64::from(seat) == number) => "you: ".to_owned(),
        Some(number) => format!("seat {number}: "),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_it_comes_first_and_only_once() {
        let mut told = json!({"seat": 1, "count": 2});
        assert_eq!((who(&mut told, Some(0)), told), ("seat 1: ".to_owned(), json!({"count": 2})));
        let mut told = json!({"by": 0, "seat": 1});
        assert_eq!((who(&mut told, Some(0)), told), ("you: ".to_owned(), json!({"seat": 1})));
        assert_eq!(who(&mut json!({"by": "ada"}), Some(0)), "");
    }
}
