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
    /// What [`Room::promise`](crate::Room::promise) says of each, by the view alone; empty where the bot does not look ahead.
    pub promises: &'a [i64],
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

/// Takes the action that promises most; of equals any. Of a kind that promises nothing it takes any legal action.
///
/// It simulates nothing: a room's future depends on what the bot may not know, so all it goes by is what the rules' author says
/// of an action to somebody who sees this view.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookaheadBot;

impl Bot for LookaheadBot {
    fn choose<'a>(&mut self, ask: Ask<'a>, dice: &mut Dice) -> &'a str {
        let best = ask.promises.iter().max();
        let promising: Vec<&'a String> =
            ask.legal.iter().zip(ask.promises).filter(|(_, promise)| Some(*promise) == best).map(|(action, _)| action).collect();
        match dice.pick(&promising) {
            Some(action) => action,
            None => RandomBot.choose(ask, dice),
        }
    }
}

/// The bots that every server has, by name.
pub fn named(name: &str) -> Option<Box<dyn Bot>> {
    match name {
        "random" => Some(Box::new(RandomBot)),
        LOOKAHEAD => Some(Box::new(LookaheadBot)),
        _ => None,
    }
}

/// The name of [`LookaheadBot`].
const LOOKAHEAD: &str = "lookahead";

/// The names that [`named`] knows.
pub const NAMES: &[&str] = &["random", LOOKAHEAD];

/// Whether this bot goes by [`Ask::promises`].
pub fn looks_ahead(name: &str) -> bool {
    name == LOOKAHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lookahead_bot_takes_what_promises_most_and_of_equals_any() {
        let legal = ["a", "b", "c", "d"].map(str::to_owned);
        let mut dice = Dice::from_number(1);
        let mut choose = |promises: &[i64]| {
            let taken = (0..40).map(|_| LookaheadBot.choose(Ask { view: "{}", legal: &legal, promises }, &mut dice));
            taken.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<String>()
        };
        assert_eq!(choose(&[-3, 7, 2, 7]), "bd");
        assert_eq!(choose(&[-3, -7, -5, -9]), "a");
        assert_eq!(choose(&[]), "abcd", "without promises any action is as good as another");
    }
}
