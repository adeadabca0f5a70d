//! Who owns a room when its owner is gone.

use crate::common::{Desk, public};
use serde_json::{Value, json};

fn role(user: &str, role: &str) -> Value {
    json!({"type": "set_role", "user": user, "role": role})
}

fn changed(user: &str, role: &str) -> Value {
    json!({"type": "role_changed", "user": user, "role": role})
}

#[test]
fn when_the_last_owner_leaves_the_longest_standing_moderator_owns_the_room() {
    let mut desk = Desk::of(&["ada", "bob", "mo", "mia"]);
    desk.tells("ada", role("mo", "moderator"));
    desk.tells("ada", role("mia", "moderator"));
    desk.goes("ada");
    assert_eq!(public(desk.played.as_ref().unwrap()), [changed("ada", "member"), changed("mo", "owner")]);
    desk.comes("ada");
    assert_eq!(desk.refused("ada", json!({"type": "slow_mode", "seconds": 1})), "not_allowed", "it is no longer hers");
    assert_eq!(desk.owners(), ["mo"]);
}

#[test]
fn without_moderators_it_is_the_longest_standing_member_and_a_guest_only_where_there_is_nobody_else() {
    let mut desk = Desk::of(&["ada", "guest-1"]);
    for user in ["bob", "cyn"] {
        desk.now_ms += 10;
        desk.comes(user);
    }
    // Who comes again stands for less long than who stayed, whatever seat they are given.
    desk.goes("bob");
    desk.now_ms += 10;
    desk.comes("bob");
    desk.goes("ada");
    assert_eq!(desk.owners(), ["cyn"]);
    desk.goes("cyn");
    desk.goes("bob");
    assert_eq!(desk.owners(), ["guest-1"]);
}

#[test]
fn while_another_owner_is_here_nothing_passes_on_and_a_room_that_is_empty_waits_for_who_comes() {
    let mut desk = Desk::of(&["ada", "bob", "cyn"]);
    desk.tells("ada", role("bob", "owner"));
    desk.goes("ada");
    assert_eq!(public(desk.played.as_ref().unwrap()), [changed("ada", "member")]);
    assert_eq!(desk.refused("bob", role("bob", "member")), "last_owner");
    desk.goes("bob");
    assert_eq!(desk.owners(), ["cyn"]);
    desk.goes("cyn");
    assert_eq!(desk.owners(), [] as [&str; 0]);
    desk.comes("cyn");
    desk.goes("cyn");
    desk.comes("dan");
    assert_eq!(desk.owners(), ["dan"]);
    desk.table.resign(parlour_room::Stamp { at_ms: 0, ts_ms: 0 }, "dan", None).expect("he is here");
    desk.comes("eve");
    assert_eq!(desk.owners(), ["eve"], "giving up is leaving");
}
