//! A shard with its disk, its clock and its people, all pretended: one number decides everything that is left open.

use crate::disk::Disk;
use crate::people::{Line, Person, masked};
use parlour_engine::forward::Place;
use parlour_engine::io::{AskBot, Call, CallId, ConnId, Input, Now, Output, Reply};
use parlour_engine::limits::Limits;
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Second, Settings, Shard};
use parlour_engine::store::Batch;
use parlour_engine::wire::{Mode, Speaks};
use parlour_room::bot::{self, Ask};
use parlour_room::{Dice, Viewer};
use serde_json::Value;
use std::collections::VecDeque;

/// The one room there is.
pub const ROOM: &str = "table-1";

/// Looks at everything that leaves the shard, at the moment it leaves.
pub trait Eyes {
    /// This is on disk now; what was computed from it leaves next.
    fn on_disk(&mut self, _batch: &Batch) {}
    /// This leaves, for somebody who may look through these eyes at most.
    fn left(&mut self, _reader: Viewer, _bytes: &[u8]) {}
    /// Somebody who may look through these eyes sees the room so, after a message that showed it or what changed in it.
    fn shown(&mut self, _reader: Viewer, _view: &Value) {}
}

impl Eyes for () {}

pub struct World<E> {
    settings: Settings,
    shard: Shard,
    pub disk: Disk,
    pub now: Now,
    pub eyes: E,
    dice: Dice,
    lines: [Line; 5],
    /// Batches on their way to the disk, and how many turns each still takes.
    on_the_way: VecDeque<(u64, Batch)>,
    replies: VecDeque<(CallId, Reply)>,
    asked: VecDeque<AskBot>,
    numbers: u64,
    is_draining: bool,
}

impl<E: Eyes> World<E> {
    pub fn new(kinds: Kinds, disk: Disk, now: Now, number: u64, eyes: E) -> Self {
        // Nobody is pinged or thought dead, and rooms are snapshotted as often as their snapshots' size allows.
        let limits = Limits { ping_ms: u64::MAX, silence_ms: u64::MAX, snapshot_tail_bytes: 2048, ..Limits::default() };
        let settings = Settings {
            kinds,
            limits,
            server: "parlour/test".to_owned(),
            second: Second::default(),
            mode: Mode::default(),
            tracks: false,
            planted: None,
            place: Place::ALONE,
        };
        let shard = Shard::new(settings.clone());
        let (dice, lines) = (Dice::from_number(number), Default::default());
        let (on_the_way, replies, asked) = Default::default();
        Self { settings, shard, disk, now, eyes, dice, lines, on_the_way, replies, asked, numbers: 0, is_draining: false }
    }

    pub fn line(&self, person: Person) -> &Line {
        &self.lines[person as usize]
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn entropy(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| u8::try_from(self.dice.below(256)).expect("a byte"))
    }

    /// Opens a connection, in place of the one this person has.
    pub fn connect(&mut self, person: Person) {
        self.hang_up(person);
        let conn = ConnId(self.number());
        self.lines[person as usize].begin(conn);
        let entropy = self.entropy();
        self.handle(Input::Opened {
            conn,
            speaks: Speaks::Native,
            target: String::new(),
            address: None,
            entropy,
            token: None,
            guest: Some(person.identity()),
            guest_token: None,
        });
    }

    pub fn hang_up(&mut self, person: Person) {
        if let Some(conn) = self.lines[person as usize].conn.take() {
            self.handle(Input::Closed(conn));
        }
    }

    /// Sends one message; one in eight comes in two pieces.
    pub fn say(&mut self, person: Person, text: &str) {
        let Some(conn) = self.line(person).conn else { return };
        let key = self.dice.bits().to_le_bytes();
        let mut bytes = masked(text, [key[0], key[1], key[2], key[3]]);
        let cut = if key[4] < 32 { usize::from(key[5]) % bytes.len() } else { 0 };
        let (first, rest) = bytes.split_at_mut(cut);
        if !first.is_empty() {
            self.handle(Input::Bytes { conn, bytes: first });
        }
        self.handle(Input::Bytes { conn, bytes: rest });
    }

    /// Sends messages of several people in one turn of the loop.
    pub fn say_at_once(&mut self, texts: &[(Person, String)]) {
        for (person, text) in texts {
            let Some(conn) = self.line(*person).conn else { continue };
            let mut bytes = masked(text, [1, 2, 3, 4]);
            self.shard.handle(Input::Bytes { conn, bytes: &mut bytes }, self.now);
        }
        self.step();
    }

    /// Gives somebody positions to come back to, which they know from before this world began.
    pub fn remember(&mut self, person: Person, positions: Vec<String>) {
        self.lines[person as usize].positions = positions;
    }

    /// Sends a request and waits for its answer; whoever is not connected gets none. `rest` is the message's other fields, each
    /// behind a comma.
    pub fn ask(&mut self, person: Person, kind: &str, rest: &str) -> String {
        if self.line(person).conn.is_none() {
            return String::new();
        }
        let before = self.line(person).len();
        let reference = format!("\"ref\":\"r{}\"", self.number());
        self.say(person, &format!("{{\"v\":1,\"type\":\"{kind}\",{reference}{rest}}}"));
        for _ in 0..8 {
            if let Some(answer) = self.line(person).texts(before).rfind(|text| text.contains(&reference)) {
                return answer.to_owned();
            }
            self.step();
        }
        panic!("{person:?} was not answered: {kind} {rest}");
    }

    pub fn call(&mut self, by: Person, call: Call) -> Reply {
        let from = CallId(self.number());
        let entropy = self.entropy();
        self.handle(Input::Call { from, by: by.identity(), entropy, call });
        for _ in 0..8 {
            if let Some(place) = self.replies.iter().position(|(to, _)| *to == from) {
                return self.replies.remove(place).expect("found there").1;
            }
            self.step();
        }
        panic!("a call was not answered");
    }

    pub fn pass(&mut self, ms: u64) {
        self.now = Now { mono_ms: self.now.mono_ms + ms, wall_ms: self.now.wall_ms + ms };
        self.handle(Input::Time);
    }

    fn handle(&mut self, input: Input<'_>) {
        self.shard.handle(input, self.now);
        self.step();
    }

    /// One turn of the loop: what is to be done is done, and the disk gets on with its work.
    pub fn step(&mut self) {
        self.run_dry();
        if let Some(asked) = self.asked.pop_front() {
            let mut bot = bot::named(&asked.bot).expect("a bot that was seated");
            let action =
                bot.choose(Ask { view: &asked.view, legal: &asked.legal, promises: &asked.promises }, &mut self.dice).to_owned();
            self.shard.handle(Input::BotAnswer { ask: asked.ask, action }, self.now);
            self.run_dry();
        }
        self.on_the_way.iter_mut().for_each(|(turns, _)| *turns = turns.saturating_sub(1));
        while let Some((_, batch)) = self.on_the_way.pop_front_if(|(turns, _)| *turns == 0) {
            let commit = batch.commit;
            self.eyes.on_disk(&batch);
            self.disk.write(batch);
            self.shard.handle(Input::Durable(commit), self.now);
            self.run_dry();
        }
    }

    /// Waits until everything is on disk and every bot has decided.
    pub fn settle(&mut self) {
        self.step();
        while !self.on_the_way.is_empty() || !self.asked.is_empty() {
            self.step();
        }
    }

    fn run_dry(&mut self) {
        while let Some(output) = self.shard.poll() {
            match output {
                Output::Write { conn, bytes } => {
                    let person = Person::ALL.into_iter().find(|person| self.line(*person).conn == Some(conn));
                    let person = person.expect("nothing is written to a connection that is gone");
                    self.eyes.left(person.viewer(), &bytes);
                    let eyes = &mut self.eyes;
                    self.lines[person as usize].receive(&bytes, &mut |view| eyes.shown(person.viewer(), view));
                }
                Output::Append(batch) => self.on_the_way.push_back((1 + self.dice.below(3), batch)),
                Output::Load(room) => {
                    let result = Ok(self.disk.read(&room));
                    self.shard.handle(Input::Loaded { room, result }, self.now);
                }
                // Its rooms freeze: none is ever to be woken.
                Output::ListDue { .. } => self.shard.handle(Input::Due(Ok(Vec::new())), self.now),
                Output::Reply { to, reply } => {
                    self.eyes.left(Viewer::Spectator, format!("{reply:?}").as_bytes());
                    self.replies.push_back((to, reply));
                }
                Output::AskBot(asked) => {
                    self.eyes.left(Viewer::Seat(asked.seat), format!("{} {:?}", asked.view, asked.legal).as_bytes());
                    self.asked.push_back(asked);
                }
                Output::WakeAt(_) | Output::Drained => {}
                Output::Close(_) if self.is_draining => {}
                Output::Pause(_)
                | Output::Resume(_)
                | Output::Released(_)
                | Output::Forward { .. }
                | Output::Note(_)
                | Output::Track(_)
                | Output::StartJob(_)
                | Output::StopJob(_)
                | Output::Stop(_)
                | Output::Verify { .. }
                | Output::Look { .. }
                | Output::Close(_) => {
                    panic!("nothing here goes wrong, but: {output:?}")
                }
            }
        }
    }

    /// Puts all rooms away in good order and begins anew from the disk.
    pub fn put_away(&mut self) {
        self.is_draining = true;
        self.handle(Input::Drain);
        self.settle();
        self.begin_anew();
    }

    /// Ends without a word: what was on the way to the disk is lost.
    pub fn kill(&mut self) {
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        self.is_draining = false;
        self.on_the_way.clear();
        self.asked.clear();
        self.lines.iter_mut().for_each(|line| line.conn = None);
        self.shard = Shard::new(self.settings.clone());
    }
}
