//! Proves what a room is told of who is here: every change once, as a record, and nothing of bots or after the end.

use crate::common::faulty::{Config, Do, Faulty, How, Place};
use crate::common::live::{Live, everything, joining};
use parlour_room::{Cause, Fault, Joining, Table, Who};

fn seated(panics: &[Place]) -> Live<Faulty> {
    let mut live = Live::open(&serde_json::to_string(&Config { panics: panics.iter().copied().collect() }).unwrap());
    live.join(joining("u0")).unwrap();
    live
}

fn present(live: &mut Live<Faulty>, user: &str, here: bool) -> Option<(Cause, String)> {
    let played = live.table.present(live.now, user, here).unwrap()?;
    let record = live.keep(played).record.clone();
    Some((record.cause, record.input))
}

#[test]
fn who_takes_a_seat_is_here_and_every_change_is_one_record_that_replays() {
    let mut live = seated(&[]);
    assert_eq!(present(&mut live, "u0", true), None, "no news");
    let away = (Cause::Present, r#"{"user":"u0","here":false}"#.to_owned());
    assert_eq!(present(&mut live, "u0", false), Some(away));
    assert_eq!(live.played.last().unwrap().told.len(), 1, "the rules were asked");
    assert_eq!(present(&mut live, "u0", false), None);
    assert!(!live.table.about().members["u0"].here);
    let restored = Table::<Faulty>::restore(&live.table.snapshot()).unwrap();
    assert_eq!(everything(&restored), everything(&live.table));
    assert!(present(&mut live, "u0", true).is_some());
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}

#[test]
fn nobody_is_told_of_bots_of_strangers_or_after_the_end() {
    let mut live = seated(&[]);
    let bot = Joining { who: Who { user: "bot:x", name: "x", bot: true }, bot: Some("x"), ..joining("bot:x") };
    live.join(bot).unwrap();
    for here in [true, false] {
        assert_eq!(present(&mut live, "bot:x", here), None);
        assert_eq!(present(&mut live, "u7", here), None);
    }
    live.table.close(live.now, "root", "enough").unwrap();
    assert_eq!(present(&mut live, "u0", false), None);
}

#[test]
fn a_presence_that_the_rules_cannot_play_is_used_up_and_replays_the_same() {
    let mut live = seated(&[Place::Present]);
    let view = live.table.view_json(parlour_room::Viewer::Spectator);
    let failed = (Cause::Failed, r#"{"present":{"user":"u0","here":false}}"#.to_owned());
    assert_eq!(present(&mut live, "u0", false), Some(failed));
    assert_eq!(live.played.last().unwrap().fault, Some(Fault::Panicked));
    assert_eq!(live.table.view_json(parlour_room::Viewer::Spectator), view);
    assert_eq!(present(&mut live, "u0", false), None, "it is used up");
    live.act("u0", &Do::Count { how: How::Well });
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}
