//! Whatever somebody sends, the rules hold; and what they list as legal they let pass.

use super::Disguise;
use super::scene::Scene;
use crate::play::guard;
use crate::{Rejected, Table};

/// Guesses thrown in before each record.
const GUESSES: u32 = 6;

/// What came of the guesses.
#[derive(Debug, Default)]
pub(super) struct Tried {
    played: usize,
    refused: usize,
    invalid: usize,
}

impl std::fmt::Display for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { played, refused, invalid } = self;
        write!(f, "guessed actions: {played} played, {refused} refused, {invalid} that do not decode")
    }
}

/// Throws guesses at a game.
pub(super) fn withstands<R: Disguise>(mut scene: Scene<R>, tried: &mut Tried) -> Result<(), String> {
    while scene.step()?.is_some() {
        if scene.records.len().is_multiple_of(4) {
            scene.listen()?;
        }
        // Guesses are thrown at a copy: one of them may end the game.
        let copy = Table::restore(&scene.table.snapshot()).map_err(|damage| damage.to_string())?;
        let game = std::mem::replace(&mut scene.table, copy);
        let members = scene.members();
        for _ in 0..GUESSES {
            let Some(person) = scene.dice.pick(&members).cloned() else { break };
            let action = scene.guesser.guess(&mut scene.dice).to_string();
            match scene.try_act(&person.user, &action)? {
                Ok(_) => {
                    tried.played += 1;
                    stands(&scene).map_err(|what| format!("after {action} by {}: {what}", person.user))?;
                }
                Err(Rejected::Invalid) => tried.invalid += 1,
                Err(_) => tried.refused += 1,
            }
        }
        scene.table = game;
    }
    stands(&scene)
}

/// Everything that is asked of a room can be.
fn stands<R: Disguise>(scene: &Scene<R>) -> Result<(), String> {
    for viewer in scene.viewers() {
        scene.view_json(viewer)?;
        if let Some(seat) = viewer.seat() {
            scene.legal_json(seat)?;
        }
    }
    Table::<R>::restore(&scene.table.snapshot()).map(drop).map_err(|damage| damage.to_string())
}

/// Checks all that is listed as legal, in a whole game; says how many actions that were.
pub(super) fn allows<R: Disguise>(mut scene: Scene<R>) -> Result<usize, String> {
    let mut listed = 0;
    while scene.step()?.is_some() {
        for person in scene.members() {
            for action in scene.legal_json(person.seat)? {
                let decoded: R::Action =
                    serde_json::from_str(&action).map_err(|error| format!("{action} is listed and cannot be read: {error}"))?;
                let checked = guard(|| scene.table.state().check(person.seat, &decoded)).map_err(|fault| fault.to_string())?;
                checked.map_err(|refusal| format!("{action} is listed as legal for seat {}: {refusal}", person.seat))?;
                listed += 1;
            }
        }
    }
    Ok(listed)
}
