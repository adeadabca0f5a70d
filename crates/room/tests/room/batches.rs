//! Proves that a batch is like that many actions, or nothing: the same events, answers and refusals; one record that replays; one
//! effect under one id.

use crate::common::high::{Do, Draw, High};
use crate::common::live::{Live, everything, joining};
use parlour_room::{BatchRejected, Batched, Done, Rejected, Seat, Table, Viewer};
use proptest::prelude::*;

type Room = High<false>;

fn any_action() -> impl Strategy<Value = String> {
    let seats = prop_oneof![Just(0), Just(1), Just(7)].prop_map(Seat);
    let action = prop_oneof![
        (0..4_u32).prop_map(|times| Do::Shout { times }),
        Just(Do::Shout { times: 301 }),
        Just(Do::Peek),
        (seats.clone(), 0..3_u32).prop_map(|(to, times)| Do::Whisper { to, times }),
        seats.clone().prop_map(|seat| Do::Hint { holders: vec![seat], word: "plain".to_owned() }),
        (0..12_u32).prop_map(|card| Do::Play { card }),
        prop_oneof![Just(Seat(0)), Just(Seat(1))].prop_map(|seat| Do::Kick { seat }),
        Just(Do::Finish),
    ];
    prop_oneof![
        9 => action.prop_map(|action| serde_json::to_string(&action).unwrap()),
        1 => Just(r#"{"type":"nonsense"}"#.to_owned()),
    ]
}

fn batch(live: &mut Live<Room>, id: Option<&str>, atomic: bool, actions: &[String]) -> Result<Batched, BatchRejected> {
    let texts: Vec<&str> = actions.iter().map(String::as_str).collect();
    let batched = live.table.batch(live.now, "u0", id, atomic, &texts)?;
    if let Batched::Played { played, .. } = &batched {
        live.keep((**played).clone());
    }
    Ok(batched)
}

fn bodies(live: &Live<Room>) -> Vec<(Option<Seat>, u64, String)> {
    let told = live.played.iter().flat_map(|played| &played.told);
    told.map(|told| (told.seat, told.number, format!("{} {:?}", told.body, told.apart))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_batch_that_is_not_atomic_is_like_that_many_actions(actions in prop::collection::vec(any_action(), 1..12)) {
        let (mut one_by_one, mut at_once): (Live<Room>, Live<Room>) = (Live::with("{}", 2), Live::with("{}", 2));
        let expected: Vec<_> = actions.iter().map(|action| one_by_one.try_act("u0", None, action)).collect();
        let (Batched::Played { results, .. } | Batched::Nothing { results, .. }) =
            batch(&mut at_once, Some("b"), false, &actions).unwrap() else { panic!("not played") };
        for (done, expected) in results.iter().zip(&expected) {
            match (done, expected) {
                (Done::Played(answer), Ok((expected, true))) => prop_assert_eq!(answer, expected),
                (Done::Refused(why), Err(expected)) => prop_assert_eq!(&Rejected::from(why.clone()), expected),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(bodies(&at_once), bodies(&one_by_one));
        for viewer in [Viewer::Seat(Seat(0)), Viewer::Seat(Seat(1)), Viewer::Spectator] {
            prop_assert_eq!(at_once.table.view_json(viewer), one_by_one.table.view_json(viewer));
        }
        prop_assert_eq!(everything(&at_once.replayed()), everything(&at_once.table));
    }

    #[test]
    fn an_atomic_batch_is_kept_whole_or_leaves_no_trace(actions in prop::collection::vec(any_action(), 1..6)) {
        let (mut one_by_one, mut at_once): (Live<Room>, Live<Room>) = (Live::with("{}", 2), Live::with("{}", 2));
        let before = at_once.table.snapshot();
        let mut tried = actions.iter().map(|action| one_by_one.try_act("u0", None, action)).enumerate();
        let refused = tried.find_map(|(at, tried)| Some((at, tried.err()?)));
        drop(tried);
        match (batch(&mut at_once, Some("b"), true, &actions), refused) {
            (Ok(Batched::Played { .. }), None) => prop_assert_eq!(bodies(&at_once), bodies(&one_by_one)),
            (Err(rejected), Some((at, why))) => {
                prop_assert_eq!(rejected, BatchRejected { action: Some(at), why });
                prop_assert_eq!(at_once.table.snapshot(), before);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        prop_assert_eq!(everything(&at_once.replayed()), everything(&at_once.table));
    }
}

fn written(actions: &[Do]) -> Vec<String> {
    actions.iter().map(|action| serde_json::to_string(action).unwrap()).collect()
}

#[test]
fn a_repeated_batch_gets_the_first_answer_also_from_a_snapshot_and_from_the_records() {
    let luck = Do::Luck { draws: vec![Draw::Bits, Draw::Coin] };
    let actions = written(&[luck.clone(), Do::Shout { times: 301 }, luck, Do::Peek]);
    let texts: Vec<&str> = actions.iter().map(String::as_str).collect();
    let mut live: Live<Room> = Live::with("{}", 2);
    let Ok(Batched::Played { answer, results, .. }) = batch(&mut live, Some("b"), false, &actions) else { panic!("not played") };
    live.act("u1", &Do::Shout { times: 3 });
    live.leave("u0");
    live.join(joining("u2")).unwrap();
    let snapshot = live.table.snapshot();
    for mut table in [Table::<Room>::restore(&snapshot).unwrap(), live.replayed()] {
        let Ok(Batched::Before(again, before)) = table.batch(live.now, "u0", Some("b"), false, &texts) else {
            panic!("played twice")
        };
        assert_eq!((again, &before), (answer, &results));
        for (atomic, texts) in [(true, &texts[..]), (false, &texts[1..])] {
            assert_eq!(table.batch(live.now, "u0", Some("b"), atomic, texts).unwrap_err(), Rejected::IdReused.into());
        }
        assert_eq!(table.act(live.now, "u0", Some("b"), texts[3]).unwrap_err(), Rejected::IdReused);
        assert_eq!(table.snapshot(), snapshot);
    }
}

#[test]
fn a_refused_action_in_a_batch_spends_no_luck() {
    let luck = Do::Luck { draws: vec![Draw::Bits] };
    let bad = Do::Luck { draws: vec![Draw::Bits, Draw::Below(0)] };
    let told = |actions: &[Do]| {
        let mut live: Live<Room> = Live::with("{}", 2);
        batch(&mut live, None, false, &written(actions)).unwrap();
        bodies(&live)
    };
    assert_eq!(told(&[luck.clone(), bad, luck.clone()]), told(&[luck.clone(), luck]));
}
