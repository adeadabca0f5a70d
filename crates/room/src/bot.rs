//! Programs that sit on a seat. A bot is given what its seat may see and nothing else, and its action goes the same way as
//! anybody's.

use crate::dice::Dice;

/// What a bot is asked: to pick one of its legal actions.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What its seat may know, JSON.
    pub view: &'a str,
    /// What its seat may do, each as JSON; never empty.
    pub legal: &'a [String],
}

/// A program that plays.
pub trait Bot: Send {
    /// Picks one of `ask.legal`.
    fn choose<'a>(&mut self, ask: Ask<'a>, dice: &mut Dice) -> &'a str;
}

/// Takes any legal action, each equally likely.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomBot;

impl Bot for RandomBot {
    fn choose<'a>(&mut self, ask: Ask<'a>, dice: &mut Dice) -> &'a str {
        dice.pick(ask.legal).expect("a bot is asked only when something is legal")
    }
}

/// The bots that every server has, by name.
pub fn named(name: &str) -> Option<Box<dyn Bot>> {
    match name {
        "random" => Some(Box::new(RandomBot)),
        _ => None,
    }
}

/// The names that [`named`] knows.
pub const NAMES: &[&str] = &["random"];
