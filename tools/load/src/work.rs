//! The work that is measured, part by part.

use crate::Failure;
use crate::client::Clients;
use crate::server::Server;
use std::fmt;
use std::time::{Duration, Instant};

/// What is said: with all around it some 120 bytes.
const CONTENT: &str = "Forty bytes, of which nobody reads any.";
/// So long is played before anything counts, and so long merged notices may take to be over.
const WARM: Duration = Duration::from_millis(1500);

/// How much of everything.
pub(crate) struct Plan {
    pub(crate) rooms: usize,
    pub(crate) listeners: usize,
    pub(crate) idle: usize,
    pub(crate) pace: u32,
    pub(crate) lasts: Duration,
}

/// What came of one round, or of the middle of several.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Memory of a connection that only is there, in KiB.
    idle_kib: f64,
    /// CPU time of a connection until it is in a room, in microseconds.
    joining_us: f64,
    /// CPU time of an action that two hear.
    action_us: f64,
    per_second: f64,
    /// From saying to knowing that it is done, at the pace, in milliseconds.
    p50_ms: f64,
    p99_ms: f64,
    /// CPU time of one of very many hearing an action.
    delivery_us: f64,
}

/// One of the figures.
type Part = fn(&mut Figures) -> &mut f64;

impl Figures {
    const PARTS: [(&'static str, Part); 7] = [
        ("CPU of an action that two hear, µs", |figures| &mut figures.action_us),
        ("actions a second, one core", |figures| &mut figures.per_second),
        ("CPU of a delivery to many, µs", |figures| &mut figures.delivery_us),
        ("CPU of connecting and joining, µs", |figures| &mut figures.joining_us),
        ("p50 at the pace, ms", |figures| &mut figures.p50_ms),
        ("p99 at the pace, ms", |figures| &mut figures.p99_ms),
        ("memory of an idle connection, KiB", |figures| &mut figures.idle_kib),
    ];

    /// The middle of each.
    pub(crate) fn middle(rounds: &[Self]) -> Self {
        let mut middle = Self::default();
        for (_, part) in Self::PARTS {
            let mut values: Vec<f64> = rounds.iter().map(|round| *part(&mut round.clone())).collect();
            values.sort_by(f64::total_cmp);
            *part(&mut middle) = values.get(values.len() / 2).copied().unwrap_or_default();
        }
        middle
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} µs an action, {:.0} a second; ", self.action_us, self.per_second)?;
        write!(f, "{:.2} µs a delivery; {:.0} µs a join; ", self.delivery_us, self.joining_us)?;
        write!(f, "p50 {:.2} ms, p99 {:.2} ms; {:.1} KiB idle", self.p50_ms, self.p99_ms, self.idle_kib)
    }
}

/// Both beside each other.
pub(crate) fn table(plan: &Plan, floor: &Figures, server: &Figures) -> String {
    let Plan { rooms, listeners, idle, pace, .. } = plan;
    let mut text = format!("{rooms} rooms of two; {listeners} hear in one room; {pace} actions a second; {idle} idle\n\n");
    text.push_str("| what | floor | server | ratio |\n|---|---|---|---|\n");
    for (what, part) in Figures::PARTS {
        let [floor, server] = [floor, server].map(|figures| *part(&mut figures.clone()));
        text.push_str(&format!("| {what} | {floor:.2} | {server:.2} | {:.2} |\n", server / floor));
    }
    text
}

/// One round.
pub(crate) fn measure(server: &mut Server, plan: &Plan) -> Result<Figures, Failure> {
    let mut figures = Figures { idle_kib: idle(server, plan.idle)?, ..Figures::default() };
    let before = server.cpu()?;
    let mut pairs = Pairs::new(server, plan.rooms)?;
    figures.joining_us = micros(server.cpu()? - before) / count(2 * plan.rooms);
    pairs.play(WARM, None)?;
    let (before, began) = (server.cpu()?, Instant::now());
    let done = pairs.play(plan.lasts, None)?.len();
    figures.per_second = count(done) / began.elapsed().as_secs_f64();
    figures.action_us = micros(server.cpu()? - before) / count(done);
    let mut waits = pairs.play(plan.lasts, Some(plan.pace))?;
    waits.sort();
    let percentile = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    (figures.p50_ms, figures.p99_ms) = (percentile(50), percentile(99));
    drop(pairs);
    figures.delivery_us = fan_out(server, plan)?;
    Ok(figures)
}

fn idle(server: &Server, idle: usize) -> Result<f64, Failure> {
    // What the first few need is no connection's own.
    let some = Clients::connect(server.address, idle.div_ceil(20))?;
    let before = server.memory()?;
    let clients = Clients::connect(server.address, idle)?;
    let after = server.memory()?;
    drop((some, clients));
    Ok(after.saturating_sub(before) as f64 / 1024.0 / count(idle))
}

fn fan_out(server: &Server, plan: &Plan) -> Result<f64, Failure> {
    let mut clients = Clients::connect(server.address, plan.listeners)?;
    join(&mut clients, |_| "all".to_owned())?;
    let end = Instant::now() + WARM;
    clients.until("time", |_| Instant::now() > end, |_, _, _| {})?;
    let (before, began, mut said, mut heard) = (server.cpu()?, Instant::now(), 0, 0);
    while began.elapsed() < plan.lasts {
        said += 1;
        clients.say(0, &chat("all", said))?;
        let wanted = said * plan.listeners;
        let total = std::cell::Cell::new(heard);
        clients.until(
            "what was said",
            |_| total.get() >= wanted,
            |_, _, text| total.set(total.get() + usize::from(is(text, "chat"))),
        )?;
        heard = total.get();
    }
    Ok(micros(server.cpu()? - before) / count(heard))
}

/// Rooms of two in which one speaks after the other.
struct Pairs {
    clients: Clients,
    rooms: Vec<Room>,
    said: usize,
}

#[derive(Clone, Copy, Default)]
struct Room {
    speaker: usize,
    /// Since when it is waited for that it is done.
    since: Option<Instant>,
    is_acked: bool,
    is_heard: bool,
}

impl Room {
    /// One of the two hears something. How long it took, if that was the last of it; then the other one speaks.
    fn hears(&mut self, who: usize, text: &[u8]) -> Option<Duration> {
        self.is_acked |= who == self.speaker && is(text, "ack");
        self.is_heard |= who != self.speaker && is(text, "chat");
        let since = self.since.filter(|_| self.is_acked && self.is_heard)?;
        *self = Self { speaker: 1 - self.speaker, ..Self::default() };
        Some(since.elapsed())
    }
}

impl Pairs {
    fn new(server: &Server, rooms: usize) -> Result<Self, Failure> {
        let mut clients = Clients::connect(server.address, 2 * rooms)?;
        join(&mut clients, |who| format!("pair-{}", who / 2))?;
        Ok(Self { clients, rooms: vec![Room::default(); rooms], said: 0 })
    }

    /// For so long, as fast as each room goes, or so often a second among all. How long each action took that was done.
    fn play(&mut self, lasts: Duration, pace: Option<u32>) -> Result<Vec<Duration>, Failure> {
        let (began, mut waits, mut next, mut paced) = (Instant::now(), Vec::new(), 0, 0.0);
        while began.elapsed() < lasts {
            let due = pace.map(|pace| began.elapsed().as_secs_f64() * f64::from(pace));
            for _ in 0..self.rooms.len() {
                if due.is_some_and(|due| paced >= due) {
                    break;
                }
                next = (next + 1) % self.rooms.len();
                if self.rooms[next].since.is_none() {
                    self.speak(next)?;
                    paced += 1.0;
                }
            }
            let (rooms, wait) = (&mut self.rooms, Duration::from_millis(if pace.is_some() { 1 } else { 100 }));
            self.clients.turn(wait, &mut |_, who, text| waits.extend(rooms[who / 2].hears(who % 2, text)))?;
        }
        let rooms = std::cell::RefCell::new(&mut self.rooms);
        self.clients.until(
            "the end of what was begun",
            |_| rooms.borrow().iter().all(|room| room.since.is_none()),
            |_, who, text| waits.extend(rooms.borrow_mut()[who / 2].hears(who % 2, text)),
        )?;
        Ok(waits)
    }

    fn speak(&mut self, at: usize) -> Result<(), Failure> {
        self.said += 1;
        self.rooms[at].since = Some(Instant::now());
        self.clients.say(2 * at + self.rooms[at].speaker, &chat(&format!("pair-{at}"), self.said))
    }
}

fn join(clients: &mut Clients, room: impl Fn(usize) -> String) -> Result<(), Failure> {
    let count = clients.count();
    for who in 0..count {
        let request = format!(r#"{{"v":1,"type":"join_room","ref":"j","payload":{{"room_id":"{}"}}}}"#, room(who));
        clients.say(who, &request)?;
    }
    let joined = std::cell::Cell::new(0);
    clients.until(
        "an answer to joining",
        |_| joined.get() >= count,
        |_, _, text| {
            joined.set(joined.get() + usize::from(is(text, "ack")));
        },
    )
}

fn chat(room: &str, number: usize) -> String {
    format!(r#"{{"v":1,"type":"chat","ref":"{number}","id":"{number}","room":"{room}","payload":{{"content":"{CONTENT}"}}}}"#)
}

/// Whether a frame is of this type.
fn is(text: &[u8], kind: &str) -> bool {
    let rest = text.strip_prefix(br#"{"v":1,"type":""#).unwrap_or_default();
    rest.starts_with(kind.as_bytes()) && rest.get(kind.len()) == Some(&b'"')
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn count(number: usize) -> f64 {
    number as f64
}
