//! Two states that a viewer cannot tell apart must look the same to them, whatever is asked and whatever happens next: the
//! view, what is legal, every refusal, every event with its place and number.

use super::Disguise;
use super::outside::difference;
use super::scene::{Person, Scene};
use super::secrets::{Path, secrets};
use super::touch::{Touched, title};
use crate::play::guard;
use crate::table::Played;
use crate::{Dice, Rejected, Seat, Table, Viewer};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every so many records everything is compared.
const EVERY: u64 = 5;
/// So many viewers of a large room are looked through at a time.
const VIEWERS: usize = 4;
/// So many legal actions are asked about, and so many guessed ones.
const ASKED: u32 = 8;
const GUESSED: u32 = 16;

/// What was compared.
#[derive(Debug, Default)]
pub(super) struct Seen {
    disguises: usize,
    asked: usize,
    played: usize,
    learned: usize,
    apart: usize,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { disguises, asked, played, learned, apart } = self;
        write!(f, "{disguises} disguises compared: {asked} answers, {played} plays, {learned} of which told a secret; ")?;
        write!(f, "{apart} more could not be played in both")
    }
}

/// What happens in both states.
enum Deed {
    Act(Person, String),
    Ring,
    Leave(Person),
}

/// Compares all along a game.
pub(super) fn hides<R: Disguise>(seed: u64, mut scene: Scene<R>, touched: &mut Touched, seen: &mut Seen) -> Result<(), String> {
    let mut luck = Dice::from_number(!seed); // so that comparing more or less does not change the game
    while scene.step()?.is_some() {
        if luck.below(EVERY) > 0 {
            continue;
        }
        scene.listen()?;
        let state = scene.state_json()?;
        let hidden = secrets(scene.table.state()).map_err(|error| error.to_string())?;
        let mut viewers = scene.viewers();
        let mut views = viewers.iter().map(|viewer| scene.view_json(*viewer)).collect::<Result<Vec<_>, _>>()?;
        views.dedup();
        if views.len() > 1 {
            touched.views_differ();
        }
        for viewer in &viewers {
            same_as_class(&scene, *viewer)?;
        }
        luck.shuffle(&mut viewers);
        let snapshot = scene.table.snapshot();
        for viewer in viewers.into_iter().take(VIEWERS) {
            let moment = Moment { scene: &scene, snapshot: &snapshot, state: &state, hidden: &hidden, viewer };
            let place = || format!("after record {}, for {}", scene.records.len(), title(viewer));
            moment.compare(&mut luck, touched, seen).map_err(|what| format!("{}: {what}", place()))?;
        }
    }
    Ok(())
}

/// Whoever shares a view is shown the one made for their class, so it must be their own.
fn same_as_class<R: Disguise>(scene: &Scene<R>, viewer: Viewer) -> Result<(), String> {
    let class = guard(|| scene.table.state().class(viewer)).map_err(|fault| format!("the class of {viewer:?}: {fault}"))?;
    let (own, shared) = (scene.view_json(viewer)?, scene.view_json(class)?);
    match difference(&own, &shared) {
        Some(place) => Err(format!("{} is in the class of {}, whose view differs at {place}", title(viewer), title(class))),
        None => Ok(()),
    }
}

struct Moment<'a, R: Disguise> {
    scene: &'a Scene<R>,
    snapshot: &'a str,
    state: &'a Value,
    hidden: &'a BTreeSet<Path>,
    viewer: Viewer,
}

impl<R: Disguise> Moment<'_, R> {
    fn compare(&self, luck: &mut Dice, touched: &mut Touched, seen: &mut Seen) -> Result<(), String> {
        let other = sound(self.scene.table.state().disguise(self.viewer, luck))?;
        seen.disguises += 1;
        let view = self.scene.view_json(self.viewer)?;
        let other_json = serde_json::to_value(&other).map_err(|error| error.to_string())?;
        touched.note::<R>(self.viewer, self.hidden, self.state, &other_json, &view);
        self.same_look(&view, &other)?;
        if let Viewer::Seat(seat) = self.viewer {
            seen.asked += self.same_answers(seat, &other, luck)?;
        }
        for deed in self.deeds(luck)? {
            self.same_play(&deed, &other, luck, seen)?;
        }
        Ok(())
    }

    fn same_look(&self, view: &Value, other: &R) -> Result<(), String> {
        let seen = guard(|| serde_json::to_value(other.view(self.viewer))).map_err(|fault| format!("the other view: {fault}"))?;
        let seen = seen.map_err(|error| error.to_string())?;
        if let Some(place) = difference(view, &seen) {
            return Err(format!("the view tells what is hidden, at {place}: {} and {}", short(view), short(&seen)));
        }
        let Viewer::Seat(seat) = self.viewer else { return Ok(()) };
        if self.scene.has_ended() {
            return Ok(());
        }
        let [here, there] =
            [self.scene.table.state(), other].map(|state| guard(|| serde_json::to_string(&state.legal(seat)).ok()));
        if here != there {
            return Err(format!("what is legal tells what is hidden: {here:?} and {there:?}"));
        }
        Ok(())
    }

    /// Legal actions and guessed ones get the same answer in both states.
    fn same_answers(&self, seat: Seat, other: &R, luck: &mut Dice) -> Result<usize, String> {
        let mut actions = Vec::new();
        let legal = self.scene.legal_json(seat)?;
        actions.extend((0..ASKED).filter_map(|_| luck.pick(&legal).cloned()));
        for person in self.scene.members() {
            // What another may do names what another has.
            actions.extend(luck.pick(&self.scene.legal_json(person.seat)?).cloned());
        }
        actions.extend((0..GUESSED).map(|_| self.scene.guesser.guess(luck).to_string()));
        let mut asked = 0;
        for text in actions {
            let Ok(action) = serde_json::from_str::<R::Action>(&text) else { continue };
            let [here, there] = [self.scene.table.state(), other].map(|state| {
                guard(|| state.check(seat, &action).map_err(|why| (serde_json::to_string(&why).ok(), why.to_string())))
            });
            asked += 1;
            if here != there {
                return Err(format!("the answer to {text} tells what is hidden: {here:?} and {there:?}"));
            }
        }
        Ok(asked)
    }

    /// Some of what could happen next.
    fn deeds(&self, luck: &mut Dice) -> Result<Vec<Deed>, String> {
        let mut deeds = Vec::new();
        if self.scene.has_ended() {
            return Ok(deeds);
        }
        let members = self.scene.members();
        for _ in 0..3 {
            let Some(person) = luck.pick(&members) else { break };
            let legal = self.scene.legal_json(person.seat)?;
            let action = luck.pick(&legal).cloned().unwrap_or_else(|| self.scene.guesser.guess(luck).to_string());
            deeds.push(Deed::Act(person.clone(), action));
        }
        if self.scene.table.due_ms().is_some() && luck.below(3) == 0 {
            deeds.push(Deed::Ring);
        }
        if let Some(person) = luck.pick(&members).filter(|person| !self.viewer.is(person.seat))
            && luck.below(6) == 0
        {
            deeds.push(Deed::Leave(person.clone()));
        }
        Ok(deeds)
    }

    /// What is heard of one deed, and what is seen after it, is the same in both states but for what may be learned by it.
    fn same_play(&self, deed: &Deed, other: &R, luck: &mut Dice, seen: &mut Seen) -> Result<(), String> {
        let state = self.scene.table.state();
        let mut other = other.clone();
        let mut what = "time passing".to_owned();
        match deed {
            Deed::Act(person, text) => {
                let Ok(action) = serde_json::from_str::<R::Action>(text) else { return Ok(()) };
                if guard(|| state.check(person.seat, &action)).is_ok_and(|checked| checked.is_err()) {
                    return Ok(());
                }
                if !self.viewer.is(person.seat) {
                    other = sound(state.disguise_before(self.viewer, person.seat, &action, luck))?;
                    let view = self.scene.view_json(self.viewer)?;
                    self.same_look(&view, &other)?;
                }
                if guard(|| state.reveals(self.viewer, person.seat, &action)).map_err(|fault| fault.to_string())? {
                    seen.learned += 1;
                    return Ok(());
                }
                if guard(|| other.check(person.seat, &action)).is_ok_and(|checked| checked.is_err()) {
                    seen.apart += 1;
                    return Ok(());
                }
                what = format!("{text} by seat {}", person.seat);
            }
            Deed::Leave(person) => what = format!("seat {} leaving", person.seat),
            Deed::Ring => {}
        }
        let table = || Table::<R>::restore(self.snapshot).map_err(|damage| damage.to_string());
        let (mut here, mut there) = (table()?, table()?.with_state(other));
        let (one, two) = (self.play(&mut here, deed), self.play(&mut there, deed));
        let (one, two) = match (one, two) {
            (Ok(Some(one)), Ok(Some(two))) => (one, two),
            (Ok(None), Ok(None)) => return Ok(()),
            (one, two) => return Err(format!("{what} ends differently: {:?} and {:?}", one.err(), two.err())),
        };
        seen.played += 1;
        let (heard, heard_there) = (self.heard(&one), self.heard(&two));
        let (masked, masked_there) = (mask::<R>(&heard)?, mask::<R>(&heard_there)?);
        if masked != masked_there {
            return Err(format!("the events of {what} tell what is hidden: {masked:?} and {masked_there:?}"));
        }
        if heard != heard_there {
            seen.learned += 1;
            return Ok(());
        }
        let looks = [&here, &there].map(|table| {
            let seat = self.viewer.seat();
            let legal = seat.map(|seat| table.legal_json(seat));
            (table.view_json(self.viewer), legal, table.about().ended.cloned(), table.about().members.clone())
        });
        if looks[0] != looks[1] {
            return Err(format!("what is seen after {what} tells what is hidden: {:?} and {:?}", looks[0], looks[1]));
        }
        Ok(())
    }

    fn play(&self, table: &mut Table<R>, deed: &Deed) -> Result<Option<Played>, String> {
        let stamp = self.scene.stamp();
        match deed {
            Deed::Act(person, action) => match table.act(stamp, &person.user, None, action) {
                Ok(crate::Acted::Played(_, played)) => Ok(Some(played)),
                Ok(crate::Acted::Before(_)) => Ok(None),
                Err(Rejected::Fault(fault)) => Err(fault.to_string()),
                Err(why) => Err(format!("{why:?}")),
            },
            Deed::Ring => {
                let due_ms = table.due_ms().unwrap_or(stamp.at_ms);
                table.fire(crate::Stamp { at_ms: stamp.at_ms.max(due_ms), ..stamp }).map_err(|fault| fault.to_string())
            }
            Deed::Leave(person) => table.leave(stamp, &person.user, "left").map(Some).map_err(|why| format!("{why:?}")),
        }
    }

    /// What the viewer hears, each with whether it is told to them alone.
    fn heard(&self, played: &Played) -> Vec<(bool, String)> {
        let heard = played.told.iter().filter_map(|told| Some((told.seat.is_some(), told.heard_by(self.viewer, 0)?)));
        heard.map(|(alone, body)| (alone, body.get().to_owned())).collect()
    }
}

fn mask<R: Disguise>(heard: &[(bool, String)]) -> Result<Vec<(bool, String)>, String> {
    let mask = |(alone, text): &(bool, String)| {
        let event: R::Event =
            serde_json::from_str(text).map_err(|error| format!("the event {text} is not read back: {error}"))?;
        let masked = guard(|| serde_json::to_string(&R::masked(event))).map_err(|fault| fault.to_string())?;
        Ok((*alone, masked.map_err(|error| error.to_string())?))
    };
    heard.iter().map(mask).collect()
}

fn sound<R: Disguise>(other: R) -> Result<R, String> {
    match guard(|| other.sound()) {
        Ok(Ok(())) => Ok(other),
        Ok(Err(why)) => Err(format!("`disguise` gives an unsound state: {why}")),
        Err(fault) => Err(format!("`disguise` gives a state that cannot be asked: {fault}")),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(600).collect()
}
