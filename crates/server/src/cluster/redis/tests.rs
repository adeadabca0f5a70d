//! Redis as it comes from the distribution, a server of its own for each test: what the contract asks, what lies under which key,
//! and what happens when it is gone, slow, or back and empty.

use super::super::contract::{House, contract, enters, gone, here, in_room, leaves, limits, of_user, session, tell, until};
use super::super::{Clock, Cluster, Found, Question, Unreachable};
use super::*;
use ::redis::{Commands, Connection};
use parlour_engine::io::ConnId;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

/// A redis-server on a port of its own that keeps nothing.
struct Server {
    port: u16,
    folder: PathBuf,
    child: Mutex<Option<Child>>,
    clock: Clock,
}

impl Server {
    fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("parlour-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let server = Self { port: free_port(), folder, child: Mutex::default(), clock: Clock::default() };
        server.run();
        server
    }

    fn run(&self) {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]).arg(&self.folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.expect("redis-server is needed for this test: apt-get install redis-server");
        *self.child.lock().unwrap() = Some(child);
        until("redis-server", || self.client().get_connection().is_ok());
    }

    fn kill(&self) {
        let mut child = self.child.lock().unwrap().take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// It stands still, or goes on.
    fn signal(&self, signal: &str) {
        let id = self.child.lock().unwrap().as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn client(&self) -> Client {
        Client::open(self.address()).unwrap()
    }

    fn look_inside(&self) -> Connection {
        self.client().get_connection().unwrap()
    }

    /// Every key, with what is under it.
    fn keys(&self) -> BTreeMap<String, Vec<String>> {
        let mut inside = self.look_inside();
        let names: Vec<String> = inside.keys("*").unwrap();
        let mut found = BTreeMap::new();
        for name in names {
            let ttl: u64 = inside.pttl(&name).unwrap();
            assert!((3_500_000..=3_600_000).contains(&ttl), "{name} lives for {ttl} ms");
            let kind: String = ::redis::cmd("TYPE").arg(&name).query(&mut inside).unwrap();
            let mut values: Vec<String> = match kind.as_str() {
                "hash" => inside.hkeys(&name).unwrap(),
                "set" => inside.smembers(&name).unwrap(),
                "zset" => inside.zrange(&name, 0, -1).unwrap(),
                _ => vec![inside.get(&name).unwrap()],
            };
            values.sort();
            found.insert(name, values);
        }
        found
    }

    fn open_one(&self, limits: &Limits) -> Redis {
        let cluster = Redis::start(&self.address(), "redis", limits, self.clock.clone()).unwrap();
        until("the cluster to be connected", || cluster.state() == "connected");
        cluster
    }
}

impl House for Server {
    fn open(&self, limits: &Limits) -> Arc<dyn Cluster> {
        Arc::new(self.open_one(limits))
    }

    fn pass(&self, ms: u64) {
        self.clock.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            let _ = (child.kill(), child.wait());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A loopback port nobody has. Below the ephemeral ones, so that no client gets it while its server restarts.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 6_000).unwrap_or(0);
    loop {
        let port = 14_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 6_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Far from being pruned, so that a test sees only what it does itself.
fn calm() -> Limits {
    Limits { cluster_retry_ms: 20, ..Limits::default() }
}

/// Asks until it knows, so that everything told before is written.
fn settled(cluster: &Redis) -> Found {
    of_user(cluster, "nobody")
}

contract!(Server::start());

#[test]
fn the_keys_are_the_documented_ones_each_lives_for_an_hour_and_goes_with_its_last_connection() {
    let server = Server::start();
    let cluster = server.open_one(&calm());
    tell(&cluster, [here(1, "ada"), enters(1, "den"), enters(1, "attic")]);
    settled(&cluster);
    let mut inside = server.look_inside();
    let conn: BTreeMap<String, String> = inside.hgetall("conn:s-001").unwrap();
    assert_eq!(conn.keys().collect::<Vec<_>>(), ["connected_at", "game_id", "last_seen", "user_id"]);
    assert_eq!((conn["user_id"].as_str(), conn["game_id"].as_str()), ("ada", "attic"), "the room it came into last");
    let (now_s, _): (f64, u64) = ::redis::cmd("TIME").query(&mut inside).unwrap();
    for time in ["connected_at", "last_seen"] {
        let (whole, part) = conn[time].split_once('.').expect("Unix seconds with milliseconds");
        assert!(part.len() == 3 && (whole.parse::<f64>().unwrap() - now_s).abs() < 60.0, "{conn:?}");
    }
    let keys = server.keys();
    let names = ["conn:s-001", "conn_games:s-001", "conns_seen", "game_conns:attic", "game_conns:den", "user_conn:ada"];
    assert_eq!(keys.keys().map(String::as_str).collect::<Vec<_>>(), [&names[..], &["user_conns:ada"]].concat());
    assert_eq!((&keys["user_conn:ada"][0], &keys["game_conns:den"][0]), (&session(1), &session(1)));
    cluster.track(leaves(1, "attic"));
    settled(&cluster);
    assert_eq!(inside.hget::<_, _, String>("conn:s-001", "game_id").unwrap(), "den");
    assert!(!server.keys().contains_key("game_conns:attic"));
    cluster.track(gone(1));
    settled(&cluster);
    assert_eq!(server.keys(), BTreeMap::new());
    cluster.end();
}

#[test]
fn a_heartbeat_renews_every_key_of_a_connection_and_leaves_when_it_came() {
    let server = Server::start();
    let cluster = server.open_one(&calm());
    tell(&cluster, [here(1, "ada"), enters(1, "den")]);
    settled(&cluster);
    let mut inside = server.look_inside();
    let before: (String, String) = inside.hmget("conn:s-001", &["connected_at", "last_seen"]).unwrap();
    for name in server.keys().keys() {
        let _: () = inside.pexpire(name, 100_000).unwrap();
    }
    server.pass(20_000);
    cluster.track(Tracked::Heard(vec![(ConnId(1), 1_000)]));
    settled(&cluster);
    assert_eq!(server.keys().len(), 6, "each with its whole time to live");
    let after: (String, String) = inside.hmget("conn:s-001", &["connected_at", "last_seen"]).unwrap();
    assert_eq!(before.0, after.0);
    let moved = after.1.parse::<f64>().unwrap() - before.1.parse::<f64>().unwrap();
    assert!((15.0..60.0).contains(&moved), "{before:?} {after:?}");
    cluster.end();
}

#[test]
fn user_conn_names_the_newest_connection_also_when_an_older_one_is_heard_of_or_the_newest_goes() {
    let server = Server::start();
    let (one, other) = (server.open_one(&calm()), server.open_one(&calm()));
    let named = || server.look_inside().get::<_, Option<String>>("user_conn:ada").unwrap();
    for (number, cluster) in [(1, &one), (2, &other), (3, &one)] {
        cluster.track(here(number, "ada"));
        settled(cluster);
        assert_eq!(named(), Some(session(number)));
        server.pass(10);
    }
    one.track(Tracked::Heard(vec![(ConnId(1), 0)]));
    settled(&one);
    assert_eq!(named(), Some(session(3)));
    one.track(gone(1));
    settled(&one);
    assert_eq!(named(), Some(session(3)), "an older one that goes takes nothing along");
    one.track(gone(3));
    settled(&one);
    assert_eq!(named(), Some(session(2)), "of those that are left");
    other.track(gone(2));
    settled(&other);
    assert_eq!(named(), None);
    [one, other].iter().for_each(Cluster::end);
}

#[test]
fn what_a_server_left_behind_is_removed_by_another_and_what_is_heard_of_meanwhile_is_not() {
    let server = Server::start();
    // It tells, and then is not heard of any more, as after a crash.
    let mut crashed = Store::connect(&server.client(), &calm(), &server.clock).unwrap();
    let row = |number: u64, seen_ms| {
        let rooms = vec!["den".into(), "attic".into()];
        super::super::present::Row { session: session(number).into(), user: "ada".into(), rooms, since_ms: 0, seen_ms }
    };
    let now_ms = server.clock.now_ms();
    crashed.keep(&(0..250).map(|number| row(number, now_ms)).collect::<Vec<_>>()).unwrap();
    let alive = server.open_one(&limits());
    tell(&alive, [here(900, "bob"), enters(900, "den")]);
    assert_eq!(in_room(&alive, "den", None).total, 251);
    server.pass(3_500);
    alive.track(Tracked::Heard(vec![(ConnId(900), 0)]));
    until("the ghosts to be removed", || in_room(&alive, "den", None).total == 1);
    assert_eq!(of_user(&alive, "bob").connections[0].session, session(900));
    let keys = server.keys();
    assert_eq!(keys["conns_seen"], [session(900)]);
    assert!(!keys.keys().any(|key| key.contains("ada") || key.contains("attic")), "{keys:?}");
    alive.end();
    // Whoever prunes and whoever is heard of at the same time: what is there is there whole, in the end all of it.
    let ends = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (client, clock, is_over) = (server.client(), server.clock.clone(), ends.clone());
    let pruner = thread::spawn(move || {
        let mut store = Store::connect(&client, &calm(), &clock).unwrap();
        let mut rounds = 0_u32;
        while !is_over.load(Ordering::Relaxed) || rounds == 0 {
            store.prune(0).unwrap();
            rounds += 1;
        }
    });
    for _ in 0..300 {
        crashed.keep(&[row(1, 0), row(2, 0)]).unwrap();
    }
    ends.store(true, Ordering::Relaxed);
    pruner.join().unwrap();
    crashed.keep(&[row(1, 0), row(2, 0)]).unwrap();
    let keys = server.keys();
    let both = [session(1), session(2)];
    assert!(
        ["conns_seen", "game_conns:den", "game_conns:attic", "user_conns:ada"].iter().all(|key| keys[*key] == both),
        "{keys:?}"
    );
    crashed.prune(0).unwrap();
    assert_eq!(server.keys(), BTreeMap::new(), "pruning leaves no key of theirs");
}

#[test]
fn a_redis_that_was_killed_and_is_back_empty_is_told_everything_anew() {
    let server = Server::start();
    let cluster = server.open_one(&calm());
    for number in 0..300 {
        cluster.track(here(number, "ada"));
        cluster.track(enters(number, &format!("den-{}", number % 7)));
    }
    settled(&cluster);
    let before = server.keys();
    server.kill();
    until("the loss to be seen", || cluster.state() == "lost");
    assert_eq!(cluster.look(Question::OfUser("ada".to_owned())).blocking_recv(), Ok(Err(Unreachable)));
    // What changes meanwhile is told as it is in the end.
    tell(&cluster, [here(500, "bob"), enters(500, "den-1"), leaves(500, "den-1"), gone(0), gone(7)]);
    server.run();
    until("it to be found", || cluster.state() == "connected");
    let after = server.keys();
    assert_eq!(after.len(), before.len() - 4 + 3, "two connections have gone, and one has come: {after:?}");
    assert_eq!(after["user_conns:ada"].len(), 298);
    assert_eq!(after["user_conn:bob"], [session(500)]);
    cluster.end();
    assert_eq!(server.keys(), BTreeMap::new(), "a server that ends in good order leaves nothing behind");
}

#[test]
fn nobody_waits_for_a_redis_that_stands_still_and_it_is_told_when_it_goes_on() {
    let server = Server::start();
    let cluster = server.open_one(&Limits { cluster_reply_ms: 100, ..limits() });
    server.signal("-STOP");
    for number in 0..20_000 {
        cluster.track(here(number, "ada"));
        cluster.track(gone(number));
    }
    cluster.track(here(1, "eve"));
    until("it to count as lost", || cluster.state() == "lost");
    assert!(cluster.desk.papers().present.has_news(), "that is told later");
    server.signal("-CONT");
    until("it to be found", || cluster.state() == "connected");
    assert_eq!(of_user(&cluster, "eve").total, 1);
    // It did in the end what it was told last before it stood still; of whom nothing more was told, they go stale.
    server.pass(3_500);
    until("what is left of others to be removed", || {
        cluster.track(Tracked::Heard(vec![(ConnId(1), 0)]));
        of_user(&cluster, "ada").total == 0
    });
    assert_eq!(of_user(&cluster, "eve").total, 1);
    cluster.end();
}
