//! What every cluster must keep to, written against the trait: `contract!` makes one test of each claim for the one that a
//! [`House`] opens.

use super::{Cluster, Connection, Found, Question};
use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_engine::tracking::Tracked;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than anything should take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where one cluster is kept, empty at first.
pub(crate) trait House {
    fn open(&self, limits: &Limits) -> Arc<dyn Cluster>;
    /// Lets time pass, for it and for where it is kept.
    fn pass(&self, ms: u64);
}

macro_rules! contract {
    ($house:expr) => {
        $crate::cluster::contract::claims! { $house;
            connections_are_found_by_their_user_and_by_each_of_their_rooms
            who_leaves_a_room_or_has_gone_is_not_found_there
            others_in_a_room_are_told_from_a_users_own_connections
            who_is_silent_for_too_long_is_not_alive_and_then_not_there_until_heard_again
            of_many_in_a_room_some_are_shown_and_all_are_counted
            whatever_is_told_in_whatever_order_what_is_found_is_what_is_so
        }
    };
}
macro_rules! claims {
    ($house:expr; $($claim:ident)*) => { $(#[test] fn $claim() { $crate::cluster::contract::$claim(&$house); })* };
}
pub(crate) use {claims, contract};

/// Short enough that stale connections are looked for often; time that counts passes by `House::pass`.
pub(crate) fn limits() -> Limits {
    Limits { cluster_heartbeat_ms: 1000, cluster_retry_ms: 20, ..Limits::default() }
}

pub(crate) fn here(number: u64, user: &str) -> Tracked {
    Tracked::Here { conn: ConnId(number), session: session(number).into(), user: user.into() }
}

pub(crate) fn session(number: u64) -> String {
    format!("s-{number:03}")
}

pub(crate) fn enters(number: u64, room: &str) -> Tracked {
    Tracked::Enters(ConnId(number), room.into())
}

pub(crate) fn leaves(number: u64, room: &str) -> Tracked {
    Tracked::Leaves(ConnId(number), room.into())
}

pub(crate) fn gone(number: u64) -> Tracked {
    Tracked::Gone(ConnId(number))
}

pub(crate) fn tell<const N: usize>(cluster: &dyn Cluster, told: [Tracked; N]) {
    told.into_iter().for_each(|told| cluster.track(told));
}

pub(crate) fn of_user(cluster: &dyn Cluster, user: &str) -> Found {
    ask(cluster, Question::OfUser(user.to_owned()))
}

pub(crate) fn in_room(cluster: &dyn Cluster, room: &str, others_of: Option<&str>) -> Found {
    ask(cluster, Question::InRoom { room: room.to_owned(), others_of: others_of.map(str::to_owned) })
}

/// It may not have found its way there yet.
fn ask(cluster: &dyn Cluster, question: Question) -> Found {
    let end = Instant::now() + DEADLINE;
    loop {
        match cluster.look(question.clone()).blocking_recv() {
            Ok(Ok(found)) => return found,
            _ => assert!(Instant::now() < end, "no answer to {question:?}"),
        }
        thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "waited for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn sessions(found: &Found) -> Vec<&str> {
    found.connections.iter().map(|connection| connection.session.as_str()).collect()
}

pub(crate) fn connections_are_found_by_their_user_and_by_each_of_their_rooms(house: &impl House) {
    let cluster = house.open(&limits());
    tell(&*cluster, [here(1, "ada"), here(2, "bob"), here(3, "ada")]);
    tell(&*cluster, [enters(1, "den"), enters(1, "attic"), enters(2, "den")]);
    let ada = of_user(&*cluster, "ada");
    assert_eq!((sessions(&ada), ada.total, ada.alive), (vec!["s-001", "s-003"], 2, true));
    let Connection { user, rooms, connected_ms, seen_ms, alive, .. } = &ada.connections[0];
    assert_eq!((user.as_str(), rooms.as_slice(), *alive), ("ada", ["attic".to_owned(), "den".to_owned()].as_slice(), true));
    let now_ms = super::Clock::default().now_ms();
    assert!(seen_ms.abs_diff(*connected_ms) < 60_000 && now_ms.abs_diff(*seen_ms) < 60_000, "{ada:?}");
    assert_eq!(sessions(&in_room(&*cluster, "den", None)), ["s-001", "s-002"]);
    assert_eq!(sessions(&in_room(&*cluster, "attic", None)), ["s-001"]);
    assert_eq!(of_user(&*cluster, "eve"), Found::default());
    assert_eq!(in_room(&*cluster, "cellar", None), Found::default());
    cluster.end();
}

pub(crate) fn who_leaves_a_room_or_has_gone_is_not_found_there(house: &impl House) {
    let cluster = house.open(&limits());
    tell(&*cluster, [here(1, "ada"), enters(1, "den"), enters(1, "attic"), here(2, "ada")]);
    assert_eq!(sessions(&in_room(&*cluster, "den", None)), ["s-001"]);
    cluster.track(leaves(1, "den"));
    assert_eq!(in_room(&*cluster, "den", None), Found::default());
    assert_eq!(of_user(&*cluster, "ada").connections[0].rooms, ["attic"]);
    cluster.track(gone(1));
    assert_eq!(in_room(&*cluster, "attic", None), Found::default());
    assert_eq!(sessions(&of_user(&*cluster, "ada")), ["s-002"]);
    // What is told of who has gone counts for nothing.
    tell(&*cluster, [enters(1, "den"), leaves(1, "attic"), gone(1), Tracked::Heard(vec![(ConnId(1), 0)])]);
    assert_eq!(in_room(&*cluster, "den", None), Found::default());
    cluster.track(gone(2));
    assert_eq!(of_user(&*cluster, "ada"), Found::default());
    cluster.end();
}

pub(crate) fn others_in_a_room_are_told_from_a_users_own_connections(house: &impl House) {
    let cluster = house.open(&limits());
    for (number, user) in [(1, "ada"), (2, "bob"), (3, "ada"), (4, "eve")] {
        cluster.track(here(number, user));
        cluster.track(enters(number, "den"));
    }
    let others = in_room(&*cluster, "den", Some("ada"));
    assert_eq!((sessions(&others), others.total, others.alive), (vec!["s-002", "s-004"], 2, true));
    assert_eq!(in_room(&*cluster, "den", Some("nobody")).total, 4);
    tell(&*cluster, [gone(2), gone(4)]);
    let others = in_room(&*cluster, "den", Some("ada"));
    assert_eq!((others.total, others.alive), (0, false), "nobody else is there");
    cluster.end();
}

pub(crate) fn who_is_silent_for_too_long_is_not_alive_and_then_not_there_until_heard_again(house: &impl House) {
    let cluster = house.open(&limits());
    tell(&*cluster, [here(1, "ada"), here(2, "bob"), enters(1, "den"), enters(2, "den")]);
    assert_eq!(in_room(&*cluster, "den", None).total, 2);
    house.pass(2_000);
    cluster.track(Tracked::Heard(vec![(ConnId(2), 0)]));
    assert!(of_user(&*cluster, "ada").alive, "two heartbeats may be missed");
    house.pass(1_900);
    assert!(!of_user(&*cluster, "ada").alive, "three are too many");
    until("the silent one to be removed", || of_user(&*cluster, "ada") == Found::default());
    assert_eq!(sessions(&in_room(&*cluster, "den", None)), ["s-002"]);
    assert!(of_user(&*cluster, "bob").alive, "one was heard of");
    cluster.track(Tracked::Heard(vec![(ConnId(1), 500)]));
    let found = in_room(&*cluster, "den", None);
    assert_eq!((sessions(&found), of_user(&*cluster, "ada").alive), (vec!["s-001", "s-002"], true));
    cluster.end();
}

pub(crate) fn of_many_in_a_room_some_are_shown_and_all_are_counted(house: &impl House) {
    let cluster = house.open(&Limits { page: 3, ..limits() });
    for number in 0..200 {
        cluster.track(here(number, if number == 1 { "ada" } else { "bob" }));
        cluster.track(enters(number, "hall"));
    }
    let found = in_room(&*cluster, "hall", None);
    assert_eq!((sessions(&found), found.total), (vec!["s-000", "s-001", "s-002"], 200));
    let others = in_room(&*cluster, "hall", Some("ada"));
    assert_eq!((sessions(&others), others.total), (vec!["s-000", "s-002", "s-003"], 199));
    cluster.end();
}

pub(crate) fn whatever_is_told_in_whatever_order_what_is_found_is_what_is_so(house: &impl House) {
    let users = ["ada", "bob", "eve"];
    let rooms = ["den", "attic", "cellar"];
    for seed in 0..4_u64 {
        println!("seed {seed}");
        let mut state = seed;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let cluster = house.open(&limits());
        let mut model = Model::new();
        for step in 0..300 {
            let number = draw(12) + 100 * seed;
            let room = rooms[usize::try_from(draw(3)).unwrap_or(0)];
            match (draw(6), model.get_mut(&number)) {
                (_, None) => {
                    let user = users[usize::try_from(draw(3)).unwrap_or(0)];
                    cluster.track(here(number, user));
                    model.insert(number, (user, BTreeSet::new()));
                }
                (0, Some(_)) => {
                    cluster.track(gone(number));
                    model.remove(&number);
                }
                (1, Some((_, its))) => {
                    cluster.track(leaves(number, room));
                    its.remove(room);
                }
                (2, Some(_)) => cluster.track(Tracked::Heard(vec![(ConnId(number), 0)])),
                (_, Some((_, its))) => {
                    cluster.track(enters(number, room));
                    its.insert(room);
                }
            }
            if step % 10 == 9 {
                agrees(&*cluster, &model, &users, &rooms);
            }
        }
        // What is left must not be found by the next.
        model.keys().for_each(|number| cluster.track(gone(*number)));
        cluster.end();
    }
}

/// Each connection's user and rooms.
type Model<'a> = BTreeMap<u64, (&'a str, BTreeSet<&'a str>)>;

fn agrees(cluster: &dyn Cluster, model: &Model<'_>, users: &[&str], rooms: &[&str]) {
    let those = |is_one: &dyn Fn(&str, &BTreeSet<&str>) -> bool| -> Vec<String> {
        model.iter().filter(|(_, (of, its))| is_one(of, its)).map(|(number, _)| session(*number)).collect()
    };
    for user in users {
        let found = of_user(cluster, user);
        assert_eq!(sessions(&found), those(&|of, _| of == *user), "{user}");
        for connection in &found.connections {
            let its = model.iter().find(|(number, _)| session(**number) == connection.session).map(|(_, (_, its))| its);
            assert_eq!(connection.rooms, its.into_iter().flatten().copied().collect::<Vec<_>>());
        }
    }
    for room in rooms {
        assert_eq!(sessions(&in_room(cluster, room, None)), those(&|_, its| its.contains(room)), "{room}");
        let others = those(&|of, its| its.contains(room) && of != users[0]);
        assert_eq!(sessions(&in_room(cluster, room, Some(users[0]))), others, "{room}");
    }
}
