//! Asks bots. A program answers at once; a model is asked on a thread of its own, so many at a time.

use crate::bell::{Bell, Knock};
use crate::voice::tell;
use parlour_engine::io::AskBot;
use parlour_engine::limits::Limits;
use parlour_engine::schema::Kinds;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// The models that are being asked.
pub(crate) struct Models {
    kinds: Kinds,
    bell: Bell,
    asking: usize,
    waiting: VecDeque<AskBot>,
    limits: Limits,
}

impl Models {
    pub(crate) fn new(kinds: Kinds, bell: Bell, limits: Limits) -> Self {
        Self { kinds, bell, asking: 0, waiting: VecDeque::new(), limits }
    }

    /// Asks a model, now or when another has answered. What it says is told at the loop's door; nothing at all where too many
    /// wait.
    /// Gives the question back if its bot is no model.
    pub(crate) fn ask(&mut self, ask: AskBot) -> Result<(), AskBot> {
        if self.kinds.bots().model(&ask.bot).is_none() {
            return Err(ask);
        }
        if self.waiting.len() >= self.limits.models_waiting {
            self.bell.ring(Knock::BotAnswer { ask: ask.ask, action: String::new(), was_asked: false });
        } else {
            self.waiting.push_back(ask);
            self.ask_next();
        }
        Ok(())
    }

    /// One has answered.
    pub(crate) fn has_answered(&mut self) {
        self.asking = self.asking.saturating_sub(1);
        self.ask_next();
    }

    fn ask_next(&mut self) {
        while self.asking < self.limits.models_asked
            && let Some(ask) = self.waiting.pop_front()
        {
            let Some(model) = self.kinds.bots().model(&ask.bot).cloned() else { continue };
            let (id, bell) = (ask.ask, self.bell.clone());
            let choose = move || {
                let chosen = catch_unwind(AssertUnwindSafe(|| model.choose(&ask.view, &ask.legal)));
                let chosen = chosen.unwrap_or_else(|_| Err("it panicked".to_owned()));
                let action = chosen.unwrap_or_else(|why| {
                    tell(&format!("bot {}: {why}", ask.bot));
                    String::new()
                });
                // If the loop has ended nobody wants it.
                bell.ring(Knock::BotAnswer { ask: id, action, was_asked: true });
            };
            if thread::Builder::new().name("model".to_owned()).spawn(choose).is_ok() {
                self.asking += 1;
            } else {
                self.bell.ring(Knock::BotAnswer { ask: id, action: String::new(), was_asked: false });
            }
        }
    }
}
