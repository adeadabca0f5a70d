//! Looks through every byte that leaves for the id of a card its reader may not see then, and for any part of the seed.
//!
//! What leaves is held against the table as it is on disk: an answer from before its commit would show here, too.

use crate::game::{Game, VIEWERS};
use crate::world::Eyes;
use parlour_engine::store::Batch;
use parlour_room::{Cause, Table, Viewer};
use serde_json::Value;

/// So long an id is; of the seed, every part that long is looked for.
const LENGTH: usize = 12;

type Word = [u8; LENGTH];

/// The table as the disk has it, and what must not leave.
pub struct Scan<G: Game> {
    table: Option<Table<G>>,
    seed: Vec<Word>,
    hidden: [Vec<Word>; 3],
    /// What was hidden when a former life of the room ended, and is so forever.
    past: [Vec<Word>; 3],
    /// The states since the batch before the last, newest first: with no other may a view that leaves now agree.
    recent: Vec<G>,
    /// What left and should not have.
    pub found: Vec<String>,
    /// Views that were held against those states.
    pub views: u64,
    pub writes: u64,
    pub bytes: u64,
    /// Ids that were hidden from somebody, summed over every write.
    pub looked_for: u64,
}

impl<G: Game> Default for Scan<G> {
    fn default() -> Self {
        let (table, seed, hidden, past, recent, found) = Default::default();
        Self { table, seed, hidden, past, recent, found, views: 0, writes: 0, bytes: 0, looked_for: 0 }
    }
}

impl<G: Game> Scan<G> {
    /// What somebody sees who has heard everything.
    pub fn view(&self, viewer: Viewer) -> Value {
        serde_json::to_value(self.recent[0].view(viewer)).expect("JSON")
    }
}

impl<G: Game> Eyes for Scan<G> {
    fn on_disk(&mut self, batch: &Batch) {
        if !batch.records.is_empty() {
            self.recent.truncate(1);
        }
        for (_, record) in &batch.records {
            match &mut self.table {
                Some(table) if record.cause != Cause::Opened => drop(table.replay(record).expect("it was played before")),
                _ => {
                    let opened: Value = serde_json::from_str(&record.input).expect("JSON");
                    self.seed.extend(words(opened["seed"].as_str().expect("a seed")));
                    self.past = self.hidden.clone();
                    self.table = Some(Table::replay_opening(record).expect("it was opened before").0);
                }
            }
            self.recent.insert(0, self.table.as_ref().expect("a room opens first").state().clone());
        }
        let state = self.table.as_ref().expect("a room opens first").state();
        for ((viewer, hidden), past) in VIEWERS.into_iter().zip(&mut self.hidden).zip(&self.past) {
            hidden.clone_from(past);
            hidden.extend(state.hidden(viewer).iter().flat_map(|id| words(id)));
            hidden.sort_unstable();
        }
    }

    fn shown(&mut self, reader: Viewer, view: &Value) {
        self.views += 1;
        let is_so = |state: &G| serde_json::to_value(state.view(reader)).expect("JSON") == *view;
        if !self.recent.iter().any(is_so) {
            self.found.push(format!("{reader:?} sees what is not so: {view}"));
        }
    }

    fn left(&mut self, reader: Viewer, bytes: &[u8]) {
        self.writes += 1;
        self.bytes += bytes.len() as u64;
        let eyes = VIEWERS.iter().position(|viewer| *viewer == reader).expect("one of the three");
        self.looked_for += self.hidden[eyes].len() as u64;
        let (hidden, seed) = (&self.hidden[eyes], &self.seed);
        let mut found = None;
        each_word(bytes, &mut |word| {
            if hidden.binary_search(word).is_ok() || seed.contains(word) {
                found.get_or_insert(*word);
            }
        });
        if let Some(word) = found {
            self.found.push(format!("{reader:?} got {:?}", String::from_utf8_lossy(&word)));
        }
    }
}

/// Every part of a text that is as long as an id.
fn words(text: &str) -> Vec<Word> {
    text.as_bytes().windows(LENGTH).map(|word| word.try_into().expect("as long")).collect()
}

/// Every twelve letters and digits in a row. Where one is neither, no twelve can reach over it: the search goes on behind it.
fn each_word(bytes: &[u8], on: &mut dyn FnMut(&Word)) {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric();
    let mut from = 0;
    while let Some(word) = bytes.get(from..from + LENGTH) {
        match word.iter().rposition(|byte| !is_letter(byte)) {
            Some(other) => from += other + 1,
            None => {
                on(word.try_into().expect("as long"));
                from += 1;
            }
        }
    }
}

#[test]
fn a_word_is_found_wherever_it_stands() {
    let text = b"..abcdefghjkmn,x\"234567abcdefghjkmn00";
    let mut found = 0;
    each_word(text, &mut |word| found += u32::from(word == b"abcdefghjkmn"));
    assert_eq!(found, 2);
}
