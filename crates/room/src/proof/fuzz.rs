//! Whatever somebody sends, the rules hold; and what they list as legal they let pass.

use super::Disguise;
use super::scene::Scene;
use crate::play::guard;
use crate::{Rejected, Table, Viewer};
use serde_json::Value;

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
    let mut seen = Vec::new();
    while scene.step()?.is_some() {
        seen = same_by_version(&scene, &seen)?;
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
                    let told = |what| format!("after {action} by {}: {what}", person.user);
                    seen = same_by_version(&scene, &seen).map_err(told)?;
                    stands(&scene).map_err(told)?;
                }
                Err(Rejected::Invalid) => tried.invalid += 1,
                Err(_) => tried.refused += 1,
            }
        }
        scene.table = game;
        seen = versions(&scene)?;
    }
    stands(&scene)
}

/// What each viewer sees, where the rules say by a number whether that is another view.
type Versions = Vec<(Viewer, u64, Value)>;

fn versions<R: Disguise>(scene: &Scene<R>) -> Result<Versions, String> {
    let mut versions = Vec::new();
    for viewer in scene.viewers() {
        let version = guard(|| scene.table.state().view_version(viewer)).map_err(|fault| fault.to_string())?;
        if let Some(version) = version {
            versions.push((viewer, version, scene.view_json(viewer)?));
        }
    }
    Ok(versions)
}

/// A view that is called the same must be the same.
fn same_by_version<R: Disguise>(scene: &Scene<R>, before: &Versions) -> Result<Versions, String> {
    let now = versions(scene)?;
    for (viewer, version, view) in &now {
        let same = before.iter().find(|(of, known, _)| of == viewer && known == version);
        if same.is_some_and(|(_, _, known)| known != view) {
            return Err(format!("the view of {viewer:?} is another, and its version is {version} as before"));
        }
    }
    Ok(now)
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
