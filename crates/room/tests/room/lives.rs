//! Proves that a name can have a second life which goes on counting, and that nobody mistakes one life for the other.

use crate::common::chat::{Chat, Do};
use crate::common::live::{Live, everything, joining, opening, stamp};
use parlour_room::{Opening, Position, Seat, Table, Viewer};

const CONFIG: &str = "{\"max\":3}";

fn ended() -> Live<Chat> {
    let mut live: Live<Chat> = Live::with(CONFIG, 2);
    live.act("u0", &Do::Say { text: "hi".to_owned() });
    assert_eq!(live.table.revealed_seed(), None);
    let played = live.table.close(live.now, "root", "enough").unwrap();
    live.keep(played);
    live
}

#[test]
fn a_second_life_goes_on_counting_and_has_a_name_of_its_own() {
    let first = ended();
    let after = first.table.about().seq;
    // Everything else of the request may be the same, the seed too.
    let (table, played) = Table::<Chat>::open(stamp(0), Opening { after, ..opening(CONFIG) }).unwrap();
    assert_eq!(played.record.seq, after + 1);
    let mut second = Live { table, journal: vec![played.record.clone()], played: vec![played], now: stamp(0) };
    assert_ne!(second.table.about().life, first.table.about().life);
    assert_eq!(second.table.about().streams.n(), 0);
    second.join(joining("u0")).unwrap();
    assert_eq!(second.journal[1].seq, after + 2);
    assert_eq!(everything(&second.replayed()), everything(&second.table));
}

#[test]
fn a_position_of_the_first_life_is_not_one_of_the_second() {
    let first = ended();
    let position = first.table.position(Viewer::Seat(Seat(0)));
    let opening = Opening { after: first.table.about().seq, ..opening(CONFIG) };
    let (second, _) = Table::<Chat>::open(stamp(0), opening).unwrap();
    let told = Position::parse(&position.to_string()).unwrap();
    assert_eq!(told.life, first.table.about().life);
    assert_ne!(told.life, second.about().life);
}

#[test]
fn a_life_is_named_after_its_opening_and_keeps_that_name() {
    let mut live: Live<Chat> = Live::open(CONFIG);
    let life = live.table.about().life.to_owned();
    assert_eq!(life, live.journal[0].hash.short(8));
    live.join(joining("u0")).unwrap();
    live.table = Table::restore(&live.table.snapshot()).unwrap();
    assert_eq!(live.table.about().life, life);
    let later = Table::<Chat>::open(stamp(1), opening(CONFIG)).unwrap().0;
    assert_ne!(later.about().life, life, "opened at another time");
}

#[test]
fn the_records_of_one_life_do_not_continue_the_other() {
    let first = ended();
    let opening = Opening { after: first.table.about().seq, ..opening(CONFIG) };
    let (_, opened) = Table::<Chat>::open(stamp(0), opening).unwrap();
    assert_eq!(first.replayed().replay(&opened.record).unwrap_err().seq, opened.record.seq);
}

#[test]
fn the_seed_is_revealed_when_the_room_has_ended_where_the_kind_says_so() {
    let live = ended();
    let seed = live.table.revealed_seed().unwrap();
    assert!(live.journal[0].input.contains(&seed));
}
