//! Patches between any two JSON texts: applied by other code they give the new one, and the usual changes take one operation.
#![allow(unreachable_pub, reason = "this is a test crate of its own")]

mod reference;

use parlour_engine::limits::{PATCH_DEPTH, PATCH_PAIRS};
use parlour_engine::patch::Differ;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The operations from one view to another, once it is seen that they lead there; `None` where there are none.
fn ops(differ: &mut Differ, old: &Value, new: &Value) -> Option<Vec<Value>> {
    ops_of_texts(differ, &old.to_string(), &new.to_string())
}

fn ops_of_texts(differ: &mut Differ, old: &str, new: &str) -> Option<Vec<Value>> {
    let patch = differ.patch(old, new)?;
    assert!(patch.len() < new.len(), "a patch is shorter than the view");
    let ops: Vec<Value> =
        serde_json::from_str(&format!("[{}]", std::str::from_utf8(patch).expect("it is there"))).expect("it is there");
    let mut patched: Value = serde_json::from_str(old).expect("it is there");
    reference::apply(&mut patched, &ops).unwrap_or_else(|why| panic!("{why}\nold {old}\nnew {new}"));
    assert_eq!(patched, serde_json::from_str::<Value>(new).expect("it is there"), "old {old}\nnew {new}");
    Some(ops)
}

/// The same, of views with so much else in them that a patch is always shorter.
fn among_much(old: &Value, new: &Value) -> Vec<Value> {
    let much = |view: &Value| json!({"else": "x".repeat(4000), "view": view});
    let ops = ops(&mut Differ::default(), &much(old), &much(new)).expect("shorter than so much");
    ops.into_iter()
        .map(|mut op| {
            let path = op["path"].as_str().and_then(|path| path.strip_prefix("/view")).expect("nothing else changed").to_owned();
            op["path"] = path.into();
            op
        })
        .collect()
}

#[test]
fn a_card_taken_from_a_hand_is_one_operation_wherever_it_was() {
    let card = |n: u32| json!({"id": format!("card{n}"), "hp": n, "costs": ["fire", "any"]});
    let hand: Vec<Value> = (0..7).map(card).collect();
    for at in 0..7 {
        let mut fewer = hand.clone();
        fewer.remove(at);
        let path = format!("/hand/{at}");
        let (more, fewer) = (json!({"hand": hand}), json!({"hand": fewer}));
        assert_eq!(among_much(&more, &fewer), [json!({"op": "remove", "path": path})]);
        assert_eq!(
            among_much(&fewer, &more),
            [json!({"op": "add", "path": path, "value": card(u32::try_from(at).expect("it is there"))})]
        );
    }
    let mut played: Vec<Value> = hand.clone();
    played.remove(5);
    played.remove(1);
    played.push(card(9));
    let gone = [json!({"op": "remove", "path": "/1"}), json!({"op": "remove", "path": "/4"})];
    let drawn = json!({"op": "add", "path": "/5", "value": card(9)});
    assert_eq!(among_much(&json!(hand), &json!(played)), [&gone[..], &[drawn]].concat());
}

#[test]
fn a_number_that_changes_deep_inside_is_one_operation() {
    let side = |hp: u32| json!({"bench": [{"hp": 10}, {"hp": hp, "energy": [], "name": "Brindle"}], "deck": 30});
    assert_eq!(among_much(&side(50), &side(60)), [json!({"op": "replace", "path": "/bench/1/hp", "value": 60})]);
}

#[test]
fn what_rfc_6901_and_6902_say_of_odd_names_and_values_holds() {
    for key in
        ["", "/", "~", "~1", "~0", "~01", "a/b", "m~n", "%25", "c%d", "e^f", "g|h", " ", "-", "0", "01", "\u{e9}", "\u{1f3b2}"]
    {
        let (old, new) = (json!({key: {key: [1, 2], "b": 0}}), json!({key: {key: [1], "b": 0}}));
        let path = key.replace('~', "~0").replace('/', "~1");
        let way = [format!("/{path}/{path}/1"), format!("/{path}/{path}")];
        assert_eq!(among_much(&old, &new), [json!({"op": "remove", "path": way[0]})], "{key:?}");
        let gone = json!({key: {"b": 0}});
        assert_eq!(among_much(&old, &gone), [json!({"op": "remove", "path": way[1]})], "{key:?}");
        assert_eq!(among_much(&gone, &old), [json!({"op": "add", "path": way[1], "value": [1, 2]})], "{key:?}");
    }
    for key in ["\\", "\"", "\n", "\u{1}", "a\"b\\c/d~e"] {
        // Such a name can be written in several ways: what has it goes whole.
        let (old, new) = (json!({key: 1, "a": 2}), json!({key: 1, "a": 3}));
        assert_eq!(among_much(&old, &new), [json!({"op": "replace", "path": "", "value": new})], "{key:?}");
    }
    let values = [
        json!(null),
        json!(false),
        json!(0),
        json!(-1.5e300),
        json!(9_007_199_254_740_991_u64),
        json!(""),
        json!("\"\\"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"": null}),
    ];
    for (old, new) in values.iter().flat_map(|old| values.iter().map(move |new| (old, new))) {
        let expected = if old == new { vec![] } else { vec![json!({"op": "replace", "path": "/0/1", "value": new})] };
        let found = among_much(&json!([[7, old]]), &json!([[7, new]]));
        assert!(found == expected || found.len() == 1, "{old} to {new}: {found:?}");
    }
    assert_eq!(among_much(&json!([[1, [2, 3]], 4]), &json!([[1, [3]], 4])), [json!({"op": "remove", "path": "/0/1/0"})]);
}

#[test]
fn texts_that_no_serializer_of_ours_would_write_are_still_told_right() {
    let much = "x".repeat(4000);
    for (old, new) in [
        (r#"{ "a" : [ 1 , 2 ] , "b" : { } }"#, r#"{"b":{},"a":[1,2,3]}"#),
        (r#"{"a":1,"\u0061":2,"c":3}"#, r#"{"a":1,"c":4}"#),
        (r#"{"a":1,"a":2,"c":3}"#, r#"{"a":1,"a":5,"c":4}"#),
        (r#"{"a":1,"a":2,"c":3}"#, r#"{"a":4,"a":2,"c":3}"#),
        (r#"{"a":1,"a":2,"c":3}"#, r#"{"a":1,"a":2,"c":4}"#),
        (r#"{"a":1,"\u0061":2,"c":3}"#, r#"{"a":4,"\u0061":2,"c":3}"#),
        (r#"{"a\/b":[1],"c":"]}\"{["}"#, r#"{"a\/b":[2],"c":"]}\"{[,"}"#),
        (r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#),
        (r#"[1.0,1e2,"\u00e9"]"#, "[1.0,100.0,\"\u{e9}\"]"),
    ] {
        let whole = |text: &str| format!(r#"{{"much":"{much}","view":{text}}}"#);
        ops_of_texts(&mut Differ::default(), &whole(old), &whole(new)).expect("shorter than so much");
    }
}

#[test]
fn where_a_patch_would_cost_more_than_the_view_there_is_none() {
    let differ = &mut Differ::default();
    assert_eq!(ops(differ, &json!({"a": 1}), &json!([1])), None);
    assert_eq!(ops(differ, &json!({"a": 1, "b": 2}), &json!({"c": 3})), None);
    let deep = |depth: usize, core: u32| format!("{}{core}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(differ.patch(&deep(100_000, 1), &deep(100_000, 2)), None, "no deeper than {PATCH_DEPTH}, and no stack overflows");
    let wide = |first: u32| json!((first..first + 60_000).collect::<Vec<u32>>()).to_string();
    let nested = |first: u32| (0..12).fold(wide(first), |inner, _| format!("[{inner}]"));
    assert_eq!(differ.patch(&nested(0), &nested(1)), None, "too much to look through");
}

#[test]
fn lists_too_long_to_search_are_told_place_by_place() {
    let mut board = vec![json!("....."); 1000];
    let old = json!(board);
    (board[3], board[996]) = (json!("..@.."), json!("@...."));
    const { assert!(993 * 993 > PATCH_PAIRS) };
    let moved =
        [json!({"op": "replace", "path": "/3", "value": "..@.."}), json!({"op": "replace", "path": "/996", "value": "@...."})];
    assert_eq!(ops(&mut Differ::default(), &old, &json!(board)).expect("it is there"), moved);
}

/// Any JSON, small enough that equal parts are common.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c~/\"\\\\]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 6, |inner| {
        let key = prop_oneof![6 => "[ab~/]{0,2}", 1 => "[\"\\\\\u{7}]"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6).prop_map(|members: BTreeMap<String, Value>| json!(members)),
        ]
    })
}

/// A change to one place of a value, as games make them.
fn changed(value: &Value, places: &[usize], kind: u8, other: &Value) -> Value {
    let mut value = value.clone();
    let (place, rest) = places.split_first().unwrap_or((&0, &[]));
    match &mut value {
        Value::Array(elements) if !elements.is_empty() => {
            let at = place % elements.len();
            match kind {
                _ if !rest.is_empty() => elements[at] = changed(&elements[at], rest, kind, other),
                0 => drop(elements.remove(at)),
                1 => elements.insert(at, other.clone()),
                2 => elements.rotate_left(at),
                _ => elements[at] = other.clone(),
            }
        }
        Value::Object(members) if !members.is_empty() => {
            let key = members.keys().nth(place % members.len()).expect("it is there").clone();
            match kind {
                _ if !rest.is_empty() => members[&key] = changed(&members[&key], rest, kind, other),
                0 => drop(members.remove(&key)),
                1 => drop(members.insert(format!("{key}~/"), other.clone())),
                _ => members[&key] = other.clone(),
            }
        }
        value => *value = other.clone(),
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_patch_makes_of_any_view_any_other(old in any_json(), new in any_json()) {
        ops(&mut Differ::default(), &old, &new);
        among_much(&old, &new);
    }

    #[test]
    fn a_patch_makes_of_any_view_one_that_changed_in_places(
        view in any_json(),
        changes in prop::collection::vec((prop::collection::vec(0..6_usize, 1..4), 0..4_u8, any_json()), 1..4),
    ) {
        let mut differ = Differ::default();
        let mut old = json!({"else": "x".repeat(2000), "view": view});
        for (places, kind, other) in changes {
            let mut new = old.clone();
            new["view"] = changed(&new["view"], &places, kind, &other);
            ops(&mut differ, &old, &new);
            old = new;
        }
    }
}
