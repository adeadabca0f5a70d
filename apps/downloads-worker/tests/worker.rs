//! The worker alone, with a host that answers as it is told: what happens when a job is done more than once, or is not wanted.

use parlour_downloads::{Fault, Fetched, Id, Job, Signal};
use parlour_downloads_worker::{Allowed, Settings, Worker};
use parlour_room::job::Outside;
use parlour_room::{Errand, Runner};
use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const BODY: &[u8] = b"all of the file";

/// Answers each connection with this, and then says no more but keeps it open; counts them.
fn host(answer: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/file.bin", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            counted.fetch_add(1, Ordering::SeqCst);
            let mut asked = [0; 4096];
            assert!(stream.read(&mut asked).expect("a question") > 0);
            stream.write_all(&answer).expect("it listens");
            open.push(stream);
        }
    });
    (url, count)
}

fn whole() -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: {}\r\n\r\n", BODY.len()).as_bytes(), BODY].concat()
}

/// Wants the result until so many pulses were shown.
struct Server {
    pulses_wanted: Cell<usize>,
    pulses: RefCell<Vec<String>>,
}

impl Server {
    fn new(pulses_wanted: usize) -> Self {
        Self { pulses_wanted: Cell::new(pulses_wanted), pulses: RefCell::default() }
    }
}

impl Outside for Server {
    fn is_stopped(&self) -> bool {
        self.pulses.borrow().len() >= self.pulses_wanted.get()
    }

    fn pulse(&self, pulse: String) {
        self.pulses.borrow_mut().push(pulse);
    }
}

fn library(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn settings(library: &Path) -> Settings {
    let patience = Duration::from_millis(300);
    Settings { allowed: Allowed::All, patience, reserve_bytes: 0, ..Settings::new(library.to_path_buf()) }
}

fn run(library: &Path, url: &str, server: &Server) -> Fetched {
    run_with(settings(library), url, server)
}

fn run_with(settings: Settings, url: &str, server: &Server) -> Fetched {
    let job = Job::Fetch {
        id: Id("d1".to_owned()),
        key: "show".to_owned(),
        url: url.to_owned(),
        folder: "show".to_owned(),
        name: "file.bin".to_owned(),
        sha256: None,
        speed_limit_bytes_s: 0,
        max_bytes: 1000,
    };
    match Worker::new(settings).run(job, &Errand::new("room", "fetch-d1", 1, 1, server)) {
        Ok(Signal::Fetched { outcome, disk: Some(_), .. }) => outcome,
        _ => panic!("no answer to a fetch"),
    }
}

#[test]
fn a_job_that_was_done_and_not_heard_of_is_answered_again_without_asking_anybody() {
    let (library, (url, count)) = (library("twice"), host(whole()));
    for _ in 0..3 {
        let Fetched::Complete { bytes, sha256 } = run(&library, &url, &Server::new(1000)) else { panic!("not complete") };
        assert_eq!((bytes, sha256.len()), (15, 64));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(fs::read(library.join("show/file.bin")).expect("the file"), BODY);
}

#[test]
fn a_file_of_somebody_else_is_not_taken_for_ones_own_and_not_written_over() {
    let (library, (url, count)) = (library("other"), host(whole()));
    fs::create_dir_all(library.join("show")).expect("a folder");
    fs::write(library.join("show/file.bin"), BODY).expect("a file");
    let outcome = run(&library, &url, &Server::new(1000));
    assert!(matches!(outcome, Fetched::Failed { fault: Fault::FileExists, .. }));
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_host_that_sends_nothing_is_given_up_before_and_after_it_began() {
    let library = library("stalled");
    for answer in [&b""[..], &whole()[..50]] {
        let (url, _) = host(answer.to_vec());
        let outcome = run(&library, &url, &Server::new(1000));
        assert!(matches!(outcome, Fetched::Failed { fault: Fault::Stalled, .. }), "after {} bytes", answer.len());
    }
}

#[test]
fn a_host_that_is_never_silent_but_sends_next_to_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/file.bin", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        assert!(stream.read(&mut [0; 4096]).expect("a question") > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n").expect("it listens");
        // It may have gone.
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(60));
        }
    });
    let outcome = run(&library("dripping"), &url, &Server::new(1000));
    assert!(matches!(outcome, Fetched::Failed { fault: Fault::Stalled, .. }));
}

#[test]
fn a_file_that_is_larger_than_it_may_be_or_than_was_said_is_refused() {
    for (length, fault) in [("1001", Fault::TooLarge), ("0x5", Fault::BadAnswer)] {
        let library = library(&format!("large-{length}"));
        let (url, _) = host(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabc").into_bytes());
        let outcome = run(&library, &url, &Server::new(1000));
        assert!(matches!(outcome, Fetched::Failed { fault: found, .. } if found == fault), "{length}");
    }
}

#[test]
fn a_file_is_refused_above_what_the_server_allows_whatever_the_queue_takes() {
    let library = library("operator");
    for answer in [whole(), [&b"HTTP/1.1 200 OK\r\n\r\n"[..], BODY].concat()] {
        let (url, _) = host(answer);
        let settings = Settings { max_file_bytes: 14, ..settings(&library) };
        let outcome = run_with(settings, &url, &Server::new(1000));
        assert!(matches!(outcome, Fetched::Failed { fault: Fault::TooLarge, .. }));
    }
}

#[test]
fn what_must_stay_free_of_the_disk_stays_free_whether_or_not_the_length_is_known() {
    let library = library("reserve");
    for answer in [whole(), [&b"HTTP/1.1 200 OK\r\n\r\n"[..], BODY].concat()] {
        let (url, _) = host(answer);
        let settings = Settings { reserve_bytes: u64::MAX / 2, ..settings(&library) };
        let outcome = run_with(settings, &url, &Server::new(1000));
        assert!(matches!(outcome, Fetched::Failed { fault: Fault::DiskFull, .. }));
    }
}

#[test]
fn what_nobody_wants_any_more_is_left_at_once_and_what_came_stays() {
    let (library, (url, _)) = (library("stopped"), host(whole()[..whole().len() - 5].to_vec()));
    let Fetched::Failed { fault: Fault::Cancelled, bytes_done, .. } = run(&library, &url, &Server::new(1)) else {
        panic!("it went on")
    };
    let kept = fs::read_dir(library.join(".parlour")).expect("the folder").flatten();
    let part = kept.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "part")).expect("what came");
    assert_eq!(u64::try_from(fs::read(part).expect("what came").len()), Ok(bytes_done));
}
