//! The author's testkit: [`proof!`](crate::proof!) plays a room at random and holds it to what Parlour promises of every room.
//!
//! ```ignore
//! parlour_room::proof!(Cards); // in a test file, or beside the rules
//! ```
//!
//! makes these tests, each of them over some games of random play:
//!
//! - the same journal gives the same bytes, and the same game played twice the same journal;
//! - a crash after any record (snapshot and tail read back) changes nothing of what follows;
//! - what is hidden from a viewer changes nothing of what they receive: see [`Disguise`];
//! - nothing that decodes as an action makes the rules panic, and nothing leaves an unsound state;
//! - what [`Room::legal`] lists, [`Room::check`] lets pass;
//! - what crosses the wire is what the schema file among the tests says.
//!
//! A failure says which game it was. `PARLOUR_PROOF_SEED=<number>` plays only that game again, `PARLOUR_PROOF_GAMES=<number>`
//! as many as one likes, and `PARLOUR_PROOF_RENEW=1` writes the schema file anew.

mod crash;
mod fuzz;
mod guess;
mod leak;
mod outside;
mod scene;
mod secrets;
mod touch;

use crate::erased::{AnyKind, KindOf};
use crate::play::SignalOf;
use crate::room::{Room, World};
use crate::{Dice, Seat, Viewer};
use scene::Scene;
use std::marker::PhantomData;

/// What the testkit must know of a room: above all, what is hidden from whom.
pub trait Disguise: Room {
    /// Paths of [`Secret`](crate::Secret)s that [`disguise`](Self::disguise) leaves alone on purpose, such as
    /// `sides.*.recipe`; `*` stands for any one name or index.
    const UNTOUCHED: &'static [&'static str] = &[];

    /// Another state that this viewer cannot tell from this one: everything they may not know is something else, by these dice,
    /// and nothing they may know has changed. A room without secrets returns a clone.
    fn disguise(&self, viewer: Viewer, dice: &mut Dice) -> Self;

    /// A disguise in which `by` can also take this action, which the viewer is about to see taken: whoever plays a hidden card
    /// must hold it in the other state, too.
    fn disguise_before(&self, viewer: Viewer, _by: Seat, _action: &Self::Action, dice: &mut Dice) -> Self {
        self.disguise(viewer, dice)
    }

    /// An event without what its hearers rightly learn by it: the card that was drawn. All else of it is compared.
    fn masked(event: Self::Event) -> Self::Event {
        event
    }

    /// Whether by this action the viewer rightly learns something hidden in another way than by what [`masked`](Self::masked)
    /// takes out: a guess is answered, and the game may end by it. Then what follows the action is not compared.
    fn reveals(&self, _viewer: Viewer, _by: Seat, _action: &Self::Action) -> bool {
        false
    }

    /// A configuration for a game, JSON.
    fn config(_dice: &mut Dice) -> String {
        "{}".to_owned()
    }

    /// What a job could have answered; without, jobs stay open or come back with nonsense.
    fn result(_job: &<Self::World as World>::Job, _dice: &mut Dice) -> Option<SignalOf<Self>> {
        None
    }
}

/// Makes the tests of a room that implements [`Disguise`](crate::proof::Disguise): `proof!(Cards);`, or `proof!(name:
/// Cards);` where one file proves more than one. See [`proof`](mod@crate::proof).
#[macro_export]
macro_rules! proof {
    ($kind:ty) => {
        $crate::proof!(proven: $kind);
    };
    ($name:ident: $kind:ty) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn proof() -> $crate::proof::Proof<$kind> {
                $crate::proof::Proof::from_environment()
            }

            #[test]
            fn the_same_journal_gives_the_same_bytes() {
                proof().replays();
            }

            #[test]
            fn a_crash_after_any_record_changes_nothing() {
                proof().crashes();
            }

            #[test]
            fn what_is_hidden_changes_nothing_a_viewer_receives() {
                proof().hides();
            }

            #[test]
            fn no_action_makes_the_rules_panic() {
                proof().withstands();
            }

            #[test]
            fn what_is_legal_passes_the_check() {
                proof().allows();
            }

            #[test]
            fn what_crosses_the_wire_is_what_is_on_file() {
                proof().schemas(env!("CARGO_MANIFEST_DIR"));
            }
        }
    };
}

/// The tests that [`proof!`](crate::proof!) makes, to be called by hand.
#[derive(Clone, Debug)]
pub struct Proof<R> {
    seeds: Vec<u64>,
    config: Option<String>,
    of: PhantomData<fn() -> R>,
}

/// Games are numbered from here, so that a number in a report is not mistaken for a count.
const FIRST_SEED: u64 = 1000;
/// Fewer games than this do not show what a disguise never touches.
const JUDGED: usize = 10;
/// How many games are played unless told.
const GAMES: u64 = 20;

impl<R: Disguise> Proof<R> {
    /// As many games as the environment says: `PARLOUR_PROOF_SEED` for one, `PARLOUR_PROOF_GAMES` for so many, or 20.
    pub fn from_environment() -> Self {
        match outside::number("PARLOUR_PROOF_SEED") {
            Some(seed) => Self::of_seeds(vec![seed]),
            None => Self::of(outside::number("PARLOUR_PROOF_GAMES").unwrap_or(GAMES)),
        }
    }

    /// So many games.
    pub fn of(games: u64) -> Self {
        Self::of_seeds((FIRST_SEED..FIRST_SEED.saturating_add(games)).collect())
    }

    fn of_seeds(seeds: Vec<u64>) -> Self {
        Self { seeds, config: None, of: PhantomData }
    }

    /// The same with this configuration (JSON) for every game, instead of [`Disguise::config`].
    pub fn with_config(self, config: &str) -> Self {
        Self { config: Some(config.to_owned()), ..self }
    }

    /// Everything but the schema file, which is a matter of files.
    pub fn all(&self) {
        self.replays();
        self.crashes();
        self.hides();
        self.withstands();
        self.allows();
    }

    /// The same journal gives the same bytes, and the same game the same journal.
    pub fn replays(&self) {
        let records: usize = self.each(|seed| crash::replays::<R>(|| self.game(seed))).into_iter().sum();
        println!("{}: {} games, {records} records replayed", R::KIND, self.seeds.len());
    }

    /// A crash after any record changes nothing of what follows.
    pub fn crashes(&self) {
        let crashes: usize = self.each(|seed| crash::crashes::<R>(self.game(seed)?)).into_iter().sum();
        println!("{}: {} games, {crashes} crashes", R::KIND, self.seeds.len());
    }

    /// What is hidden from a viewer changes nothing of what they receive, and the disguise touches all that is hidden.
    pub fn hides(&self) {
        let mut touched = touch::Touched::default();
        let mut seen = leak::Seen::default();
        self.each(|seed| leak::hides::<R>(seed, self.game(seed)?, &mut touched, &mut seen));
        println!("{}: {} games, {seen}", R::KIND, self.seeds.len());
        if self.seeds.len() >= JUDGED
            && let Err(what) = touched.verdict(R::UNTOUCHED)
        {
            panic!("{}: {what}", R::KIND);
        }
    }

    /// Nothing that decodes as an action makes the rules panic, and nothing leaves an unsound state.
    pub fn withstands(&self) {
        let mut tried = fuzz::Tried::default();
        self.each(|seed| fuzz::withstands::<R>(self.game(seed)?, &mut tried));
        println!("{}: {} games, {tried}", R::KIND, self.seeds.len());
    }

    /// What is listed as legal passes the check, also as it comes back over the wire.
    pub fn allows(&self) {
        let listed: usize = self.each(|seed| fuzz::allows::<R>(self.game(seed)?)).into_iter().sum();
        println!("{}: {} games, {listed} legal actions", R::KIND, self.seeds.len());
    }

    /// What crosses the wire is what `tests/<kind>.schema.json` in this folder says.
    pub fn schemas(&self, crate_folder: &str) {
        let schemas = KindOf::<R>::new().schemas();
        let now = serde_json::json!({
            "kind": R::KIND,
            "config": schemas.config,
            "action": schemas.action,
            "event": schemas.event,
            "view": schemas.view,
            "refusal": schemas.refusal,
        });
        if let Err(what) = outside::compare(crate_folder, R::KIND, &now) {
            panic!("{what}");
        }
    }

    fn game(&self, seed: u64) -> Result<Scene<R>, String> {
        Scene::open(seed, self.config.as_deref())
    }

    /// Runs a proof on every game; a failure says how to repeat it.
    fn each<T>(&self, mut prove: impl FnMut(u64) -> Result<T, String>) -> Vec<T> {
        let one = |seed: &u64| prove(*seed).unwrap_or_else(|what| panic!("{}: {what}\n{}", R::KIND, repeat(*seed)));
        self.seeds.iter().map(one).collect()
    }
}

fn repeat(seed: u64) -> String {
    format!("this was game {seed}: PARLOUR_PROOF_SEED={seed} and the name of this test repeat it")
}
