//! Proves who may sit where.

use crate::common::chat::{Chat, Do};
use crate::common::high::High;
use crate::common::live::{Live, joining};
use parlour_room::{Joined, Joining, Rejected, Room, Seat};

type Three = High<false>;

fn at<R: Room>(live: &mut Live<R>, user: &str, seat: u32) -> Result<Seat, Rejected> {
    live.join(Joining { seat: Some(Seat(seat)), ..joining(user) })
}

#[test]
fn the_first_free_seat_is_given_and_a_wanted_one_if_it_is_free() {
    let mut live: Live<Three> = Live::open("{}");
    assert_eq!(at(&mut live, "a", 1), Ok(Seat(1)));
    assert_eq!(live.join(joining("b")), Ok(Seat(0)));
    assert_eq!(at(&mut live, "c", 1), Err(Rejected::SeatTaken));
    assert_eq!(at(&mut live, "c", 3), Err(Rejected::NoSuchSeat));
    assert_eq!(at(&mut live, "c", u32::MAX), Err(Rejected::NoSuchSeat));
    assert_eq!(live.join(joining("c")), Ok(Seat(2)));
    assert_eq!(live.join(joining("d")), Err(Rejected::Full));
    assert_eq!(at(&mut live, "d", 0), Err(Rejected::SeatTaken));
    live.leave("b");
    assert_eq!(live.join(joining("d")), Ok(Seat(0)));
}

#[test]
fn who_sits_already_keeps_the_seat_and_nothing_is_recorded() {
    let mut live: Live<Three> = Live::with("{}", 2);
    let before = live.table.snapshot();
    for seat in [None, Some(Seat(1))] {
        let again = live.table.join(live.now, Joining { seat, nonce: Some("another"), ..joining("u1") });
        assert!(matches!(again, Ok(Joined::Already(Seat(1)))));
    }
    assert_eq!(at(&mut live, "u1", 2), Err(Rejected::SeatedElsewhere(Seat(1))));
    assert_eq!(at(&mut live, "u1", 0), Err(Rejected::SeatedElsewhere(Seat(1))));
    assert_eq!(live.table.snapshot(), before);
}

#[test]
fn nobody_new_sits_down_in_a_room_that_ended_but_who_sat_still_does() {
    let mut live: Live<Three> = Live::with("{}", 1);
    let played = live.table.close(live.now, "root", "enough").unwrap();
    live.keep(played);
    assert_eq!(live.join(joining("u1")), Err(Rejected::Ended));
    assert_eq!(live.join(joining("u0")), Ok(Seat(0)));
    live.leave("u0");
    assert_eq!(live.join(joining("u0")), Err(Rejected::Ended));
}

#[test]
fn a_nonce_may_be_as_long_as_the_limit_in_bytes() {
    let mut live: Live<Three> = Live::open("{}");
    let too_long = ["x".repeat(65), "é".repeat(33)];
    for nonce in &too_long {
        assert_eq!(live.join(Joining { nonce: Some(nonce), ..joining("u0") }), Err(Rejected::Invalid));
    }
    assert_eq!(live.join(Joining { nonce: Some(&"é".repeat(32)), ..joining("u0") }), Ok(Seat(0)));
}

#[test]
fn open_seats_give_the_lowest_free_number_again() {
    let mut live: Live<Chat> = Live::with("{\"max\":4}", 4);
    assert_eq!(live.join(joining("late")), Err(Rejected::Full));
    live.leave("u2");
    live.leave("u0");
    assert_eq!(live.join(joining("a")), Ok(Seat(0)));
    assert_eq!(live.join(joining("b")), Ok(Seat(2)));
    assert_eq!(live.join(joining("late")), Err(Rejected::Full));
    assert_eq!(live.table.about().seats, 4);
    live.act("b", &Do::Say { text: "hi".to_owned() });
    assert!(live.played.last().unwrap().told[0].body.get().contains("\"seat\":2"));
    assert_eq!(live.replayed().snapshot(), live.table.snapshot());
}
