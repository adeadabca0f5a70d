//! The native decoder takes any bytes a client can send: it never panics, it answers to every `ref` it can read, and what it
//! passes on is what was sent, byte for byte.

use parlour_engine::code::Code;
use parlour_engine::command::Command;
use parlour_engine::dialect::native::{SYSTEM_TYPES, decode};
use parlour_engine::limits::Limits;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any JSON, a few levels deep, with the envelope's own keys among the others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let key =
            prop_oneof!["v", "type", "ref", "id", "room", "payload", "room_id", "kind", "as", "seat", "after", "[a-z]{1,4}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_type() -> impl Strategy<Value = String> {
    prop_oneof![prop::sample::select(SYSTEM_TYPES).prop_map(str::to_owned), "[a-z_]{0,12}"]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_what_is_no_object_is_invalid(text in "\\PC{0,200}") {
        let request = decode(&text, &Limits::default());
        if !text.trim_start().starts_with('{') {
            prop_assert_eq!(request.command, Err(Code::InvalidMessage));
        }
    }

    #[test]
    fn json_that_is_no_object_is_invalid_whatever_is_in_it(value in any_json()) {
        let text = value.to_string();
        let request = decode(&text, &Limits::default()).command.err();
        prop_assert!(value.is_object() || request == Some(Code::InvalidMessage));
    }

    #[test]
    fn a_ref_that_can_be_read_is_echoed_whatever_else_is_wrong(
        reference in "\\PC{0,30}",
        kind in prop_oneof![any_json(), any_type().prop_map(Value::from)],
        payload in any_json(),
        room in any_json(),
        id in any_json(),
        twice in any::<bool>(),
    ) {
        let mut text = json!({"type": kind, "ref": reference, "payload": payload, "room": room, "id": id}).to_string();
        if twice {
            text = text.replacen('{', "{\"type\":\"ping\",", 1);
        }
        let request = decode(&text, &Limits::default());
        prop_assert_eq!(request.reference.as_deref(), Some(reference.as_str()));
    }

    #[test]
    fn an_action_is_passed_on_as_it_was_written(
        room in "[a-zA-Z0-9._-]{1,64}",
        id in "[!-~]{1,64}",
        fields in prop::collection::btree_map("[a-z]{1,6}", any_json(), 0..5),
    ) {
        let payload = Value::Object(fields.into_iter().collect()).to_string();
        let text = format!("{{\"type\":\"action\",\"room\":\"{room}\",\"id\":{},\"payload\":{payload}}}", json!(id));
        match decode(&text, &Limits::default()).command {
            Ok(Command::Act { room: to, id: with, action, own: None, events: false }) => {
                prop_assert_eq!((to.as_ref(), with.as_deref()), (room.as_str(), Some(id.as_str())));
                prop_assert_eq!(action.as_ref(), payload.as_str());
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn whether_an_actions_events_are_wanted_is_true_or_false(events in any_json()) {
        let text = json!({"type": "action", "room": "r", "events": events, "payload": {}}).to_string();
        match (decode(&text, &Limits::default()).command, events.as_bool()) {
            (Ok(Command::Act { events, .. }), wanted) => prop_assert_eq!(Some(events), wanted),
            (refused, wanted) => {
                prop_assert_eq!(refused, Err(Code::InvalidMessage));
                prop_assert_eq!(wanted, None);
            }
        }
    }

    #[test]
    fn a_rooms_own_type_carries_its_fields_and_no_others(
        kind in "[a-z]{1,12}".prop_filter("no system type", |kind| !SYSTEM_TYPES.contains(&kind.as_str())),
        room in "[a-z0-9-]{1,20}",
        fields in prop::collection::btree_map("[a-qs-z]{1,6}", any_json(), 0..5),
    ) {
        let mut expected: serde_json::Map<String, Value> = fields.into_iter().filter(|(key, _)| key != "type").collect();
        let mut payload = expected.clone();
        payload.insert("room_id".to_owned(), json!(room));
        expected.insert("type".to_owned(), json!(kind));
        let text = json!({"type": kind, "payload": payload}).to_string();
        match decode(&text, &Limits::default()).command {
            Ok(Command::Act { room: to, action, .. }) => {
                prop_assert_eq!(to.as_ref(), room.as_str());
                let expected = Value::Object(expected).to_string();
                prop_assert_eq!(serde_json::from_str::<Value>(&action).ok(), serde_json::from_str(&expected).ok());
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn the_version_is_1_or_refused(v in any::<i64>()) {
        let text = json!({"v": v, "type": "ping"}).to_string();
        let command = decode(&text, &Limits::default()).command;
        prop_assert_eq!(command, if v == 1 { Ok(Command::Ping) } else { Err(Code::UnsupportedVersion) });
    }
}
