//! The same journal gives the same bytes, also when the room was lost on the way.

use super::Disguise;
use super::scene::Scene;
use crate::record::Record;
use crate::{Table, Viewer};

/// Plays a game twice and its journal once more; says how many records it had.
pub(super) fn replays<R: Disguise>(open: impl Fn() -> Result<Scene<R>, String>) -> Result<usize, String> {
    let (mut once, mut again) = (open()?, open()?);
    while once.step()?.is_some() {
        again.step()?;
        let (one, other) = (once.records.last(), again.records.last());
        if one != other {
            return Err(format!(
                "the same game played twice is not the same: {one:?} and {other:?}. What decides must come from the records: no \
                 `HashMap` that is iterated, no clock, no luck but the dice"
            ));
        }
    }
    same_after_replay(&once)?;
    Ok(once.records.len())
}

/// Loses the room after every record, and goes on with what snapshot and tail give.
pub(super) fn crashes<R: Disguise>(mut scene: Scene<R>) -> Result<usize, String> {
    let mut snapshot = (scene.table.snapshot(), scene.records.len());
    let mut crashes = 0;
    while scene.step()?.is_some() {
        let at = scene.records.len();
        let restored = restore::<R>(&snapshot.0, &scene.records[snapshot.1..])?;
        same(&scene.table, &restored, at)?;
        scene.table = restored;
        crashes += 1;
        if scene.dice.below(4) == 0 && !scene.has_ended() {
            let stamp = scene.stamp();
            let woke = scene.table.wake(stamp).map_err(|fault| format!("after record {at} the room wakes: {fault}"))?;
            scene.records.push(woke.record);
        }
        if scene.dice.below(4) == 0 {
            snapshot = (scene.table.snapshot(), scene.records.len());
        }
    }
    same_after_replay(&scene)?;
    Ok(crashes)
}

fn restore<R: Disguise>(snapshot: &str, tail: &[Record]) -> Result<Table<R>, String> {
    let mut table = Table::restore(snapshot)
        .map_err(|damage| format!("{damage}. A field that is skipped, or that reads back as something else, does this"))?;
    for record in tail {
        table.replay(record).map_err(|divergence| divergence.to_string())?;
    }
    Ok(table)
}

fn same_after_replay<R: Disguise>(scene: &Scene<R>) -> Result<(), String> {
    let (first, rest) = scene.records.split_first().ok_or("a game begins with a record")?;
    let (mut table, _) = Table::replay_opening(first).map_err(|divergence| divergence.to_string())?;
    for record in rest {
        table.replay(record).map_err(|divergence| divergence.to_string())?;
    }
    same(&scene.table, &table, scene.records.len())
}

fn same<R: Disguise>(live: &Table<R>, other: &Table<R>, at: usize) -> Result<(), String> {
    if live.snapshot() != other.snapshot() {
        let [live, other] = [live, other].map(|table| serde_json::from_str(&table.snapshot()).unwrap_or_default());
        let place = super::outside::difference(&live, &other).unwrap_or_else(|| "spaces".to_owned());
        return Err(format!("after record {at} the room that was read back differs from the one that was lost, at {place}"));
    }
    let seats = live.about().members.values().map(|member| Viewer::Seat(member.seat));
    for viewer in seats.chain([Viewer::Spectator]) {
        if live.view_json(viewer) != other.view_json(viewer) {
            return Err(format!("after record {at} the view of {viewer:?} differs in the room that was read back"));
        }
    }
    Ok(())
}
