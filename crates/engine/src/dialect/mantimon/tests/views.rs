//! The view that is kept: patches that fit, patches that do not, and views out of turn.

use super::*;
use crate::patch::Differ;
use crate::patch::apply::{Op, apply};
use proptest::prelude::*;

#[test]
fn a_state_is_what_the_patches_make_of_the_view() {
    let mut desk = Desk::in_game(Mode::Compat);
    let done = desk.turn(&[
        patch(2, json!([{"op": "add", "path": "/hand/0", "value": "c0"}, {"op": "remove", "path": "/current"}])),
        patch(3, json!([{"op": "add", "path": "/current", "value": 1}])),
    ]);
    assert_eq!(done.types(), ["game_state"]);
    assert_eq!(done.says[0]["state"], json!({"phase": "main", "turn": 3, "current": 1, "hand": ["c0", "c1"]}));
}

#[test]
fn a_patch_that_does_not_fit_brings_a_fresh_view_and_never_a_wrong_state() {
    for lost in [patch(3, json!([])), patch(2, json!([{"op": "remove", "path": "/none"}])), patch(2, json!([{"op": "frob"}]))] {
        let mut desk = Desk::in_game(Mode::Strict);
        let done = desk.turn(&[lost]);
        assert_eq!((done.types(), done.asks.len()), (vec![], 1));
        let ask = done.asks[0].clone();
        assert_eq!(ask["payload"], json!({"room_id": "g", "as": "player", "after": "k.5.2", "open": false}));
        // Meanwhile events are told, and nothing is asked twice.
        let done = desk.turn(&[public("attacked", 6, json!({"seat": 1})), patch(4, json!([]))]);
        assert_eq!((done.types(), done.asks.len()), (vec!["action_applied"], 0));
        let state = json!({"phase": "main", "turn": 9, "current": 0});
        let frames =
            [ok(&ask, joined("k.6.2", "replayed")), public("attacked", 6, json!({"seat": 1})), view("k.6.2", 1, state.clone())];
        let done = desk.turn(&frames);
        assert_eq!((done.types(), &done.says[0]["state"]), (vec!["game_state"], &state));
    }
}

#[test]
fn a_game_that_ended_unseen_is_over_when_its_state_is_known() {
    let mut desk = Desk::in_game(Mode::Compat);
    let done = desk.turn(&[public("game_over", 6, json!({"winner": 1, "reason": "timeout"})), patch(9, json!([]))]);
    assert_eq!(done.types(), Vec::<&str>::new());
    let state = json!({"phase": "over", "turn": 9, "current": 0});
    let done = desk.turn(&[ok(&done.asks[0], joined("k.6.2", "replayed")), view("k.6.2", 1, state.clone())]);
    assert_eq!(done.types(), ["game_state", "game_over"]);
    assert_eq!(done.says[1]["final_state"], state);
}

#[test]
fn a_view_for_who_fell_behind_goes_on_from_there() {
    let mut desk = Desk::in_game(Mode::Strict);
    let mut behind = view("k.9.4", 6, json!({"phase": "main", "turn": 9, "current": 0}));
    behind["resumed"] = json!({"kind": "view"});
    assert_eq!(desk.turn(&[behind]).says[0]["event_id"], "k.9.4");
    let done =
        desk.turn(&[public("attacked", 10, json!({})), patch(7, json!([{"op": "replace", "path": "/turn", "value": 10}]))]);
    assert_eq!((done.types(), &done.says[1]["event_id"]), (vec!["action_applied", "game_state"], &json!("k.10.4")));
}

#[test]
fn when_a_fresh_view_is_refused_for_now_it_is_asked_for_again_and_when_for_good_the_room_is_out() {
    let mut desk = Desk::in_game(Mode::Compat);
    let ask = desk.turn(&[patch(9, json!([]))]).asks[0].clone();
    assert_eq!(desk.refuse(&ask, "limited", "rate_limited").types(), Vec::<&str>::new());
    let ask = desk.turn(&[patch(10, json!([]))]).asks[0].clone();
    let done = desk.refuse(&ask, "not_found", "room_not_found");
    assert_eq!((&done.says[0]["code"], &done.says[0]["details"]["game_id"]), (&json!("connection_closed"), &json!("g")));
    assert_eq!(desk.turn(&[patch(11, json!([]))]).asks, Vec::<Value>::new());
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u8>().prop_map(Value::from),
        "[a-c~/\"é]{0,3}".prop_map(Value::from)
    ];
    let value = leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-d~/]{0,2}", inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-d~/]{1,2}", value, 0..6).prop_map(|map| Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn what_the_server_finds_changed_makes_the_new_view_of_the_old(old in document(), new in document()) {
        let mut differ = Differ::default();
        if let Some(ops) = differ.patch(&old.to_string(), &new.to_string()) {
            let ops: Vec<Op> = serde_json::from_slice(&[b"[", ops, b"]"].concat()).unwrap();
            let mut document = old.clone();
            prop_assert_eq!(apply(&mut document, ops), Some(()));
            prop_assert_eq!(document, new);
        }
    }

    #[test]
    fn no_operation_makes_it_panic(mut document in document(), path in "(/([a-d0-9-]|~[012]?)){0,4}|x", value in document()) {
        let add = Op::Add { path: path.clone(), value: value.clone() };
        for op in [add, Op::Replace { path: path.clone(), value }, Op::Remove { path }] {
            let _ = apply(&mut document, vec![op]);
        }
    }
}
