//! What those who follow a room see of it: one view for each class of viewers, made at most once for each record, numbered, and
//! told as what changed to whoever saw the one before. "dialect.encode <- Notice".

use super::{Follow, Hall, Phase, Sort};
use crate::dialect::native_out as say;
use crate::io::ConnId;
use crate::patch::Differ;
use parlour_room::{AnyTable, Viewer};
use std::collections::BTreeMap;
use std::ops::Range;

/// The view that each class of viewers was shown last.
#[derive(Debug, Default)]
pub(super) struct Sights(BTreeMap<Viewer, Sight>);

#[derive(Debug, Default)]
struct Sight {
    /// Its number; 0 before there is one.
    p: u64,
    /// The last record after which it is known to be what is seen.
    seq: Option<u64>,
    /// What the rules called it by when it was made.
    version: Option<u64>,
    json: String,
}

/// A view that could not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewFault {
    Panicked,
    TooBig(usize),
}

impl Sights {
    /// Another table is here: what was made of the one before is still what was shown, but says nothing of this one.
    pub(super) fn forget_states(&mut self) {
        self.0.values_mut().for_each(|sight| (sight.seq, sight.version) = (None, None));
    }
}

impl Sight {
    /// Makes the view, if it was not made of this very state; answers what was shown before where that was something else.
    fn look(&mut self, table: &dyn AnyTable, class: Viewer, view_bytes: usize) -> Result<Option<String>, ViewFault> {
        let seq = table.about().seq;
        if self.seq == Some(seq) {
            return Ok(None);
        }
        let version = table.view_version(class).map_err(|_| ViewFault::Panicked)?;
        if version.is_some() && version == self.version {
            self.seq = Some(seq);
            return Ok(None);
        }
        let json = table.view(class).map_err(|_| ViewFault::Panicked)?;
        if json.len() > view_bytes {
            return Err(ViewFault::TooBig(json.len()));
        }
        (self.seq, self.version) = (Some(seq), version);
        if self.p > 0 && self.json == json {
            return Ok(None);
        }
        self.p += 1;
        Ok(Some(std::mem::replace(&mut self.json, json)))
    }
}

impl Hall {
    /// Shows everybody what they lack.
    pub(super) fn show_all(&mut self, view_bytes: usize, differ: &mut Differ) -> Vec<ViewFault> {
        let Phase::Open { kind, table } = &self.phase else { return Vec::new() };
        if kind.events_suffice() {
            return Vec::new();
        }
        let (mut classes, mut faults) = (BTreeMap::<Viewer, Vec<usize>>::new(), Vec::new());
        for (at, follow) in self.follows.iter().enumerate().filter(|(_, follow)| follow.patches) {
            match table.class(follow.viewer) {
                Ok(class) => classes.entry(class).or_default().push(at),
                Err(_) => faults.push(ViewFault::Panicked),
            }
        }
        self.sights.0.retain(|class, _| classes.contains_key(class));
        faults.extend(classes.into_iter().filter_map(|(class, who)| self.show_class(class, who, view_bytes, differ).err()));
        faults
    }

    /// Makes the view of this viewer, and shows it to those who see the same, if it is news to them. Answers their class.
    pub(crate) fn look(&mut self, viewer: Viewer, view_bytes: usize, differ: &mut Differ) -> Result<Viewer, ViewFault> {
        if self.events_suffice() {
            return self.look_alone(viewer, view_bytes);
        }
        let table = self.table().ok_or(ViewFault::Panicked)?;
        let class = table.class(viewer).map_err(|_| ViewFault::Panicked)?;
        let is_known = self.sights.0.get(&class).is_some_and(|sight| sight.seq == Some(table.about().seq));
        let others = self.follows.iter().enumerate();
        let is_of_class = |other: &Follow| other.patches && !is_known && table.class(other.viewer) == Ok(class);
        let others = others.filter(|(_, other)| is_of_class(other)).map(|(at, _)| at).collect();
        self.show_class(class, others, view_bytes, differ)?;
        Ok(class)
    }

    /// Where events suffice nobody else is shown a view when somebody comes, so nobody is looked for who would be, and the last
    /// view alone is kept.
    fn look_alone(&mut self, viewer: Viewer, view_bytes: usize) -> Result<Viewer, ViewFault> {
        let Phase::Open { table, .. } = &self.phase else { return Err(ViewFault::Panicked) };
        let class = table.class(viewer).map_err(|_| ViewFault::Panicked)?;
        let p = self.sights.0.values().map(|sight| sight.p).max().unwrap_or_default();
        self.sights.0.retain(|known, _| *known == class);
        let sight = self.sights.0.entry(class).or_insert(Sight { p, ..Sight::default() });
        sight.look(table.as_ref(), class, view_bytes)?;
        Ok(class)
    }

    /// The view of a class, to those of these followers who lack it: what changed, or all of it to whom that says nothing.
    fn show_class(
        &mut self,
        class: Viewer,
        followers: Vec<usize>,
        view_bytes: usize,
        differ: &mut Differ,
    ) -> Result<(), ViewFault> {
        let Phase::Open { kind, table } = &self.phase else { return Ok(()) };
        let sight = self.sights.0.entry(class).or_default();
        let before = sight.look(table.as_ref(), class, view_bytes)?;
        if kind.events_suffice() {
            return Ok(());
        }
        let (p, name, draft) = (sight.p, &self.name, &mut self.draft);
        let mut patch =
            before.map(|before| differ.patch(&before, &sight.json).map(|ops| draft.frame(|out| say::patch(out, name, p, ops))));
        let mut whole: Option<(Viewer, Range<usize>)> = None;
        for at in followers {
            let follow = &mut self.follows[at];
            if follow.shown == Some((class, p)) {
                continue;
            }
            let frame = match patch.as_mut() {
                Some(Some(patch)) if follow.shown == Some((class, p - 1)) => patch,
                _ => {
                    // A whole view says how far its viewer has heard, and that differs within a class.
                    if whole.as_ref().is_none_or(|(of, _)| *of != follow.viewer) {
                        let at = table.position(follow.viewer);
                        whole = Some((follow.viewer, draft.frame(|out| say::view(out, name, &at, p, &sight.json, false))));
                    }
                    &mut whole.as_mut().expect("just made").1
                }
            };
            draft.send_news(follow.conn, frame);
            follow.shown = Some((class, p));
        }
        Ok(())
    }

    /// One whole view, as it was just made: for somebody who came in, or in place of all that a connection lost.
    pub(crate) fn show(&mut self, conn: ConnId, class: Viewer, sort: Sort) {
        let (Phase::Open { table, .. }, Some(sight)) = (&self.phase, self.sights.0.get(&class)) else { return };
        let Some(follow) = self.follows.get_mut(conn) else { return };
        let at = table.position(follow.viewer);
        let frame = self.draft.frame(|out| say::view(out, &self.name, &at, sight.p, &sight.json, sort == Sort::Anew));
        self.draft.send_as(sort, conn, &frame);
        follow.shown = Some((class, sight.p));
    }
}
