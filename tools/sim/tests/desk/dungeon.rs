//! A dungeon in simulated time, crawled by hundreds of clients of the dialect laneya: nobody starves, however greedy others are,
//! and one that does not read delays no tick.

use parlour_engine::io::ConnId;
use parlour_engine::limits::Limits;
use parlour_room::Hash64;
use parlour_sim::desk::Desk;
use parlour_sim::luck::Luck;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// So many walk, with those who are greedy.
const CROWD: usize = 200;
/// So many where every byte of two runs is compared.
const FEW: usize = 27;
/// The last of them ask many times between two ticks.
const GREEDY: usize = 3;
const GREED: usize = 8;
const TICK_MS: u64 = 100;
/// So much is kept for who does not read: not much more than what a crowd is told by one tick.
const OUTPUT_BYTES: usize = 16 * 1024;
const BEHIND_MS: u64 = 1_500;
const WAYS: [(&str, Spot); 5] = [("north", (0, -1)), ("east", (1, 0)), ("south", (0, 1)), ("west", (-1, 0)), ("stop", (0, 0))];

type Spot = (i64, i64);

/// Who is played with: `PARLOUR_SEED`, or 1.
fn seed() -> u64 {
    let seed = std::env::var("PARLOUR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("PARLOUR_SEED={seed}");
    seed
}

#[derive(Debug)]
struct Client {
    conn: ConnId,
    user: String,
    key: u64,
    /// Requests without a response, in their order.
    waiting: Vec<u64>,
    /// Where its last request turned it.
    heading: usize,
    /// Where it was told that everybody is.
    places: BTreeMap<String, Spot>,
}

impl Client {
    /// Comes in. Everybody's name is a token on the desk.
    fn comes(desk: &mut Desk, user: String) -> Self {
        let conn = desk.dials();
        let mut client = Self { conn, user, key: 0, waiting: Vec::new(), heading: 4, places: BTreeMap::new() };
        client.asks(desk, "hello", &json!({"token": client.user, "room": "d"}));
        desk.turns();
        client.hears(&desk.line(conn));
        assert!(client.waiting.is_empty() && client.places.contains_key(&client.name()), "{} is not in", client.user);
        client
    }

    fn name(&self) -> String {
        format!("User:{}", self.user)
    }

    fn asks(&mut self, desk: &mut Desk, action: &str, data: &Value) {
        self.key += 1;
        self.waiting.push(self.key);
        let request = json!({"type": "request", "key": self.key, "user": self.user, "action": action, "data": data}).to_string();
        desk.sends(self.conn, format!("{}:{request},", request.len()).as_bytes());
    }

    fn turns(&mut self, desk: &mut Desk, luck: &mut Luck) {
        self.heading = luck.index(WAYS.len());
        self.asks(desk, "move", &json!({"direction": WAYS[self.heading].0}));
    }

    /// Takes what came; the last response of `get_map` if there is one.
    fn hears(&mut self, mut bytes: &[u8]) -> Option<Value> {
        let mut map = None;
        while let Some(colon) = bytes.iter().position(|byte| *byte == b':') {
            let length: usize = std::str::from_utf8(&bytes[..colon]).unwrap().parse().unwrap();
            let (message, rest) = bytes[colon + 1..].split_at(length);
            assert_eq!(rest[0], b',');
            bytes = &rest[1..];
            let said: Value = serde_json::from_slice(message).unwrap();
            let data = &said["data"];
            match (said["type"].as_str().unwrap(), said["action"].as_str()) {
                ("response", _) => {
                    let expected = (Some(self.waiting.remove(0)), &json!("success"));
                    assert_eq!((said["key"].as_u64(), &said["status"]), expected, "{said}");
                    map = Some(data["floor_layer"].clone()).filter(|layer| !layer.is_null()).or(map);
                }
                (_, Some("position" | "spawn")) => {
                    let spot = (data["x"].as_i64().unwrap(), data["y"].as_i64().unwrap());
                    self.places.insert(data["entity"].as_str().unwrap().to_owned(), spot);
                }
                (_, Some("despawn")) => drop(self.places.remove(data["entity"].as_str().unwrap())),
                _ => {}
            }
        }
        assert!(bytes.is_empty(), "half a frame");
        map
    }
}

/// A dungeon without monsters in which everybody sees everybody, those who walk it, and one more who only looks.
struct World {
    desk: Desk,
    luck: Luck,
    clients: Vec<Client>,
    idler: Client,
    floor: Value,
}

impl World {
    fn new(seed: u64, walkers: usize) -> Self {
        let kinds = parlour_sim::kinds().with::<parlour_dungeon::Dungeon>().expect("it can be spoken");
        let plenty = 1_000_000;
        let tokens = Limits { user_tokens: plenty, connection_tokens: plenty, address_tokens: plenty, ..Limits::default() };
        let mut desk = Desk::with_limits(kinds, Limits { output_bytes: OUTPUT_BYTES, behind_ms: BEHIND_MS, ..tokens });
        let keeper = desk.connects("keeper");
        let config = json!({"monsters": 0, "items": 0, "sight": "open"});
        let opened = desk.asks(
            keeper,
            &json!({"type": "open_room", "ref": "o", "payload": {"kind": "dungeon", "room_id": "d", "config": config}}),
        );
        assert_eq!(opened[0]["payload"]["status"], "ok", "{opened:?}");
        let mut idler = Client::comes(&mut desk, "idler".to_owned());
        let clients = (0..walkers).map(|n| Client::comes(&mut desk, format!("c{n:03}"))).collect();
        idler.asks(&mut desk, "get_map", &json!({}));
        desk.turns();
        let floor = idler.hears(&desk.line(idler.conn)).expect("the map");
        let mut world = Self { desk, luck: Luck::new(seed), clients, idler, floor };
        // The last who came are told of by now.
        world.hear();
        world
    }

    fn hear(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        for client in &mut self.clients {
            let bytes = self.desk.line(client.conn);
            client.hears(&bytes);
            all.extend(bytes);
        }
        all
    }

    /// Requests of some, while the disk takes its time; then a tick. What all who walk were told.
    fn ticks(&mut self) -> Hash64 {
        self.desk.disk_waits = true;
        let mut turns: Vec<usize> = Vec::new();
        let (calm, all) = (self.clients.len() - GREEDY, self.clients.len());
        turns.extend((0..calm).filter(|_| self.luck.percent(25)));
        turns.extend((0..GREED).flat_map(|_| calm..all));
        while !turns.is_empty() {
            let at = turns.swap_remove(self.luck.index(turns.len()));
            self.clients[at].turns(&mut self.desk, &mut self.luck);
            if self.luck.percent(30) {
                self.desk.turns();
            }
        }
        if !self.desk.is_closed(self.idler.conn) {
            self.idler.asks(&mut self.desk, "get_map", &json!({}));
        }
        self.desk.disk_waits = false;
        self.desk.turns();
        let mut told = self.hear();
        let unanswered: Vec<&Client> = self.clients.iter().filter(|client| !client.waiting.is_empty()).collect();
        assert!(unanswered.is_empty(), "no answer before the next tick: {unanswered:?}");

        let before: Vec<_> = self.clients.iter().map(|client| client.places.clone()).collect();
        let rang = self.desk.signals.len();
        self.desk.passes(TICK_MS);
        assert_eq!(self.desk.signals.len(), rang + 1, "a tick every {TICK_MS} ms");
        told.extend(self.hear());
        for (client, before) in self.clients.iter().zip(before) {
            self.judge(client, &before);
        }
        Hash64::of(&told)
    }

    /// Who walks has taken their step, unless there is a wall or somebody else.
    fn judge(&self, client: &Client, before: &BTreeMap<String, Spot>) {
        let (name, (way, (dx, dy))) = (client.name(), WAYS[client.heading]);
        let (was, is) = (before[&name], client.places[&name]);
        let ahead = (was.0 + dx, was.1 + dy);
        if is == ahead {
            return;
        }
        assert_eq!(is, was, "{name} walks {way}");
        let is_floor = self.floor[usize::try_from(ahead.0).unwrap()][usize::try_from(ahead.1).unwrap()] == "floor";
        let is_taken = before.values().chain(client.places.values()).any(|spot| *spot == ahead);
        assert!(!is_floor || is_taken, "{name} wants {way} from {was:?}, and nothing is in the way");
    }
}

#[test]
fn nobody_starves_however_often_others_ask() {
    let mut world = World::new(seed(), CROWD);
    let mut steps = 0;
    for _ in 0..40 {
        let before: Vec<Spot> = world.clients.iter().map(|client| client.places[&client.name()]).collect();
        world.ticks();
        steps += world.clients.iter().zip(before).filter(|(client, was)| client.places[&client.name()] != *was).count();
    }
    let asked: u64 = world.clients.iter().map(|client| client.key).sum();
    println!("{} clients, 40 ticks, {asked} requests, {steps} steps", world.clients.len());
    assert!(steps > 2 * world.clients.len(), "they got about");
}

#[test]
fn who_does_not_read_delays_no_tick_and_is_dropped() {
    let seed = seed();
    let [undisturbed, disturbed] = [false, true].map(|stalls| {
        let mut world = World::new(seed, FEW);
        if stalls {
            world.desk.stalls(world.idler.conn);
        }
        let (mut told, mut most, mut closed) = (Vec::new(), 0, None);
        for tick in 0..40 {
            told.push(world.ticks());
            most = most.max(world.desk.unread(world.idler.conn) + world.desk.owed(world.idler.conn));
            if closed.is_none() && world.desk.is_closed(world.idler.conn) {
                closed = Some(tick);
            }
        }
        if stalls {
            println!("dropped after tick {closed:?}; at most {most} bytes were kept of a limit of {OUTPUT_BYTES}");
            // Beside the limit there is what it asked for before it was read no more: a few maps.
            assert!(most < OUTPUT_BYTES + 3 * 24 * 1024, "{most}");
        }
        (told, closed)
    });
    assert_eq!(undisturbed.1, None);
    let dropped = disturbed.1.expect("it is dropped");
    assert!(dropped > 15, "{dropped}");
    assert!(undisturbed.0[..dropped] == disturbed.0[..dropped], "the others are told the same at the same times");
}
