//! Proves that a room's luck can be audited: the key and the stream are computed here a second time, from nothing but the
//! journal, and give the same draws, shuffles and picks. ChaCha20 is written out below as Bernstein defined it.

use crate::common::high::{Do, Draw, High};
use crate::common::live::{Live, joining, opening, stamp};
use parlour_room::{Cause, Joining, Record, Seed, Table};
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

type Room = High<false>;

/// One block of ChaCha20 with a 64-bit counter and a 64-bit stream number.
fn block(key: &[u8; 32], counter: u64, stream: u64) -> [u8; 64] {
    let mut start = [0u32; 16];
    start[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    for (word, bytes) in start[4..12].iter_mut().zip(key.chunks_exact(4)) {
        *word = u32::from_le_bytes(bytes.try_into().unwrap());
    }
    for (at, number) in [(12, counter), (14, stream)] {
        start[at] = (number & 0xffff_ffff) as u32;
        start[at + 1] = (number >> 32) as u32;
    }
    let mut x = start;
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        for (add, to, turn) in [(b, (a, d), 16), (d, (c, b), 12), (b, (a, d), 8), (d, (c, b), 7)] {
            x[to.0] = x[to.0].wrapping_add(x[add]);
            x[to.1] = (x[to.1] ^ x[to.0]).rotate_left(turn);
        }
    };
    for _ in 0..10 {
        (0..4).for_each(|i| quarter(i, 4 + i, 8 + i, 12 + i));
        (0..4).for_each(|i| quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4));
    }
    let mut out = [0; 64];
    for (bytes, (word, start)) in out.chunks_exact_mut(4).zip(x.iter().zip(start)) {
        bytes.copy_from_slice(&word.wrapping_add(start).to_le_bytes());
    }
    out
}

/// The draws of one record, made again.
struct Audit {
    key: [u8; 32],
    stream: u64,
    drawn: u64,
}

impl Audit {
    /// The key of record `seq`: from the journal alone.
    fn of(journal: &[Record], seq: u64) -> Self {
        let opened: Value = serde_json::from_str(&journal[0].input).unwrap();
        let seed = unhex(opened["seed"].as_str().unwrap());
        let (mut stirred, mut seats) = (Vec::new(), BTreeSet::new());
        for record in journal.iter().filter(|record| record.seq <= seq && record.cause == Cause::Joined) {
            let joined: Value = serde_json::from_str(&record.input).unwrap();
            let seat = u32::try_from(joined["seat"].as_u64().unwrap()).unwrap();
            if let Some(nonce) = joined["nonce"].as_str().filter(|_| seats.insert(seat)) {
                stirred.extend(seat.to_le_bytes());
                stirred.extend(u32::try_from(nonce.len()).unwrap().to_le_bytes());
                stirred.extend(nonce.as_bytes());
            }
        }
        let key = if seats.is_empty() { seed } else { Sha256::new().chain_update(seed).chain_update(stirred).finalize().into() };
        Self { key, stream: seq, drawn: 0 }
    }

    fn bits(&mut self) -> u64 {
        let block = block(&self.key, self.drawn / 8, self.stream);
        let at = usize::try_from(self.drawn % 8).unwrap() * 8;
        self.drawn += 1;
        u64::from_le_bytes(block[at..at + 8].try_into().unwrap())
    }

    fn below(&mut self, bound: u64) -> u64 {
        let fair = (1u128 << 64) - (1u128 << 64) % u128::from(bound);
        loop {
            let bits = self.bits();
            if u128::from(bits) < fair {
                return bits % bound;
            }
        }
    }

    fn draw(&mut self, draw: &Draw) -> Vec<u64> {
        match *draw {
            Draw::Bits => vec![self.bits()],
            Draw::Below(bound) => vec![self.below(bound)],
            Draw::Roll(sides) => vec![1 + self.below(sides.into())],
            Draw::Coin => vec![self.below(2)],
            Draw::Pick(0) => vec![],
            Draw::Pick(len) => vec![self.below(len.into())],
            Draw::Shuffle(len) => {
                let mut items: Vec<u64> = (0..len.into()).collect();
                for last in (1..u64::from(len)).rev() {
                    let other = self.below(last + 1);
                    items.swap(usize::try_from(last).unwrap(), usize::try_from(other).unwrap());
                }
                items
            }
        }
    }
}

fn unhex(text: &str) -> [u8; 32] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

fn drew(live: &mut Live<Room>, user: &str, draws: &[Draw]) -> Vec<u64> {
    let played = live.act(user, &Do::Luck { draws: draws.to_vec() });
    let told: Value = serde_json::from_str(played.told[0].body.get()).unwrap();
    serde_json::from_value(told["numbers"].clone()).unwrap()
}

fn assert_audited(live: &mut Live<Room>, user: &str, draws: &[Draw]) {
    let numbers = drew(live, user, draws);
    let mut audit = Audit::of(&live.journal, live.journal.len() as u64);
    assert_eq!(numbers, draws.iter().flat_map(|draw| audit.draw(draw)).collect::<Vec<_>>(), "{draws:?}");
}

const DRAWS: &[Draw] = &[
    Draw::Bits,
    Draw::Below(1),
    Draw::Below(10),
    Draw::Below((1 << 63) + 1),
    Draw::Below((1 << 63) + 1),
    Draw::Below(u64::MAX),
    Draw::Roll(6),
    Draw::Coin,
    Draw::Pick(0),
    Draw::Pick(7),
    Draw::Shuffle(52),
    Draw::Bits,
];

#[test]
fn the_block_function_is_chacha20() {
    // draft-strombergson-chacha-test-vectors, TC1, 256 bit key, 20 rounds.
    assert_eq!(block(&[0; 32], 0, 0)[..8], [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    assert_eq!(block(&[0; 32], 1, 0)[..8], [0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a]);
}

#[test]
fn every_draw_can_be_computed_again_from_the_journal() {
    let mut live: Live<Room> = Live::open("{}");
    assert_eq!(live.table.state().first(), Audit::of(&live.journal, 1).bits(), "opening draws from the bare seed");
    live.join(joining("u0")).unwrap();
    assert_audited(&mut live, "u0", DRAWS);
    live.join(Joining { nonce: Some("née"), ..joining("u1") }).unwrap();
    assert_audited(&mut live, "u0", DRAWS);
    live.join(Joining { nonce: Some(""), ..joining("u2") }).unwrap();
    assert_audited(&mut live, "u1", DRAWS);
}

/// The deal of whoever joins is drawn with their own nonce stirred in already.
#[test]
fn a_nonce_counts_from_the_joining_record_on() {
    let mut live: Live<Room> = Live::open("{\"seats\":1,\"cards\":20}");
    live.join(Joining { nonce: Some("mine"), ..joining("u0") }).unwrap();
    let mut audit = Audit::of(&live.journal, 2);
    let dealt: Vec<u64> = audit.draw(&Draw::Shuffle(20)).split_off(17);
    let view: Value =
        serde_json::from_str(&live.table.view_json(parlour_room::Viewer::Seat(parlour_room::Seat(0))).unwrap()).unwrap();
    assert_eq!(view["mine"], serde_json::to_value(dealt).unwrap());
}

#[test]
fn only_the_first_nonce_of_a_seat_counts_whoever_gives_it() {
    let mut live: Live<Room> = Live::open("{\"seats\":2}");
    for (user, nonce) in [("u0", None), ("u1", Some("b")), ("u0", Some("a")), ("u2", Some("c")), ("u2", Some("d"))] {
        if live.table.about().members.contains_key(user) || live.table.about().members.len() == 2 {
            live.leave("u0");
        }
        live.join(Joining { nonce, ..joining(user) }).unwrap();
        assert_audited(&mut live, user, DRAWS);
        if user == "u2" {
            live.leave("u2");
        }
    }
    let stirred: Value = serde_json::from_str::<Value>(&live.table.snapshot()).unwrap()["stirred"].clone();
    assert_eq!(stirred, serde_json::json!([{"seat": 1, "nonce": "b"}, {"seat": 0, "nonce": "a"}]));
}

#[test]
fn a_refused_action_spends_no_luck() {
    let mut calm: Live<Room> = Live::with("{}", 2);
    let mut hasty: Live<Room> = Live::with("{}", 2);
    for bad in [r#"{"type":"play","card":99}"#, r#"{"type":"luck","draws":[{"below":0}]}"#, "junk"] {
        assert!(hasty.try_act("u0", Some("x"), bad).is_err());
    }
    assert_eq!(drew(&mut calm, "u0", DRAWS), drew(&mut hasty, "u0", DRAWS));
    assert_eq!(calm.journal, hasty.journal);
}

#[test]
fn every_player_is_promised_the_hash_of_the_seed_and_the_seed_is_only_in_the_journal() {
    let live: Live<Room> = Live::with("{}", 1);
    let opened: Value = serde_json::from_str(&live.journal[0].input).unwrap();
    let seed = opened["seed"].as_str().unwrap();
    let hash: String = Sha256::digest(unhex(seed)).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(live.table.seed_hash(), hash);
    assert_eq!(live.table.revealed_seed(), None);
    assert!(!format!("{:?}", live.table.about()).contains(seed));
    assert!(!live.played.iter().any(|played| format!("{:?}", played.told).contains(seed)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_seed_and_the_nonces_the_audit_agrees(
        seed in any::<[u8; 32]>(),
        after in any::<u32>(),
        nonces in proptest::collection::vec(proptest::option::of("\\PC{0,12}"), 1..5)
    ) {
        let mut live: Live<Room> = Live::open("{}");
        let opening = parlour_room::Opening { seed: Seed::new(seed), after: after.into(), ..opening("{\"seats\":5}") };
        let (table, played) = Table::open(stamp(0), opening).unwrap();
        (live.table, live.journal) = (table, vec![played.record]);
        for (n, nonce) in nonces.iter().enumerate() {
            live.join(Joining { nonce: nonce.as_deref(), ..joining(&format!("u{n}")) }).unwrap();
        }
        let numbers = drew(&mut live, "u0", DRAWS);
        let mut audit = Audit::of(&live.journal, live.table.about().seq);
        prop_assert_eq!(numbers, DRAWS.iter().flat_map(|draw| audit.draw(draw)).collect::<Vec<_>>());
    }
}
