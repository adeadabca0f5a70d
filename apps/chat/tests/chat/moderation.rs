//! Who may do what to whom.

use crate::common::Desk;
use parlour_chat::{BANS, INVITED, MUTES, ROLES, USER_BYTES};
use parlour_room::{As, Rejected};
use serde_json::{Value, json};

fn on(kind: &str, user: &str) -> Value {
    json!({"type": kind, "user": user})
}

fn mute(user: &str, seconds: u32) -> Value {
    json!({"type": "mute", "user": user, "seconds": seconds})
}

fn role(user: &str, role: &str) -> Value {
    json!({"type": "set_role", "user": user, "role": role})
}

fn say() -> Value {
    json!({"type": "chat", "content": "x"})
}

/// Ada owns the room, Mo is a moderator, Bob and Cyn are neither.
fn desk() -> Desk {
    let mut desk = Desk::of(&["ada", "mo", "bob", "cyn"]);
    desk.tells("ada", role("mo", "moderator"));
    desk
}

#[test]
fn who_comes_first_owns_the_room() {
    let mut desk = Desk::of(&["ada", "bob"]);
    assert_eq!(desk.view("bob")["roles"], json!([{"user": "ada", "role": "owner"}]));
    assert_eq!(desk.refused("bob", json!({"type": "set_topic", "text": "mine"})), "not_allowed");
    let told = desk.tells("ada", json!({"type": "set_topic", "text": "tea"}));
    assert_eq!(told, [json!({"type": "topic_changed", "text": "tea", "by": "ada"})]);
    assert_eq!(desk.view("bob")["topic"], "tea");
}

#[test]
fn members_keep_no_order_and_moderators_only_among_members() {
    let mut desk = desk();
    let all = |user: &str| vec![on("kick", user), on("ban", user), mute(user, 5)];
    for action in all("bob").into_iter().chain([json!({"type": "slow_mode", "seconds": 5}), on("unban", "x"), on("unmute", "x")])
    {
        assert_eq!(desk.refused("cyn", action), "not_allowed");
    }
    for user in ["ada", "mo"] {
        for action in all(user) {
            assert_eq!(desk.refused("mo", action), "not_below_you");
        }
    }
    assert_eq!(desk.refused("mo", role("bob", "moderator")), "not_allowed");
    let of_bob = desk.says("bob", "rude");
    assert_eq!(desk.refused("cyn", json!({"type": "delete", "message": of_bob})), "not_yours");
    assert_eq!(desk.tells("mo", json!({"type": "delete", "message": of_bob}))[0]["by"], "mo");
}

#[test]
fn owners_give_and_take_roles_and_one_remains() {
    let mut desk = desk();
    assert_eq!(desk.refused("ada", role("ada", "member")), "last_owner");
    assert_eq!(desk.refused("ada", role("nobody", "moderator")), "not_here");
    let told = desk.tells("ada", role("mo", "owner"));
    assert_eq!(told, [json!({"type": "role_changed", "user": "mo", "role": "owner", "by": "ada"})]);
    desk.tells("mo", role("ada", "member"));
    assert_eq!(desk.view("ada")["you"]["role"], "member");
    desk.goes("ada");
    assert_eq!(desk.refused("mo", role("ada", "moderator")), "not_here");
}

#[test]
fn who_is_kicked_may_come_back_and_who_is_banned_may_not_until_it_is_taken_back() {
    let mut desk = desk();
    let told = desk.tells("mo", on("kick", "bob"));
    assert_eq!(told, [json!({"type": "kicked", "user": "bob", "by": "mo"})]);
    let removed = &desk.played.as_ref().unwrap().removed;
    assert_eq!((removed[0].user.as_str(), removed[0].reason.as_str()), ("bob", "kicked"));
    assert_eq!(desk.refused("mo", on("kick", "bob")), "not_here");
    desk.comes("bob");
    desk.tells("mo", on("ban", "bob"));
    desk.tells("mo", on("ban", "stranger"));
    for user in ["bob", "stranger"] {
        for wanted in [As::Player(None), As::Spectator] {
            let why = desk.table.admit(Desk::who(user), wanted).unwrap_err();
            assert!(matches!(why, Rejected::NotAdmitted(refusal) if refusal.code == "banned"));
        }
    }
    assert_eq!((&desk.view("ada")["banned"], &desk.view("ada")["members"]), (&json!(["bob", "stranger"]), &json!(3)));
    assert_eq!(desk.refused("mo", on("unban", "cyn")), "not_banned");
    desk.tells("mo", on("unban", "bob"));
    desk.comes("bob");
    desk.says("bob", "sorry");
}

#[test]
fn who_is_silenced_reads_on_and_is_told_when_that_is_over() {
    let mut desk = desk();
    let of_bob = desk.says("bob", "rude");
    let told = desk.tells("mo", mute("bob", 10));
    assert_eq!(told, [json!({"type": "muted", "user": "bob", "seconds": 10, "by": "mo"})]);
    desk.passes(2_500);
    let why = desk.does("bob", say()).unwrap_err();
    assert_eq!(why, json!({"code": "muted", "retry_after_ms": 7_500}));
    assert_eq!(desk.refused("bob", json!({"type": "edit", "message": of_bob, "content": "worse"})), "muted");
    assert_eq!(desk.view("bob")["you"]["muted_until_ms"], 10_000);
    desk.tells("bob", json!({"type": "read", "up_to": of_bob}));
    desk.goes("bob");
    desk.comes("bob");
    assert_eq!(desk.refused("bob", say()), "muted", "coming back does not help");
    assert_eq!(desk.passes(7_499), [] as [Value; 0]);
    assert_eq!(desk.passes(1), [json!({"type": "unmuted", "user": "bob"})]);
    desk.says("bob", "hello");
    desk.tells("mo", mute("bob", 10));
    assert_eq!(desk.tells("ada", on("unmute", "bob")), [json!({"type": "unmuted", "user": "bob", "by": "ada"})]);
    assert_eq!(desk.passes(60_000), [] as [Value; 0], "no clock is left");
    for (seconds, code) in [(0, "bad_seconds"), (3_000_000, "bad_seconds")] {
        assert_eq!(desk.refused("mo", mute("bob", seconds)), code);
    }
}

#[test]
fn in_slow_mode_members_wait_and_are_told_how_long_and_moderators_do_not() {
    let mut desk = desk();
    desk.tells("mo", json!({"type": "slow_mode", "seconds": 30}));
    desk.says("bob", "one");
    desk.passes(10_000);
    let why = desk.does("bob", say()).unwrap_err();
    assert_eq!(why, json!({"code": "slow_mode", "retry_after_ms": 20_000}));
    desk.goes("bob");
    desk.comes("bob");
    assert_eq!(desk.refused("bob", say()), "slow_mode");
    desk.says("cyn", "each for themselves");
    desk.says("mo", "one");
    desk.says("mo", "two");
    desk.passes(20_000);
    desk.says("bob", "two");
    desk.tells("ada", json!({"type": "slow_mode", "seconds": 0}));
    desk.says("bob", "three");
    assert_eq!(desk.refused("ada", json!({"type": "slow_mode", "seconds": 3601})), "bad_seconds");
}

#[test]
fn there_are_only_so_many_of_everything() {
    let mut desk = Desk::of(&["ada"]);
    for n in 0..BANS {
        desk.tells("ada", on("ban", &format!("b{n}")));
    }
    assert_eq!(desk.refused("ada", on("ban", "one more")), "too_many");
    desk.tells("ada", on("ban", "b0"));
    let view = desk.view("ada");
    assert_eq!((view["banned"].as_array().unwrap().len(), &view["banned_count"]), (64, &json!(BANS)));
    for n in 0..=MUTES {
        desk.comes(&format!("m{n}"));
    }
    for n in 0..MUTES {
        desk.tells("ada", mute(&format!("m{n}"), 60));
    }
    assert_eq!(desk.refused("ada", mute(&format!("m{MUTES}"), 60)), "too_many");
    for n in 0..ROLES - 1 {
        desk.tells("ada", role(&format!("m{n}"), "moderator"));
    }
    assert_eq!(desk.refused("ada", role(&format!("m{MUTES}"), "moderator")), "too_many");
}

#[test]
fn who_resigns_only_leaves() {
    let mut desk = desk();
    desk.table.resign(parlour_room::Stamp { at_ms: 0, ts_ms: 0 }, "bob", None).expect("they are here");
    assert!(desk.table.about().ended.is_none());
    assert_eq!(desk.view("ada")["members"], 3);
}

#[test]
fn a_room_is_opened_only_as_something_it_can_be() {
    let code = |config: Value| match Desk::try_with(&config) {
        Err(Rejected::Illegal(refusal)) => refusal.code,
        Err(Rejected::Invalid) => "invalid".to_owned(),
        other => panic!("{config}: {}", other.is_ok()),
    };
    assert_eq!(code(json!({"members": 0})), "bad_members");
    assert_eq!(code(json!({"members": 10_001})), "bad_members");
    assert_eq!(code(json!({"typing_ms": 99})), "bad_typing_ms");
    assert_eq!(code(json!({"away_ms": 99})), "bad_away_ms");
    assert_eq!(code(json!({"frob": 1})), "invalid");
    let crowd: Vec<String> = (0..=INVITED).map(|n| format!("u{n}")).collect();
    for invited in [json!([]), json!([""]), json!(["x".repeat(USER_BYTES + 1)]), json!(crowd)] {
        assert_eq!(code(json!({"invited": invited})), "bad_invited");
    }
    let desk = Desk::with(&json!({"spectators": false}));
    let why = desk.table.admit(Desk::who("sam"), As::Spectator).unwrap_err();
    assert!(matches!(why, Rejected::NotAdmitted(refusal) if refusal.code == "members_only"));
}

#[test]
fn into_a_private_room_only_those_come_who_were_invited_as_long_as_they_are() {
    let mut desk = Desk::with(&json!({"invited": ["ada", "mo"]}));
    let lets_in =
        |desk: &Desk, user: &str| [As::Player(None), As::Spectator].map(|r#as| desk.table.admit(Desk::who(user), r#as).is_ok());
    assert_eq!((lets_in(&desk, "ada"), lets_in(&desk, "bob"), lets_in(&desk, "")), ([true; 2], [false; 2], [false; 2]));
    desk.comes("ada");
    desk.comes("mo");
    assert_eq!(desk.refused("mo", on("invite", "bob")), "not_allowed");
    assert_eq!(desk.tells("ada", on("invite", "bob")), [json!({"type": "invited", "user": "bob", "by": "ada"})]);
    assert_eq!(desk.view("mo")["invited"], json!(["ada", "bob", "mo"]));
    desk.comes("bob");
    desk.goes("bob");
    assert_eq!(lets_in(&desk, "bob"), [true; 2], "who leaves may come back");
    desk.tells("ada", on("ban", "bob"));
    desk.tells("ada", on("unban", "bob"));
    assert_eq!(lets_in(&desk, "bob"), [false; 2], "who was banned is to be invited again");
    for n in 2..INVITED {
        desk.tells("ada", on("invite", &format!("u{n}")));
    }
    assert_eq!(desk.refused("ada", on("invite", "one more")), "too_many");
    desk.tells("ada", on("invite", "u2"));
    let mut open = Desk::of(&["ada"]);
    assert_eq!(open.refused("ada", on("invite", "bob")), "not_private");
    assert_eq!(open.view("ada")["invited"], json!(null));
}
