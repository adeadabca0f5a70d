//! "framing <- dialect.encode <- Notice": what a game says, as frames of the native protocol.

use crate::Size;
use crate::game::{Game, VIEWERS};
use crate::meter::{Round, Watch, in_turns};
use crate::table::{Row, count};
use parlour_engine::dialect::native_out::{self as say, Done};
use parlour_engine::framing::websocket;
use parlour_room::Position;
use parlour_room::stream::Told;
use std::hint::black_box;

/// How often everything is written in a round: once is over so soon that whatever happens beside it would decide.
const PASSES: u64 = 25;

/// Frames as the engine makes them: JSON into a buffer that is used again, then the frame behind those before it.
#[derive(Default)]
pub(crate) struct Frames {
    json: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Frames {
    pub(crate) fn frame(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.json.clear();
        write(&mut self.json);
        websocket::write_text(&mut self.bytes, &self.json);
    }
}

struct Said {
    room: String,
    told: Vec<Told>,
    acks: Vec<(String, Position)>,
}

pub(crate) fn run(size: &Size) -> Vec<Row> {
    let said: Vec<Said> = (0..size.games).map(|number| what_was_said(&Game::of_cards(number))).collect();
    let bytes = [events as Write, acks].map(|write| average(&said, write));
    let [told, acked] = in_turns(size.rounds, [writing(&said, events), writing(&said, acks)]);
    let note = |(frames, bytes): (u64, u64)| vec![format!("{} frames a round, {bytes} bytes each", count(PASSES * frames))];
    vec![
        Row { name: "encode an event, cards".to_owned(), each: "frame", cost: told, notes: note(bytes[0]) },
        Row { name: "encode the answer to an action".to_owned(), each: "frame", cost: acked, notes: note(bytes[1]) },
    ]
}

fn what_was_said(game: &Game) -> Said {
    let (mut told, mut acks) = (Vec::new(), Vec::new());
    game.each(|table, played| {
        told.extend(played.told.iter().cloned());
        acks.push((format!("r-{}", acks.len()), table.position(VIEWERS[0])));
    });
    Said { room: game.name.clone(), told, acks }
}

/// Writes all of a sort; how many.
type Write = fn(&Said, &mut Frames) -> u64;

fn events(said: &Said, frames: &mut Frames) -> u64 {
    let mut count = 0;
    for told in &said.told {
        let Some(body) = told.heard_by(VIEWERS[0], 0) else { continue };
        frames.frame(|out| say::event(out, &said.room, told.number, told.seat.is_some(), told.ts_ms, body));
        count += 1;
    }
    count
}

fn acks(said: &Said, frames: &mut Frames) -> u64 {
    for (reference, at) in &said.acks {
        frames.frame(|out| say::done(out, reference, &Done::Acted { at, dup: false, events: &say::OwnEvents::Unasked }));
    }
    said.acks.len() as u64
}

fn writing(said: &[Said], write: Write) -> Round<'_> {
    let mut frames = Frames::default();
    Box::new(move |watch: &mut Watch| {
        let mut write = |said| {
            frames.bytes.clear();
            let count = write(said, &mut frames);
            black_box(&frames.bytes);
            count
        };
        watch.run(|| (0..PASSES).map(|_| said.iter().map(&mut write).sum::<u64>()).sum())
    })
}

/// How many frames, and the bytes of one.
fn average(said: &[Said], write: Write) -> (u64, u64) {
    let mut frames = Frames::default();
    let count: u64 = said.iter().map(|said| write(said, &mut frames)).sum();
    (count, frames.bytes.len() as u64 / count.max(1))
}
