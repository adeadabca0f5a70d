//! A disk that stands still: rooms run ahead of it only so far, whoever or whatever plays them.

use parlour_engine::limits::Limits;
use parlour_room::Cause;
use parlour_sim::desk::Desk;
use serde_json::json;

#[test]
fn a_clock_waits_for_the_disk_when_its_room_is_too_far_ahead_and_then_rings_as_often_as_it_must() {
    let limits = Limits { undurable_per_room: 2, ..Limits::default() };
    let mut desk = Desk::with_limits(parlour_sim::kinds(), limits);
    let ada = desk.connects("ada");
    for message in [
        json!({"type": "open_room", "ref": "o", "payload": {"kind": "lounge", "room_id": "a"}}),
        json!({"type": "join_room", "ref": "j", "payload": {"room_id": "a"}}),
    ] {
        let heard = desk.asks(ada, &message);
        assert!(heard.iter().any(|said| said["payload"]["status"] == "ok"), "{heard:?}");
    }
    desk.disk_waits = true;
    desk.asks(ada, &json!({"type": "arm", "ref": "a", "payload": {"room_id": "a", "after_ms": 100}}));
    let rings = |desk: &Desk| {
        let records = desk.disk.life("a").expect("it was opened").records;
        records.iter().filter(|record| record.cause == Cause::Signal).count()
    };
    // Setting it is one record that the disk does not have, and the first ring the second: there is no room for a third.
    desk.passes(10_000);
    assert_eq!(rings(&desk), 0, "nothing was written");
    let refused = desk.asks(ada, &json!({"type": "say", "ref": "s", "payload": {"room_id": "a", "text": "x"}}));
    desk.disk_waits = false;
    desk.passes(1);
    let heard = desk.hears(ada);
    let answer = refused.iter().chain(&heard).find(|said| said["payload"]["ref"] == "s").expect("it is answered");
    assert_eq!(answer["payload"]["code"], "too_many_waiting", "the room is full of what only its clock recorded");
    assert_eq!(rings(&desk), 1);
    desk.passes(1_000);
    assert_eq!(rings(&desk), 3);
}
