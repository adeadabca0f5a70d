//! There is an end to everything.

use crate::common::{ADA, Queue, add};
use parlour_downloads::limits::{CLIENT_IDS, ITEMS, NAME_BYTES, TEXT_BYTES, URL_BYTES};
use parlour_downloads::{Action, Found, Scanned, Signal, rules};
use parlour_room::{Room, Viewer};
use serde_json::json;

/// The default limit of a view.
const VIEW_BYTES: usize = 256 * 1024;

#[test]
fn a_list_of_the_longest_texts_is_full_before_its_view_is_too_large() {
    let mut queue = Queue::open(json!({"autostart": false}));
    let mut n = 0_u32;
    let refused = loop {
        n += 1;
        let path = "/x".repeat((URL_BYTES - 40) / 2);
        let long = format!("{n:04}{}", "é".repeat((NAME_BYTES - 4) / 2));
        let action = Action::Add {
            url: format!("http://files.example/{n:04}{path}"),
            key: format!("{n:04}{}", "k".repeat(60)),
            folder: Some(long.clone()),
            name: Some(long),
            sha256: Some("a".repeat(64)),
            client_id: Some(format!("{n:04}{}", "c".repeat(60))),
        };
        if let Err(code) = queue.act(&action) {
            break code;
        }
    };
    assert_eq!(refused, "queue_full");
    println!("{n} downloads of the longest texts, {} bytes", queue.table.view_json(ADA).expect("a view").len());
    fill_library(&mut queue);
    assert!(queue.table.view_json(ADA).expect("a view").len() < VIEW_BYTES);
    assert!(n > 40);
}

#[test]
fn a_list_of_short_texts_is_full_before_its_view_is_too_large() {
    let mut queue = Queue::open(json!({"autostart": false}));
    for n in 0..ITEMS {
        let name = format!("{n}{}", "n".repeat(100));
        let url = format!("http://a/{n}");
        let folder = Some("f".repeat(NAME_BYTES));
        queue.act(&Action::Add { url, key: "k".to_owned(), folder, name: Some(name), sha256: None, client_id: None }).unwrap();
    }
    assert_eq!(queue.act(&add("one-more")), Err("queue_full".to_owned()));
    let ids: Vec<_> = queue.items().into_iter().map(|item| item.id).collect();
    ids.iter().for_each(|id| queue.act(&Action::Stop { id: Some(id.clone()) }).unwrap());
    fill_library(&mut queue);
    let bytes = queue.table.view_json(ADA).expect("a view").len();
    println!("{ITEMS} downloads, {TEXT_BYTES} bytes of text at most, a view of {bytes}");
    assert!(bytes < VIEW_BYTES);
    queue.act(&Action::Clear {}).unwrap();
    assert!(queue.items().is_empty());
}

fn fill_library(queue: &mut Queue) {
    queue.act(&Action::Scan {}).expect("no scan is under way");
    let found = |n| Found { key: "k".repeat(64), folder: format!("{n:04}{}", "f".repeat(116)), files: u32::MAX };
    let series = (0..1000).map(found).collect();
    queue.answer("scan", &Signal::Scanned(Scanned::Complete { series_found: 1000, files_found: 1000, series }));
    assert_eq!(queue.view().library.expect("it was scanned").series.len(), 100);
}

#[test]
fn what_a_client_asked_twice_is_done_once_and_forgotten_after_many_others() {
    let mut queue = Queue::open(json!({"autostart": false}));
    let with_id = |name: &str, client_id: &str| match add(name) {
        Action::Add { url, key, .. } => {
            Action::Add { url, key, folder: None, name: None, sha256: None, client_id: Some(client_id.to_owned()) }
        }
        other => other,
    };
    queue.act(&with_id("a", "c")).unwrap();
    queue.act(&with_id("a", "c")).unwrap();
    assert_eq!(queue.items().len(), 1);
    assert_eq!(queue.act(&with_id("b", "c")), Err("client_id_used".to_owned()));
    for n in 0..CLIENT_IDS {
        queue.act(&with_id(&format!("f{n}"), &format!("c{n}"))).unwrap();
        let id = queue.items()[1].id.clone();
        queue.act(&Action::Remove { id }).unwrap();
    }
    queue.act(&with_id("b", "c")).unwrap();
    assert_eq!(queue.items().len(), 2);
}

#[test]
fn who_left_and_who_never_came_see_what_spectators_see() {
    let mut queue = Queue::open(json!({}));
    queue.add("one");
    let view = |viewer| queue.table.state().view(viewer);
    assert_eq!(view(Viewer::Seat(parlour_room::Seat(5))), view(Viewer::Spectator));
    assert!(view(ADA).items[0].url.is_some() && view(Viewer::Spectator).items[0].url.is_none());
    assert!(queue.table.state().legal(parlour_room::Seat(5)).is_empty());
}

#[test]
fn what_a_scan_found_has_names_for_members_alone() {
    let mut queue = Queue::open(json!({}));
    queue.act(&Action::Scan {}).expect("no scan is under way");
    let series = vec![Found { key: "hidden-show".to_owned(), folder: "Hidden Show".to_owned(), files: 3 }];
    queue.answer("scan", &Signal::Scanned(Scanned::Complete { series_found: 1, files_found: 3, series }));
    let json = |viewer| queue.table.view_json(viewer).expect("a view").to_lowercase();
    assert!(json(ADA).contains(r#""key":"hidden-show""#));
    assert!(json(Viewer::Spectator).contains(r#""files":3"#) && !json(Viewer::Spectator).contains("hidden"));
}

#[test]
fn names_are_names_on_every_system_or_refused() {
    let good =
        ["a", "Show One", "Ein Fall für zwei", "日本語", "a.b.c", "common.txt", "nulls", "com10", "x".repeat(120).as_str()]
            .map(str::to_owned);
    for name in good {
        assert!(rules::is_component(&name), "{name:?}");
    }
    let bad = [
        "",
        ".",
        "..",
        ".hidden",
        "end.",
        " a",
        "a ",
        "a/b",
        "a\\b",
        "a:b",
        "a\0",
        "a\u{7f}",
        "a\u{85}b",
        "\u{feff}a",
        "a\u{202e}",
        "a\u{2066}b",
        "con",
        "CON.txt",
        "Con .x",
        "aux",
        "com0",
        "COM\u{b9}",
        "lpt9.tar.gz",
        "conin$",
        "a*",
        "a?",
        "\u{3000}a",
    ];
    for name in bad.map(str::to_owned).into_iter().chain(["x".repeat(121)]) {
        assert!(!rules::is_component(&name), "{name:?}");
    }
    for (folder, key) in [("Série 7", "s-rie-7"), ("..", "series"), ("日本", "series"), ("A__b  c!", "a__b-c")] {
        assert_eq!(rules::slug(folder), key);
        assert!(rules::is_key(&rules::slug(folder)));
    }
}

#[test]
fn addresses_name_a_host_and_nobody() {
    for url in ["http://a", "HTTPS://a.example:443/x?y=@", "http://[::1]:80/", "http://1.2.3.4/a%20b"] {
        assert_eq!(rules::address(url), Ok(()), "{url}");
    }
    let bad = [
        "",
        "a",
        "ftp://a/",
        "http://",
        "http://:80/",
        "http://u@a/",
        "http://u:p@a/",
        "http://a:0/",
        "http://a:/",
        "http://a:x/",
        "http://a/#f",
        "http://a/\u{e9}",
        "http://[::1/",
        "http://[g]/",
        "http://[]/",
        "http://a b/",
        "http://a/\r\nX: y",
        "http://a\\@b/",
    ];
    for url in bad {
        assert!(rules::address(url).is_err(), "{url}");
    }
}
