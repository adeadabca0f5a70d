//! Proves that a job's result is taken once, for the record that asked for it, and replays without the world.

use crate::common::chat::{self, Chat};
use crate::common::high::{Do, High};
use crate::common::live::{Live, everything};
use parlour_room::table::JobChange;
use parlour_room::{Cause, Table};

const RESULT: &str = r#"{"fetched":{"text":"ok"}}"#;

fn started(live: &mut Live<High<false>>) -> u64 {
    let played = live.act("u0", &Do::Ask { key: "a".to_owned() });
    let [JobChange::Start { key, since, job }] = &played.jobs[..] else { panic!("{:?}", played.jobs) };
    assert_eq!((key.as_str(), *since, job.get()), ("a", played.record.seq, "\"fetch a\""));
    *since
}

#[test]
fn one_result_of_the_job_that_is_open_is_played_and_no_other() {
    let mut live: Live<High<false>> = Live::with("{}", 1);
    let first = started(&mut live);
    let second = started(&mut live);
    let mut answer = |key: &str, since: u64| {
        let played = live.table.answer(live.now, key, since, RESULT).unwrap();
        played.map(|played| live.keep(played).record.clone())
    };
    assert_eq!(answer("a", first), None, "it was replaced");
    assert_eq!(answer("b", second), None);
    let record = answer("a", second).unwrap();
    assert_eq!((record.cause, record.input), (Cause::Signal, format!("{{\"job\":\"a\",\"result\":{RESULT}}}")));
    assert_eq!(answer("a", second), None);
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}

#[test]
fn a_job_that_is_no_longer_wanted_is_stopped_once_and_its_result_dropped() {
    let mut live: Live<High<false>> = Live::with("{}", 1);
    let since = started(&mut live);
    let stop = Do::Cancel { key: "a".to_owned() };
    assert_eq!(format!("{:?}", live.act("u0", &stop).jobs), "[Stop(\"a\")]");
    assert!(live.act("u0", &stop).jobs.is_empty());
    assert!(live.table.answer(live.now, "a", since, RESULT).unwrap().is_none());
}

#[test]
fn an_open_job_outlives_a_snapshot() {
    let mut live: Live<High<false>> = Live::with("{}", 1);
    let since = started(&mut live);
    live.table = Table::restore(&live.table.snapshot()).unwrap();
    assert_eq!(live.table.about().jobs["a"].job.get(), "\"fetch a\"");
    let played = live.table.answer(live.now, "a", since, RESULT).unwrap().unwrap();
    assert_eq!(played.told.len(), 1);
}

/// A result that has nothing to say is `null` in the record, and still a result.
#[test]
fn a_result_that_is_null_replays() {
    let mut live: Live<Chat> = Live::with("{\"max\":2}", 1);
    let since = live.act("u0", &chat::Do::Errand).record.seq;
    let played = live.table.answer(live.now, "errand", since, "null").unwrap().unwrap();
    assert_eq!((played.record.cause, played.told.len()), (Cause::Signal, 1));
    live.keep(played);
    assert_eq!(everything(&live.replayed()), everything(&live.table));
}
