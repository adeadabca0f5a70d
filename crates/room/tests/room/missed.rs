//! Proves the streams against a plain log without rings: numbers are dense, every viewer hears exactly one body of every public
//! slot, private slots are for their seat alone, and who comes back gets exactly the difference, or is told that it is too
//! much.

use crate::common::high::{Do, High};
use crate::common::live::{Live, choices, joining, user};
use parlour_room::stream::{Missed, RING_PRIVATE, RING_PUBLIC, Told};
use parlour_room::{Dice, Played, Seat, Viewer};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Room = High<false>;

/// One event as it was told, and in which numbering of its seat.
struct Entry {
    told: Told,
    numbering: u64,
}

/// All that was ever told, and who sat where from when on.
#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
    n: u64,
    seats: BTreeMap<Seat, SeatLog>,
    /// Whether anybody may know positions of more than one private numbering.
    has_reseated: bool,
}

#[derive(Default)]
struct SeatLog {
    holder: String,
    /// Goes up when somebody else takes the seat, or the same user comes back from another.
    numbering: u64,
    /// The public event after which that numbering began, where its user may know numbers of an older one.
    anew: Option<u64>,
    m: u64,
    /// How much had been told when the tenure began.
    since: usize,
}

impl Log {
    fn joined(&mut self, seat: Seat, user: &str) {
        let since = self.entries.len();
        let has_moved = self.seats.iter().any(|(other, log)| *other != seat && log.holder == user);
        let is_first = !self.seats.contains_key(&seat);
        let log = self.seats.entry(seat).or_default();
        if log.holder != user || has_moved {
            self.has_reseated |= has_moved || !is_first;
            let anew = self.has_reseated.then_some(self.n);
            *log = SeatLog { holder: user.to_owned(), numbering: log.numbering + 1, anew, m: 0, since };
        }
        log.since = since;
    }

    /// Every number must be the next of its numbering.
    fn told(&mut self, played: &Played) {
        for told in &played.told {
            let numbering = match told.seat {
                None => {
                    self.n += 1;
                    assert_eq!(told.number, self.n, "public numbers are dense");
                    0
                }
                Some(seat) => {
                    let log = self.seats.get_mut(&seat).expect("nobody is told anything privately on a seat never taken");
                    log.m += 1;
                    assert_eq!(told.number, log.m, "the private numbers of {seat} are dense");
                    log.numbering
                }
            };
            self.entries.push(Entry { told: told.clone(), numbering });
        }
    }

    /// The bodies a viewer missed after this position; `None` if one of them is no longer kept, or is not theirs any more.
    fn missed(&self, viewer: Viewer, n: u64, m: u64) -> Option<Vec<(u64, bool, &str)>> {
        self.missed_of(viewer, n, m, true)
    }

    /// The same, private ones or not.
    fn missed_of(&self, viewer: Viewer, n: u64, m: u64, private: bool) -> Option<Vec<(u64, bool, &str)>> {
        let seat = viewer.seat().and_then(|seat| self.seats.get(&seat));
        let (since, numbering, all_m) = seat.map_or((usize::MAX, 0, 0), |seat| (seat.since, seat.numbering, seat.m));
        let mut missed = Vec::new();
        for (at, Entry { told, numbering: own }) in self.entries.iter().enumerate() {
            let (wanted, kept) = match told.seat {
                None => (told.number > n, told.number + RING_PUBLIC as u64 > self.n),
                Some(_) if !private || told.seat != viewer.seat() || *own != numbering => continue,
                // Of a former tenure of the same user nothing private is told again.
                Some(_) => (told.number > m, at >= since && told.number + RING_PRIVATE as u64 > all_m),
            };
            if wanted {
                let holds = |holders: &[Seat]| at >= since && viewer.seat().is_some_and(|seat| holders.contains(&seat));
                let body = told.apart.as_ref().filter(|apart| holds(&apart.holders)).map_or(&told.body, |apart| &apart.own);
                missed.push((told.number, told.seat.is_some(), body.get()));
                if !kept {
                    return None;
                }
            }
        }
        Some(missed)
    }

    /// The position may be of an older private numbering.
    fn is_ambiguous(&self, viewer: Viewer, n: u64, m: u64) -> bool {
        let seat = viewer.seat().and_then(|seat| self.seats.get(&seat));
        m > 0 && seat.and_then(|seat| seat.anew).is_some_and(|anew| n <= anew)
    }

    fn check(&self, live: &Live<Room>, viewer: Viewer, n: u64, m: u64) {
        let about = live.table.about();
        let since = about.members.values().find(|member| viewer.is(member.seat)).map_or(u64::MAX, |member| member.since_order);
        let position = live.table.position(viewer);
        let all_m = viewer.seat().and_then(|seat| self.seats.get(&seat)).map_or(0, |seat| seat.m);
        assert_eq!((position.n, position.m), (self.n, Some(all_m)));
        let is_ahead = n > self.n || viewer.seat().is_some() && m > all_m && !self.is_ambiguous(viewer, n, m);
        let (events, private) = match about.streams.missed(viewer, since, n, Some(m)) {
            Missed::Ahead => return assert!(is_ahead, "{viewer:?} {n} {m}"),
            Missed::TooMuch => return assert!(self.missed_of(viewer, n, m, false).is_none(), "{viewer:?} {n} {m}"),
            Missed::Public(events) => {
                let is_lost = self.missed(viewer, n, m).is_none();
                assert!(is_lost || self.is_ambiguous(viewer, n, m), "{viewer:?} {n} {m}");
                (events, false)
            }
            Missed::Events(events) => {
                assert!(!self.is_ambiguous(viewer, n, m), "{viewer:?} {n} {m}");
                (events, true)
            }
        };
        assert!(!is_ahead, "{viewer:?} {n} {m}");
        let heard = |told: &&Told| told.heard_by(viewer, since).map(|body| body.get().to_owned());
        let found: Vec<_> = events.iter().map(|told| (told.number, told.seat.is_some(), heard(told).unwrap())).collect();
        let expected = self.missed_of(viewer, n, m, private).expect("some of it is no longer kept");
        let expected: Vec<_> = expected.iter().map(|(n, private, body)| (*n, *private, (*body).to_owned())).collect();
        assert_eq!(found, expected, "{viewer:?} {n} {m}");
    }

    /// Every position near an end of a ring, and some others.
    fn check_all(&self, live: &Live<Room>, dice: &mut Dice) {
        let about = live.table.about();
        let viewers: Vec<Viewer> =
            about.members.values().map(|member| Viewer::Seat(member.seat)).chain([Viewer::Spectator]).collect();
        let edges = |last: u64, ring: usize, dice: &mut Dice| {
            let behind = last.saturating_sub(ring as u64);
            let random = dice.below(last + 1);
            vec![0, 1, behind.saturating_sub(1), behind, behind + 1, random, last.saturating_sub(1), last, last + 1]
        };
        for viewer in viewers {
            let ns = edges(self.n, RING_PUBLIC, dice);
            let ms = edges(live.table.position(viewer).m.unwrap(), RING_PRIVATE, dice);
            ns.iter().for_each(|n| ms.iter().for_each(|m| self.check(live, viewer, *n, *m)));
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Join { user: usize, seat: u32 },
    Leave { user: usize },
    Act { user: usize, action: Do },
}

fn op() -> impl Strategy<Value = Op> {
    let seat = || (0..3_u32).prop_map(Seat);
    let times = || prop_oneof![6 => 0..5_u32, 2 => 30..70_u32, 1 => 250..260_u32];
    let action = prop_oneof![
        3 => times().prop_map(|times| Do::Shout { times }),
        5 => (seat(), times()).prop_map(|(to, times)| Do::Whisper { to, times }),
        3 => (proptest::collection::vec(seat(), 0..3), "[a-z]").prop_map(|(holders, word)| Do::Hint { holders, word }),
        1 => seat().prop_map(|seat| Do::Kick { seat }),
    ];
    prop_oneof![
        2 => (0..4_usize, 0..3_u32).prop_map(|(user, seat)| Op::Join { user, seat }),
        1 => (0..4_usize).prop_map(|user| Op::Leave { user }),
        7 => (0..4_usize, action).prop_map(|(user, action)| Op::Act { user, action }),
    ]
}

/// Does it if it is allowed; returns whether it was.
fn step(live: &mut Live<Room>, log: &mut Log, op: &Op) -> bool {
    match op {
        Op::Join { user: n, seat } => {
            let (user, records) = (user(*n), live.journal.len());
            let Ok(seat) = live.join(parlour_room::Joining { seat: Some(Seat(*seat)), ..joining(&user) }) else { return false };
            if live.journal.len() == records {
                return false;
            }
            log.joined(seat, &user);
        }
        Op::Leave { user: n } => {
            let Ok(played) = live.table.leave(live.now, &user(*n), "left") else { return false };
            live.keep(played);
        }
        Op::Act { user: n, action } => {
            let Ok((_, true)) = live.try_act(&user(*n), None, &serde_json::to_string(action).unwrap()) else { return false };
        }
    }
    log.told(live.played.last().unwrap());
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn who_comes_back_gets_exactly_what_a_plain_log_says(ops in proptest::collection::vec(op(), 1..50), seed in any::<u64>()) {
        let (mut live, mut log, mut dice) = (Live::<Room>::open("{}"), Log::default(), choices(seed));
        let joins = [Op::Join { user: 0, seat: 0 }, Op::Join { user: 1, seat: 1 }];
        for op in joins.iter().chain(&ops) {
            if step(&mut live, &mut log, op) {
                log.check_all(&live, &mut dice);
            }
        }
    }

    /// Two rooms that differ in nothing but what is whispered to seat 1: seat 0 and the spectators cannot tell them apart.
    #[test]
    fn what_others_are_told_in_private_never_changes_what_i_get(ops in proptest::collection::vec((op(), 0..9_u32), 1..40)) {
        let mut rooms = [Live::<Room>::with("{}", 3), Live::<Room>::with("{}", 3)];
        for (op, times) in &ops {
            if matches!(op, Op::Leave { user: 0 }) || matches!(op, Op::Act { action: Do::Kick { .. }, .. }) {
                continue;
            }
            let [ours, other] = &mut rooms;
            let twin = match op {
                Op::Act { user: 1, action: Do::Whisper { to: Seat(1), .. } } => {
                    Op::Act { user: 1, action: Do::Whisper { to: Seat(1), times: 30 * times } }
                }
                op => op.clone(),
            };
            let done = (play(ours, op), play(other, &twin));
            prop_assert_eq!(done.0, done.1);
            for viewer in [Viewer::Seat(Seat(0)), Viewer::Spectator] {
                let [ours, other] = [&rooms[0], &rooms[1]].map(|room| all_heard(room, viewer));
                prop_assert_eq!(ours, other);
            }
        }
    }
}

fn play(live: &mut Live<Room>, op: &Op) -> bool {
    match op {
        Op::Join { user: n, seat } => live.join(parlour_room::Joining { seat: Some(Seat(*seat)), ..joining(&user(*n)) }).is_ok(),
        Op::Leave { user: n } => live.table.leave(live.now, &user(*n), "left").map(|played| live.keep(played).ended).is_ok(),
        Op::Act { user: n, action } => live.try_act(&user(*n), None, &serde_json::to_string(action).unwrap()).is_ok(),
    }
}

/// Every byte a viewer can get: what the last record told them, the view, the position, and what each earlier position missed.
fn all_heard(live: &Live<Room>, viewer: Viewer) -> Vec<String> {
    let about = live.table.about();
    let since = about.members.values().find(|member| viewer.is(member.seat)).map_or(u64::MAX, |member| member.since_order);
    let hear = |told: &Told| told.heard_by(viewer, since).map(|body| format!("{} {} {}", told.number, told.ts_ms, body));
    let mut heard: Vec<String> = live.played.last().unwrap().told.iter().filter_map(hear).collect();
    let position = live.table.position(viewer);
    heard.push(format!("{position} {:?}", live.table.view_json(viewer)));
    let all_m = position.m.unwrap();
    for (n, m) in [(0, 0), (position.n / 2, all_m / 2), (position.n, 0), (0, all_m), (position.n, all_m + 1)] {
        heard.push(match about.streams.missed(viewer, since, n, Some(m)) {
            Missed::Events(events) | Missed::Public(events) => events.into_iter().filter_map(hear).collect(),
            other => format!("{other:?}"),
        });
    }
    heard
}

#[test]
fn every_position_of_a_long_room_is_served() {
    let (mut live, mut log) = (Live::<Room>::open("{}"), Log::default());
    for (n, seat) in [(0, 0), (1, 1)] {
        step(&mut live, &mut log, &Op::Join { user: n, seat });
    }
    for _ in 0..40 {
        for action in [
            Do::Whisper { to: Seat(0), times: 2 },
            Do::Shout { times: 5 },
            Do::Hint { holders: vec![Seat(0)], word: "x".to_owned() },
        ] {
            step(&mut live, &mut log, &Op::Act { user: 1, action });
        }
    }
    let position = live.table.position(Viewer::Seat(Seat(0)));
    assert!((position.n, position.m) == (242, Some(80)), "{position}");
    (0..=position.n + 1)
        .step_by(11)
        .for_each(|n| (0..=position.m.unwrap() + 1).for_each(|m| log.check(&live, Viewer::Seat(Seat(0)), n, m)));
    (0..=position.n + 1).for_each(|n| log.check(&live, Viewer::Spectator, n, 0));
}
