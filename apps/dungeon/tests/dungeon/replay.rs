//! A journal of 2,000 ticks gives the same dungeon.

use crate::common::World;
use parlour_dungeon::Dungeon;
use parlour_room::{Dice, Table};
use serde_json::json;

#[test]
fn two_thousand_ticks_are_replayed_byte_for_byte_also_from_snapshots_in_between() {
    let mut world = World::with(&json!({"levels": 4, "monsters": 200, "pvp": true}), 7, 5);
    let mut dice = Dice::from_number(7);
    let (mut ticks, mut snapshots) = (0, Vec::new());
    while ticks < 2000 {
        let seat = u32::try_from(dice.below(5)).unwrap();
        if dice.below(4) == 0 {
            if let Some(action) = world.some_action(seat, &mut dice) {
                world.must(seat, action);
            }
        } else if dice.below(200) == 0 {
            world.present(seat, dice.coin());
        } else if world.tick() {
            ticks += 1;
        } else {
            (0..5).for_each(|seat| world.present(seat, true));
            // Whoever is dead begins again.
            (0..5).for_each(|seat| drop(world.act(seat, &json!({"type": "respawn"}))));
        }
        if dice.below(400) == 0 {
            snapshots.push((world.records.len(), world.table.snapshot()));
        }
    }
    let last = world.table.snapshot();
    let (mut table, _) = Table::<Dungeon>::replay_opening(&world.records[0]).unwrap();
    for record in &world.records[1..] {
        table.replay(record).unwrap();
    }
    assert_eq!(table.snapshot(), last);
    for (from, snapshot) in &snapshots {
        let mut table = Table::<Dungeon>::restore(snapshot).unwrap();
        for record in &world.records[*from..] {
            table.replay(record).unwrap();
        }
        assert_eq!(table.snapshot(), last, "from record {from}");
    }
    println!("{} records, {} snapshots, the last of {} bytes", world.records.len(), snapshots.len(), last.len());
}
