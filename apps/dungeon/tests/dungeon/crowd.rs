//! Two hundred in one dungeon.

use crate::common::{World, user, walk};
use parlour_room::{AnyKind, Hash64, Joined, Joining, KindOf, Opening, Seat, Seed, Stamp, Viewer, Who};
use serde_json::json;
use std::time::Duration;

/// Two hundred and fifty-six bodies find fields of their own, and the snapshot of all stays small.
#[test]
fn a_full_dungeon_has_a_field_for_everybody() {
    let mut world = World::with(&json!({"monsters": 300}), 3, 256);
    let fields: std::collections::BTreeSet<_> = (0..256).map(|seat| world.view(seat).you.map(|you| (you.x, you.y))).collect();
    assert_eq!(fields.len(), 256);
    (0..256).for_each(|seat| world.must(seat, walk(["north", "east", "south", "west"][seat as usize % 4])));
    world.ticks(5);
    let bytes = serde_json::to_string(&world.state()).unwrap().len();
    println!("the state of 256 players: {bytes} bytes");
    assert!(bytes < 512 * 1024, "{bytes}");
}

/// What one tick costs through the erased room, all views made: `cargo test -p parlour-dungeon -- --ignored --nocapture crowd`.
#[test]
#[ignore = "a measurement"]
fn a_tick_of_two_hundred() {
    for (sight, levels) in [("fov", 1), ("open", 1)] {
        let kind = KindOf::<parlour_dungeon::Dungeon>::new();
        let config = json!({"sight": sight, "levels": levels}).to_string();
        let seed = Seed::new([9; 32]);
        let stamp = Stamp { at_ms: 0, ts_ms: 0 };
        let opening = Opening { name: "crowd", by: "u0", id: None, body: Hash64(0), seed, config: &config, after: 0 };
        let (mut table, _) = kind.open(stamp, opening).unwrap();
        for seat in 0..200 {
            let user = user(seat);
            let who = Who { user: &user, name: &user, bot: false };
            let joining = Joining { who, bot: None, seat: None, nonce: None };
            assert!(matches!(table.join(stamp, joining), Ok(Joined::Played(..))));
        }
        let mut now_ms = 0;
        let (mut played_for, mut viewed_for, mut bytes, mut told) = (Duration::ZERO, Duration::ZERO, 0, 0);
        for tick in 0..100_u32 {
            for seat in (0..200).filter(|seat| (seat + tick) % 8 == 0) {
                let way = ["north", "east", "south", "west"][((seat + tick) / 8) as usize % 4];
                drop(table.act(Stamp { at_ms: now_ms, ts_ms: now_ms }, &user(seat), None, &walk(way).to_string()));
            }
            now_ms = now_ms.max(table.due_ms().unwrap_or(now_ms));
            let watch = clock::now();
            let played = table.fire(Stamp { at_ms: now_ms, ts_ms: now_ms }).unwrap().unwrap();
            played_for += watch.elapsed();
            told += played.told.len();
            let watch = clock::now();
            bytes += (0..200).map(|seat| table.view(Viewer::Seat(Seat(seat))).unwrap().len()).sum::<usize>();
            viewed_for += watch.elapsed();
        }
        println!(
            "{sight}: a tick {:?}, its 200 views {:?} ({} bytes each), {} events; a snapshot {} bytes",
            played_for / 100,
            viewed_for / 100,
            bytes / 20_000,
            told / 100,
            table.snapshot().unwrap().len()
        );
    }
}

mod clock {
    /// A measurement may look at the machine's clock; the rules may not.
    #[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a measurement")]
    pub(super) fn now() -> std::time::Instant {
        std::time::Instant::now()
    }
}
