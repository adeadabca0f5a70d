//! Who may sit on a seat besides people: programs, which answer at once, and models, which think outside the loop. Both are given
//! what their seat may see and nothing else.

use crate::bot::{self, Bot};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that plays and may take its time: it is asked on a thread of its own and may block. The room goes on meanwhile, and
/// an answer for a position that is over is dropped; so is one that comes too late.
pub trait Model: Send + Sync + 'static {
    /// Picks one of `legal`, each an action as JSON, for a seat that sees `view`, JSON. An error is for the operator; the model
    /// is asked again, and after some failures a random legal action is taken for it.
    fn choose(&self, view: &str, legal: &[String]) -> Result<String, String>;
}

type MakeBot = Arc<dyn Fn() -> Box<dyn Bot> + Send + Sync>;

/// The bots of a server, by name: those that every server has, and its own.
#[derive(Clone, Default)]
pub struct Bots {
    programs: BTreeMap<String, MakeBot>,
    models: BTreeMap<String, Arc<dyn Model>>,
}

impl Bots {
    /// With this program.
    pub fn add_program(&mut self, name: &str, make: impl Fn() -> Box<dyn Bot> + Send + Sync + 'static) {
        self.programs.insert(name.to_owned(), Arc::new(make));
    }

    /// With this model.
    pub fn add_model(&mut self, name: &str, model: impl Model) {
        self.models.insert(name.to_owned(), Arc::new(model));
    }

    /// The program of this name.
    pub fn program(&self, name: &str) -> Option<Box<dyn Bot>> {
        self.programs.get(name).map(|make| make()).or_else(|| bot::named(name))
    }

    /// The model of this name.
    pub fn model(&self, name: &str) -> Option<&Arc<dyn Model>> {
        self.models.get(name)
    }

    /// Whether there is a bot of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.models.contains_key(name) || self.program(name).is_some()
    }
}
