//! Proves that what is refused leaves no trace, and that each refusal says what it is.

use crate::common::chat::Chat;
use crate::common::high::High;
use crate::common::live::{Live, everything, joining, opening, stamp};
use parlour_room::{As, Joining, Opening, Rejected, Seat, Table};

type Room = High<false>;

#[test]
fn what_is_refused_leaves_no_trace() {
    let mut live: Live<Room> = Live::with("{}", 2);
    live.try_act("u0", Some("a"), r#"{"type":"peek"}"#).unwrap();
    let before = everything(&live.table);
    live.pass(7);
    let now = live.now;
    for (user, id, action) in [
        ("u0", None, r#"{"type":"play","card":99}"#),
        ("u0", Some("b"), r#"{"type":"play","card":99}"#),
        ("u0", Some("a"), r#"{"type":"shout","times":1}"#),
        ("u0", Some("b"), r#"{"type":"luck","draws":[{"roll":0}]}"#),
        ("u0", None, r#"{"type":"fly"}"#),
        ("u0", None, r#"{"type":"peek"}x"#),
        ("u0", None, ""),
        ("u0", None, "[]"),
        ("u0", None, r#"{"type":"play","card":-1}"#),
        ("u0", None, r#"{"type":"play","card":1.5}"#),
        ("u0", None, r#"{"type":"play","card":1,"more":1}"#),
        ("u0", None, "{\"type\":\"ask\",\"key\":\"\\ud800\"}"),
        ("nobody", None, r#"{"type":"peek"}"#),
    ] {
        assert!(live.table.act(now, user, id, action).is_err(), "{action}");
        assert_eq!(everything(&live.table), before, "{action}");
    }
    assert!(live.table.leave(now, "nobody", "left").is_err());
    assert!(live.table.resign(now, "nobody", None).is_err());
    assert!(live.table.join(now, Joining { seat: Some(Seat(0)), ..joining("u2") }).is_err());
    assert!(live.table.fire(now).unwrap().is_none());
    assert!(live.table.answer(now, "a", 1, "{}").unwrap().is_none());
    assert_eq!(everything(&live.table), before);
    assert_eq!(everything(&live.replayed()), before);
}

#[test]
fn a_refusal_carries_its_code_and_its_text() {
    let mut live: Live<Room> = Live::with("{}", 1);
    let Err(Rejected::Illegal(refusal)) = live.try_act("u0", None, r#"{"type":"play","card":99}"#) else { panic!("not refused") };
    assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("no_such_card", "You do not hold it."));
}

#[test]
fn a_configuration_is_refused_by_its_form_or_by_the_rules() {
    let open = |config| Table::<Room>::open(stamp(0), opening(config)).map(|_| ());
    for invalid in ["", "null", "{\"seat\":2}", "{\"seats\":-1}", "{\"seats\":1}x"] {
        assert_eq!(open(invalid), Err(Rejected::Invalid), "{invalid}");
    }
    let Err(Rejected::Illegal(refusal)) = open("{\"seats\":0}") else { panic!("not refused") };
    assert_eq!(refusal.code, "no_seats");
    assert_eq!(open("{}"), Ok(()));
}

#[test]
fn the_opening_record_keeps_who_asked_and_for_what() {
    let opening = Opening { by: "grace", id: None, ..opening("{\"seats\":2}") };
    let (table, played) = Table::<Room>::open(stamp(77), opening).unwrap();
    let head = parlour_room::record::OpeningHead::of(&played.record).unwrap();
    assert_eq!((head.room.as_str(), head.kind.as_str(), head.rules, head.by.as_str()), ("room-1", "high", 1, "grace"));
    assert_eq!((table.about().at_ms, table.about().ts_ms), (0, stamp(77).ts_ms), "room time begins at 0");
    assert_eq!((table.about().opener.user.as_str(), table.about().opener.seq), ("grace", 1));
    assert_eq!(table.config().cards, 20, "what was left out is written as it was understood");
}

#[test]
fn admission_is_judged_by_the_rules_and_changes_nothing() {
    let live: Live<Chat> = Live::open("{\"max\":3}");
    let before = everything(&live.table);
    let admit = |user, wanted| live.table.admit(joining(user).who, wanted);
    assert_eq!(admit("ada", As::Player(Some(Seat(1)))), Ok(As::Player(Some(Seat(1)))));
    assert_eq!(admit("shy", As::Player(None)), Ok(As::Spectator));
    let Err(Rejected::NotAdmitted(refusal)) = admit("mallory", As::Spectator) else { panic!("admitted") };
    assert_eq!(refusal.code, "banned");
    assert_eq!(everything(&live.table), before);
}

/// What a record wraps around an action must not make it undecodable: JSON is read to a depth of 127.
#[test]
fn whatever_is_accepted_can_be_read_back_however_deep_it_is() {
    let mut accepted = 0;
    for depth in 1..130 {
        let mut live: Live<Chat> = Live::with("{\"max\":3}", 1);
        let action = format!("{{\"type\":\"pin\",\"value\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        if live.try_act("u0", None, &action).is_ok() {
            accepted = depth;
            assert!(Table::<Chat>::replay_opening(&live.journal[0]).is_ok());
            assert_eq!(everything(&live.replayed()), everything(&live.table), "depth {depth}");
            let restored = Table::<Chat>::restore(&live.table.snapshot()).map_err(|damage| format!("depth {depth}: {damage}"));
            assert_eq!(everything(&restored.unwrap()), everything(&live.table));
        }
    }
    assert!(accepted >= 32, "{accepted}");
}

#[test]
fn an_array_is_no_action_though_serde_would_read_it_as_one() {
    let mut live: Live<High<false>> = Live::with("{}", 2);
    let now = stamp(0);
    assert!(matches!(live.table.act(now, "u0", None, r#"["peek"]"#), Err(Rejected::Invalid)));
}
