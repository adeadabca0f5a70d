//! Whether a disguise touches all that is hidden. A secret that it leaves alone, and that the viewer's view does not show,
//! was never compared: a leak of it would go unnoticed.

use super::secrets::Path;
use crate::Viewer;
use crate::play::guard;
use crate::room::Room;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// So many values of a secret are remembered, to be put in the place of another.
const SAMPLES: usize = 6;
/// So many paths are named in a failure.
const NAMED: usize = 12;

/// What is known of every secret, by viewer.
#[derive(Debug, Default)]
pub(super) struct Touched {
    secrets: BTreeMap<(String, Viewer), Secret>,
    samples: BTreeMap<String, Vec<Value>>,
    views_differ: bool,
    changed: bool,
}

#[derive(Debug, Default)]
struct Secret {
    touched: bool,
    /// Something else stood in its place and the view was the same.
    unseen: bool,
}

impl Touched {
    /// One disguise of one state, for one viewer.
    pub(super) fn note<R: Room>(&mut self, viewer: Viewer, secrets: &BTreeSet<Path>, state: &Value, other: &Value, view: &Value) {
        self.changed |= state != other;
        for path in secrets {
            let (pointer, name) = (path.pointer(), path.to_string());
            let Some(value) = state.pointer(&pointer) else { continue };
            let samples = self.samples.entry(name.clone()).or_default();
            let secret = self.secrets.entry((name, viewer)).or_default();
            secret.touched |= other.pointer(&pointer) != Some(value);
            if !secret.touched && !secret.unseen {
                let others = samples.iter().filter(|sample| *sample != value);
                secret.unseen = others.into_iter().any(|sample| looks_same::<R>(viewer, state, &pointer, sample, view));
            }
            if samples.len() < SAMPLES && !samples.contains(value) {
                samples.push(value.clone());
            }
        }
    }

    /// Two viewers saw different things of one state.
    pub(super) fn views_differ(&mut self) {
        self.views_differ = true;
    }

    /// Whether the disguises were worth comparing, over enough games to say what never happens.
    pub(super) fn verdict(&self, untouched: &[&str]) -> Result<(), String> {
        let is_meant = |path: &str| untouched.iter().any(|pattern| matches(pattern, path));
        let missed = self.secrets.iter().filter(|((path, _), secret)| !secret.touched && secret.unseen && !is_meant(path));
        let names: Vec<String> = missed.map(|((path, viewer), _)| format!("{path} ({})", title(*viewer))).collect();
        if !names.is_empty() {
            let more = names.len().saturating_sub(NAMED);
            let named = names[..names.len().min(NAMED)].join(", ");
            let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
            return Err(format!(
                "`disguise` never touched {named}{rest}. They are hidden from these viewers: change them there, or list them in \
                 `Disguise::UNTOUCHED` and say why"
            ));
        }
        if self.secrets.is_empty() && self.views_differ && !self.changed {
            return Err(
                "viewers see different things, but no field of the state is a `Secret`, and `disguise` changes nothing: \
                        make what is hidden a `Secret`, and disguise it"
                    .to_owned(),
            );
        }
        let is_needed =
            |pattern: &&&str| self.secrets.iter().any(|((path, _), secret)| !secret.touched && matches(pattern, path));
        match untouched.iter().find(|pattern| !is_needed(pattern)) {
            Some(pattern) => {
                Err(format!("`Disguise::UNTOUCHED` lists {pattern:?}, which is no secret or was touched: take it out"))
            }
            None => Ok(()),
        }
    }
}

fn looks_same<R: Room>(viewer: Viewer, state: &Value, pointer: &str, sample: &Value, view: &Value) -> bool {
    let mut other = state.clone();
    if let Some(place) = other.pointer_mut(pointer) {
        *place = sample.clone();
    }
    let seen = guard(|| {
        let state: R = serde_json::from_value(other).ok()?;
        serde_json::to_value(state.view(viewer)).ok()
    });
    seen.is_ok_and(|seen| seen.as_ref() == Some(view))
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), path.split('.').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(wanted, name)| *wanted == "*" || wanted == name)
}

pub(super) fn title(viewer: Viewer) -> String {
    match viewer {
        Viewer::Seat(seat) => format!("seat {seat}"),
        Viewer::Spectator => "a spectator".to_owned(),
    }
}
