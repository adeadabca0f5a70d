//! Proves that a repeated message can be told again what its action told its actor: the same events, or none of them where they
//! are not kept, and never those of another tenure.

use crate::common::high::{Do, High};
use crate::common::live::{Live, joining, user};
use crate::common::script::{Op, scripts};
use parlour_room::inbox::INBOX_WINDOW_MS;
use parlour_room::stream::{Heard, RING_PRIVATE, RING_PUBLIC, Told};
use parlour_room::{Joining, Seat, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Room = High<false>;

/// Private or not, number, body.
type Event = (bool, u64, String);

fn told_by(table: &Table<Room>, user: &str, id: &str) -> Option<Vec<Event>> {
    let events = |heard: Vec<Heard>| heard.into_iter().map(|heard| (heard.private, heard.number, heard.body.get().to_owned()));
    table.told_by(user, id).map(|heard| events(heard).collect())
}

/// What a seat hears of what was told just now, said in another way than the table says it.
fn heard_on(seat: Seat, told: &[Told]) -> Vec<Event> {
    let mut events = Vec::new();
    for told in told {
        let own = told.apart.as_ref().filter(|apart| apart.holders.contains(&seat)).map(|apart| &apart.own);
        match told.seat {
            Some(to) if to != seat => {}
            to => events.push((to.is_some(), told.number, own.unwrap_or(&told.body).get().to_owned())),
        }
    }
    events
}

fn act(live: &mut Live<Room>, id: &str, action: &Do) -> Vec<Event> {
    let text = serde_json::to_string(action).unwrap();
    assert!(live.try_act("u0", Some(id), &text).unwrap().1);
    heard_on(Seat(0), &live.played.last().unwrap().told)
}

#[test]
fn it_is_told_again_as_long_as_every_one_of_its_events_is_kept() {
    let limit = |ring: usize| u32::try_from(ring).unwrap();
    let mut live: Live<Room> = Live::with("{}", 2);
    let open = act(&mut live, "open", &Do::Shout { times: 3 });
    let private = act(&mut live, "private", &Do::Whisper { to: Seat(0), times: 2 });
    let nothing = act(&mut live, "nothing", &Do::Whisper { to: Seat(1), times: 2 });
    assert_eq!((open.len(), private.len(), nothing.len()), (3, 2, 0));
    let known = |live: &Live<Room>| ["open", "private", "nothing"].map(|id| told_by(&live.table, "u0", id));
    assert_eq!(known(&live), [Some(open.clone()), Some(private.clone()), Some(nothing.clone())]);

    live.act("u1", &Do::Shout { times: limit(RING_PUBLIC) - 3 });
    live.act("u1", &Do::Whisper { to: Seat(0), times: limit(RING_PRIVATE) - 2 });
    assert_eq!(known(&live), [Some(open), Some(private.clone()), Some(nothing.clone())]);
    live.act("u1", &Do::Shout { times: 1 });
    assert_eq!(known(&live), [None, Some(private), Some(nothing.clone())]);
    live.act("u1", &Do::Whisper { to: Seat(0), times: 1 });
    assert_eq!(known(&live), [None, None, Some(nothing)]);
}

#[test]
fn who_gave_the_seat_up_is_not_told_again_what_they_were_told_on_it() {
    for seat in [0, 2] {
        let mut live: Live<Room> = Live::with("{}", 2);
        act(&mut live, "open", &Do::Shout { times: 1 });
        act(&mut live, "private", &Do::Whisper { to: Seat(0), times: 1 });
        act(&mut live, "apart", &Do::Hint { holders: vec![Seat(0)], word: "secret".to_owned() });
        act(&mut live, "nothing", &Do::Shout { times: 0 });
        live.leave("u0");
        let known = |live: &Live<Room>| ["open", "private", "apart"].map(|id| told_by(&live.table, "u0", id));
        assert_eq!(known(&live), [None, None, None]);
        live.join(Joining { seat: Some(Seat(seat)), ..joining("u0") }).unwrap();
        live.act("u1", &Do::Whisper { to: Seat(seat), times: 3 });
        assert_eq!(known(&live), [None, None, None], "on seat {seat}");
        assert_eq!(told_by(&live.table, "u0", "nothing"), Some(Vec::new()));
    }
}

/// What an action told first, on which seat, in the tenure that began with which record, and when that was.
type First = (Vec<Event>, Seat, u64, u64);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever happens in between, restarts included.
    #[test]
    fn every_id_is_told_again_what_it_was_told_first_or_nothing(script in scripts(120)) {
        let mut live: Live<Room> = Live::open("{}");
        let mut first: BTreeMap<(String, String), First> = BTreeMap::new();
        for op in &script {
            let Op::Act { user: n, id: Some(id), action } = op else {
                if !matches!(op, Op::ActLegal { .. }) {
                    let _ = live.step(op);
                }
                continue;
            };
            let (user, id, text) = (user(*n), format!("id-{id}"), serde_json::to_string(action).unwrap());
            let member = live.table.about().members.get(&user).map(|member| (member.seat, member.since));
            if let (Ok((_, true)), Some((seat, since))) = (live.try_act(&user, Some(&id), &text), member) {
                let told = heard_on(seat, &live.played.last().unwrap().told);
                first.insert((user, id), (told, seat, since, live.table.about().at_ms));
            }
        }
        let restored = Table::<Room>::restore(&live.table.snapshot()).unwrap();
        for table in [restored, live.replayed()] {
            let about = table.about();
            for ((user, id), (told, seat, since, at_ms)) in &first {
                if about.at_ms - at_ms > INBOX_WINDOW_MS {
                    continue;
                }
                let sits = about.members.get(user).is_some_and(|member| (member.seat, member.since) == (*seat, *since));
                let m = table.position(parlour_room::Viewer::Seat(*seat)).m.unwrap();
                let is_kept = |(private, number, _): &Event| {
                    let (last, ring) = if *private { (m, RING_PRIVATE) } else { (about.streams.n(), RING_PUBLIC) };
                    number + u64::try_from(ring).unwrap() > last
                };
                let again = told.is_empty() || sits && told.iter().all(is_kept);
                prop_assert_eq!(told_by(&table, user, id), again.then(|| told.clone()));
            }
        }
    }
}
