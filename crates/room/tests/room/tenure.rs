//! Proves what a seat's holder hears of the time before: what a spectator hears, and no count of it.

use crate::common::high::{Do, High};
use crate::common::live::{Live, joining};
use parlour_room::stream::{Missed, Told};
use parlour_room::{Joining, Position, Seat, Viewer};

type Room = High<false>;
const SEAT: Viewer = Viewer::Seat(Seat(0));

fn since(live: &Live<Room>, user: &str) -> u64 {
    live.table.about().members[user].since_order
}

/// What the holder of seat 0 is served from the very beginning, as (number, private, body).
fn from_the_beginning(live: &Live<Room>, viewer: Viewer, since: u64) -> Vec<(u64, bool, String)> {
    heard_after(live, viewer, since, 0)
}

/// The same, of one who has heard so many private events.
fn heard_after(live: &Live<Room>, viewer: Viewer, since: u64, m: u64) -> Vec<(u64, bool, String)> {
    let Missed::Events(events) = live.table.about().streams.missed(viewer, since, 0, Some(m)) else { panic!("too much") };
    let hear = |told: &Told| (told.number, told.seat.is_some(), told.heard_by(viewer, since).unwrap().get().to_owned());
    events.into_iter().map(hear).collect()
}

/// Seat 0 was told secrets, and is given up.
fn after_u0() -> Live<Room> {
    let mut live: Live<Room> = Live::with("{}", 2);
    live.act("u1", &Do::Whisper { to: Seat(0), times: 5 });
    live.act("u1", &Do::Hint { holders: vec![Seat(0)], word: "secret".to_owned() });
    live.leave("u0");
    live
}

fn sit(live: &mut Live<Room>, user: &str) {
    live.join(Joining { seat: Some(Seat(0)), ..joining(user) }).unwrap();
}

#[test]
fn a_new_holder_is_served_what_a_spectator_is_served_of_the_time_before() {
    let mut live = after_u0();
    let before = from_the_beginning(&live, Viewer::Spectator, 0);
    sit(&mut live, "u2");
    let served = from_the_beginning(&live, SEAT, since(&live, "u2"));
    assert_eq!(served[..before.len()], before);
    assert!(!format!("{before:?}").contains("secret"));
    // The tenure begins with what the record that gave the seat told: their own cards.
    assert!(served[before.len()].2.contains("\"cards\":["), "{served:?}");
}

#[test]
fn a_new_holders_private_number_says_nothing_of_the_former_holder() {
    let mut live = after_u0();
    assert_eq!(live.table.position(SEAT).m, Some(5));
    sit(&mut live, "u2");
    assert_eq!(live.table.position(SEAT).m, Some(0));
    live.act("u1", &Do::Whisper { to: Seat(0), times: 1 });
    assert_eq!(live.table.position(SEAT).m, Some(1));
    assert_eq!(from_the_beginning(&live, SEAT, since(&live, "u2")).iter().filter(|(_, private, _)| *private).count(), 1);
}

#[test]
fn the_same_user_coming_back_goes_on_counting_but_is_a_spectator_for_the_time_between() {
    let mut live = after_u0();
    // To an empty seat nothing is told in private, and it is not counted either.
    live.act("u1", &Do::Whisper { to: Seat(0), times: 3 });
    live.act("u1", &Do::Hint { holders: vec![Seat(0)], word: "between".to_owned() });
    sit(&mut live, "u0");
    assert_eq!(live.table.position(SEAT).m, Some(5));
    live.act("u1", &Do::Whisper { to: Seat(0), times: 1 });
    live.act("u1", &Do::Hint { holders: vec![Seat(0)], word: "after".to_owned() });
    // What they were told in private before, and may have missed, is no longer theirs to hear: they are told so by a view.
    let missed = |m| live.table.about().streams.missed(SEAT, since(&live, "u0"), 0, Some(m)).clone();
    assert!((0..5).all(|m| matches!(missed(m), Missed::Public(_))));
    let served = heard_after(&live, SEAT, since(&live, "u0"), 5);
    let private: Vec<u64> = served.iter().filter(|(_, private, _)| *private).map(|(number, ..)| *number).collect();
    assert_eq!(private, [6]);
    let text = format!("{served:?}");
    assert!(!text.contains("secret") && !text.contains("between") && text.contains("after"));
}

#[test]
fn a_bot_that_sits_in_is_a_holder_as_any_other() {
    let mut live = after_u0();
    live.join(Joining { seat: Some(Seat(0)), bot: Some("random"), ..joining("bot-1") }).unwrap();
    assert_eq!(live.table.about().members["bot-1"].bot.as_deref(), Some("random"));
    assert!(!format!("{:?}", from_the_beginning(&live, SEAT, since(&live, "bot-1"))).contains("secret"));
}

#[test]
fn a_tenure_outlives_a_snapshot() {
    let mut live = after_u0();
    sit(&mut live, "u2");
    let served = from_the_beginning(&live, SEAT, since(&live, "u2"));
    live.table = parlour_room::Table::restore(&live.table.snapshot()).unwrap();
    assert_eq!(from_the_beginning(&live, SEAT, since(&live, "u2")), served);
}

#[test]
fn who_was_thrown_out_is_no_member_and_is_told_nothing_in_private() {
    let mut live: Live<Room> = Live::with("{}", 2);
    let played = live.act("u0", &Do::Kick { seat: Seat(1) });
    assert_eq!(
        (played.removed[0].user.as_str(), played.removed[0].seat, played.removed[0].reason.as_str()),
        ("u1", Some(Seat(1)), "kicked")
    );
    assert!(live.act("u0", &Do::Kick { seat: Seat(1) }).removed.is_empty());
    assert!(live.act("u0", &Do::Whisper { to: Seat(1), times: 2 }).told.is_empty());
}

#[test]
fn a_position_reads_back_what_it_wrote_and_nothing_else() {
    let position = Position { life: "k3f9".to_owned(), n: 12, m: Some(3) };
    assert_eq!(Position::parse(&position.to_string()), Some(position));
    assert_eq!(Position::parse("k3f9.12").map(|position| position.n), Some(12));
    for bad in [
        "",
        "k3f9",
        "k3f9.",
        ".1.2",
        "k3f9.1.",
        "k3f9.1.2.3",
        "k3f9.+1.2",
        "k3f9.-1.2",
        "k3f9.1.x",
        "k3f9.1.99999999999999999999",
    ] {
        assert_eq!(Position::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_position_with_only_a_public_number_means_everything_told_up_to_it() {
    let mut live: Live<Room> = Live::with("{}", 2);
    live.act("u1", &Do::Whisper { to: Seat(0), times: 5 });
    let since = since(&live, "u0");
    let at = live.table.position(SEAT);
    let public = Position { m: None, ..at.clone() };
    let Missed::Events(missed) = live.table.about().streams.missed(SEAT, since, public.n, public.m) else { panic!("too much") };
    // Told after the last public event: nobody can say whether they were heard.
    assert_eq!(missed.len(), 5, "{missed:?}");
    live.act("u1", &Do::Hint { holders: vec![Seat(0)], word: "secret".to_owned() });
    let n = live.table.position(SEAT).n;
    let Missed::Events(missed) = live.table.about().streams.missed(SEAT, since, n, None) else { panic!("too much") };
    assert!(missed.is_empty(), "{missed:?}");
    assert_eq!(Position::parse("k3f9.12"), Some(Position { life: "k3f9".to_owned(), n: 12, m: None }));
}

#[test]
fn a_number_of_an_older_private_numbering_never_hides_events_of_a_newer_one() {
    // u0 knew 3 private events, lost the seat to u2, took it again, and was told 5 more: which the old number cannot tell apart.
    let mut live: Live<Room> = Live::with("{}", 2);
    live.act("u1", &Do::Whisper { to: Seat(0), times: 3 });
    let old = live.table.position(SEAT);
    live.leave("u0");
    sit(&mut live, "u2");
    live.leave("u2");
    sit(&mut live, "u0");
    live.act("u1", &Do::Whisper { to: Seat(0), times: 5 });
    let since = since(&live, "u0");
    let streams = live.table.about().streams.clone();
    let Missed::Public(events) = streams.missed(SEAT, since, old.n, old.m) else { panic!("of another numbering") };
    assert!(events.iter().all(|told| told.seat.is_none()));
    let now = live.table.position(SEAT);
    assert!(matches!(streams.missed(SEAT, since, now.n, now.m), Missed::Events(events) if events.is_empty()));
}
