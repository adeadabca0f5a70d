//! Which jobs a queue asks for, and what it makes of what comes back.

use crate::common::{Queue, add};
use parlour_downloads::{Action, Event, Fault, Fetched, Job, Scanned, Signal, Status};
use serde_json::json;

#[test]
fn as_many_are_fetched_at_once_as_the_settings_say_in_the_order_of_the_list() {
    let mut queue = Queue::open(json!({"parallel": 2}));
    let ids: Vec<_> = (0..4).map(|n| queue.add(&format!("f{n}"))).collect();
    assert_eq!(queue.open_jobs(), ["fetch-d1", "fetch-d2"]);
    queue.act(&Action::Reorder { ids: vec![ids[3].clone()] }).unwrap();
    queue.complete(&ids[0], 10);
    assert_eq!(queue.open_jobs(), ["fetch-d2", "fetch-d4", "tidy"]);
    queue.act(&Action::Settings { parallel: Some(3), speed_limit_bytes_s: None }).unwrap();
    assert_eq!(queue.open_jobs(), ["fetch-d2", "fetch-d3", "fetch-d4", "tidy"]);
}

#[test]
fn sixty_downloads_a_scan_and_the_tidying_fit_into_the_jobs_of_a_room() {
    let mut queue = Queue::open(json!({"parallel": 60}));
    let first = queue.add("first");
    queue.act(&Action::Scan {}).unwrap();
    queue.act(&Action::Remove { id: first }).unwrap();
    (0..61).for_each(|n| drop(queue.add(&format!("f{n}"))));
    assert_eq!(queue.open_jobs().len(), 62);
    assert_eq!((queue.view().counts.active, queue.view().counts.pending), (60, 1));
}

#[test]
fn each_place_has_its_share_of_the_speed_and_a_change_reaches_who_is_at_it() {
    let mut queue = Queue::open(json!({"parallel": 2, "speed_limit_bytes_s": 10_000}));
    queue.add("one");
    let limit = |queue: &Queue| match serde_json::from_str(queue.table.about().jobs["fetch-d1"].job.get()).expect("a job") {
        Job::Fetch { speed_limit_bytes_s, .. } => speed_limit_bytes_s,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit(&queue), 5000);
    let before = queue.table.about().jobs["fetch-d1"].since;
    queue.act(&Action::Settings { parallel: None, speed_limit_bytes_s: Some(0) }).unwrap();
    assert_eq!(limit(&queue), 0);
    assert!(queue.table.about().jobs["fetch-d1"].since > before);
}

#[test]
fn a_job_that_is_lost_ends_its_download_once_with_a_text_that_tells_nothing() {
    let mut queue = Queue::open(json!({}));
    let id = queue.add("one");
    queue.lose("fetch-d1");
    assert_eq!(queue.items()[0].status, Status::Failed);
    let ends = queue.heard[1].iter().filter(|event| matches!(event, Event::DownloadFailed { code, .. } if code == "internal"));
    assert_eq!(ends.count(), 1);
    queue.act(&Action::Retry { id }).unwrap();
    assert_eq!(queue.open_jobs(), ["fetch-d1"]);
    queue.act(&Action::Scan {}).unwrap();
    queue.lose("scan");
    assert!(queue.heard[0].iter().any(|event| matches!(event, Event::ScanFailed { code, .. } if code == "internal")));
    assert!(!queue.view().is_scanning);
}

#[test]
fn a_full_disk_is_told_once_and_once_that_there_is_room_again() {
    let mut queue = Queue::open(json!({}));
    for (name, percent) in [("a", 89), ("b", 90), ("c", 99), ("d", 50), ("e", 95)] {
        let id = queue.add(name);
        queue.complete(&id, percent);
    }
    let told = |queue: &Queue| {
        let system = queue.heard[1].iter().filter_map(|event| match event {
            Event::SystemWarning { details, .. } => Some(format!("warning {}", details["disk_percent"])),
            Event::SystemInfo { details, .. } => Some(format!("info {}", details["disk_percent"])),
            _ => None,
        });
        system.collect::<Vec<_>>()
    };
    assert_eq!(told(&queue), ["warning 90", "info 50", "warning 95"]);
}

#[test]
fn what_the_server_cannot_write_is_an_error_of_the_system() {
    let mut queue = Queue::open(json!({}));
    let id = queue.add("one");
    let outcome = Fetched::Failed { fault: Fault::CannotWrite, bytes_done: 5, bytes_total: Some(10) };
    queue.answer("fetch-d1", &Signal::Fetched { id, outcome, disk: None });
    assert!(
        queue.heard[1]
            .iter()
            .any(|event| matches!(event, Event::SystemError { details, .. } if details["code"] == "cannot_write"))
    );
    assert_eq!((queue.items()[0].percent, queue.items()[0].bytes_done), (Some(50), 5));
}

#[test]
fn what_was_begun_and_removed_is_put_away_and_what_is_complete_stays_in_the_library() {
    let mut queue = Queue::open(json!({"parallel": 1}));
    let (one, two) = (queue.add("one"), queue.add("two"));
    // Nothing was begun of it, so nothing is to be put away.
    queue.act(&Action::Remove { id: two }).unwrap();
    assert_eq!(queue.open_jobs(), ["fetch-d1"]);
    queue.act(&Action::Remove { id: one.clone() }).unwrap();
    assert_eq!(queue.open_jobs(), ["tidy"]);
    let job: Job = serde_json::from_str(queue.table.about().jobs["tidy"].job.get()).expect("a job");
    assert_eq!(job, Job::Tidy { ids: vec![one] });
    queue.answer("tidy", &Signal::Tidied);
    assert!(queue.open_jobs().is_empty());
}

#[test]
fn a_scan_says_how_long_it_took_in_room_time_and_one_that_is_cancelled_is_not_heard() {
    let mut queue = Queue::open(json!({}));
    queue.act(&Action::Scan {}).unwrap();
    assert_eq!(queue.act(&Action::Scan {}), Err("already_scanning".to_owned()));
    queue.act(&Action::CancelScan {}).unwrap();
    assert!(queue.open_jobs().is_empty());
    queue.act(&Action::Scan {}).unwrap();
    queue.pass_ms(1234);
    queue.answer("scan", &Signal::Scanned(Scanned::Complete { series_found: 0, files_found: 0, series: Vec::new() }));
    let scans = queue.heard[0].iter().filter_map(|event| match event {
        Event::ScanFailed { code, .. } => Some(code.clone()),
        Event::ScanComplete { duration_ms, .. } => Some(duration_ms.to_string()),
        _ => None,
    });
    assert_eq!(scans.collect::<Vec<_>>(), ["cancelled", "1234"]);
}

#[test]
fn two_downloads_never_go_to_one_file_but_one_key_can_have_many() {
    let mut queue = Queue::open(json!({"autostart": false}));
    let first = queue.add("one");
    queue.add("two");
    assert_eq!(queue.act(&add("one")), Err("path_taken".to_owned()));
    assert_eq!(queue.act(&add("ONE")), Err("path_taken".to_owned()));
    queue.act(&Action::Stop { id: Some(first.clone()) }).unwrap();
    let second = queue.add("one");
    assert_eq!(queue.act(&Action::Retry { id: first.clone() }), Err("path_taken".to_owned()));
    queue.act(&Action::Remove { id: second }).unwrap();
    queue.act(&Action::Retry { id: first }).unwrap();
}
