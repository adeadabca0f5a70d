//! Random scripts: everything that can be asked of a table, sensible or not.

use super::high::{Do, Draw, High};
use super::live::{Live, T0, brought_about, joining, user};
use parlour_room::{Joining, Rejected, Seat, Stamp, Who};
use proptest::prelude::*;

/// One thing asked of a table.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Join {
        user: usize,
        seat: Option<u32>,
        nonce: Option<String>,
        bot: bool,
    },
    Leave {
        user: usize,
    },
    Act {
        user: usize,
        id: Option<u8>,
        action: Do,
    },
    /// Plays something that the table itself calls legal.
    ActLegal {
        user: usize,
        id: Option<u8>,
        pick: usize,
    },
    Garbage {
        user: usize,
        id: Option<u8>,
        text: String,
    },
    Pass {
        ms: u64,
    },
    Fire,
    Answer {
        pick: usize,
        stale: bool,
        result: &'static str,
    },
    Resign {
        user: usize,
        id: Option<u8>,
    },
    Close,
    /// Put away, and loaded again after this time (which the wall clock may see pass backwards).
    Wake {
        after_ms: i64,
    },
    Sleep,
}

/// Scripts of up to `len` steps for three seats and five people.
pub(crate) fn scripts(len: usize) -> impl Strategy<Value = Vec<Op>> {
    let who = 0..5_usize;
    let id = || proptest::option::of(0..6_u8);
    let nonce = proptest::option::of("[a-zé]{0,8}|x{64,65}");
    let text = prop_oneof![Just("{}"), Just("null"), Just("{\"type\":\"peek\""), Just("{\"type\":\"fly\"}")];
    let result = prop_oneof![
        4 => Just("{\"fetched\":{\"text\":\"ok\"}}"), 1 => Just("{\"fetched\":{\"text\":\"poison\"}}"), 1 => Just("nothing")];
    let op = prop_oneof![
        8 => (who.clone(), proptest::option::of(0..4_u32), nonce, any::<bool>())
            .prop_map(|(user, seat, nonce, bot)| Op::Join { user, seat, nonce, bot }),
        2 => who.clone().prop_map(|user| Op::Leave { user }),
        30 => (who.clone(), id(), actions()).prop_map(|(user, id, action)| Op::Act { user, id, action }),
        10 => (who.clone(), id(), 0..5_usize).prop_map(|(user, id, pick)| Op::ActLegal { user, id, pick }),
        3 => (who.clone(), id(), text).prop_map(|(user, id, text)| Op::Garbage { user, id, text: text.to_owned() }),
        8 => prop_oneof![0..50_u64, 0..40_000_u64, 300_000..700_000_u64].prop_map(|ms| Op::Pass { ms }),
        8 => Just(Op::Fire),
        5 => (0..3_usize, proptest::bool::weighted(0.2), result)
            .prop_map(|(pick, stale, result)| Op::Answer { pick, stale, result }),
        1 => (who, id()).prop_map(|(user, id)| Op::Resign { user, id }),
        3 => (-5_000..40_000_i64).prop_map(|after_ms| Op::Wake { after_ms }),
        2 => Just(Op::Sleep),
    ];
    let ending = prop_oneof![9 => Just(None), 1 => Just(Some(Op::Close))];
    (proptest::collection::vec(op.clone(), 1..len), ending, proptest::collection::vec(op, 0..10)).prop_map(
        |(ops, ending, more)| {
            let joins = (0..3).map(|user| Op::Join { user, seat: None, nonce: None, bot: false });
            joins.take(ops.len() % 4).chain(ops.clone()).chain(ending).chain(more).collect()
        },
    )
}

fn actions() -> impl Strategy<Value = Do> {
    let seat = || (0..4_u32).prop_map(Seat);
    let key = || prop_oneof![Just("a"), Just("b"), Just("every")].prop_map(str::to_owned);
    let draw = prop_oneof![
        Just(Draw::Bits),
        (0..7_u64).prop_map(Draw::Below),
        any::<u64>().prop_map(Draw::Below),
        (1..7_u32).prop_map(Draw::Roll),
        Just(Draw::Coin),
        (0..9_u32).prop_map(Draw::Shuffle),
        (0..9_u32).prop_map(Draw::Pick)
    ];
    prop_oneof![
        6 => (0..20_u32).prop_map(|card| Do::Play { card }),
        3 => Just(Do::Peek),
        3 => (0..4_u32).prop_map(|times| Do::Shout { times }),
        5 => (seat(), 0..4_u32).prop_map(|(to, times)| Do::Whisper { to, times }),
        4 => (proptest::collection::vec(seat(), 0..3), "[a-c]{1,3}").prop_map(|(holders, word)| Do::Hint { holders, word }),
        4 => proptest::collection::vec(draw, 0..4).prop_map(|draws| Do::Luck { draws }),
        4 => key().prop_map(|key| Do::Ask { key }),
        1 => key().prop_map(|key| Do::Cancel { key }),
        5 => (key(), 0..20_000_u64).prop_map(|(key, after_ms)| Do::Arm { key, after_ms }),
        1 => key().prop_map(|key| Do::Disarm { key }),
        1 => seat().prop_map(|seat| Do::Kick { seat }),
    ]
}

impl<const FREEZES: bool> Live<High<FREEZES>> {
    /// Does it, and says what became of it; what is no record must leave no trace.
    pub(crate) fn step(&mut self, op: &Op) -> Result<(), Rejected> {
        let (records, before) = (self.journal.len(), self.table.snapshot());
        let done = self.ask(op);
        let recorded = self.journal.len() - records;
        assert!(recorded <= 1 && (done.is_ok() || recorded == 0), "{op:?}");
        assert_eq!(self.table.snapshot() == before, recorded == 0, "{op:?} {done:?}");
        if recorded == 1 {
            let record = &self.journal[records];
            assert_eq!(record.hash, self.table.about().hash, "{}", brought_about(self.played.last().unwrap()));
            assert!(record.at_ms >= self.journal[records - 1].at_ms, "room time went back: {op:?}");
        }
        done
    }

    fn ask(&mut self, op: &Op) -> Result<(), Rejected> {
        let id_text = |id: &Option<u8>| id.map(|id| format!("id-{id}"));
        match op {
            Op::Join { user: n, seat, nonce, bot } => {
                let user = user(*n);
                let who = Who { bot: *bot, ..joining(&user).who };
                let bot = bot.then_some("random");
                self.join(Joining { who, bot, seat: seat.map(Seat), nonce: nonce.as_deref() })?;
            }
            Op::Leave { user: n } => {
                let played = self.table.leave(self.now, &user(*n), "left")?;
                self.keep(played);
            }
            Op::Act { user: n, id, action } => {
                self.try_act(&user(*n), id_text(id).as_deref(), &serde_json::to_string(action).unwrap())?;
            }
            Op::ActLegal { user: n, id, pick } => {
                let seat = self.table.about().members.get(&user(*n)).map_or(Seat(0), |member| member.seat);
                let legal = self.table.legal_json(seat).unwrap();
                let action = legal.get(pick % legal.len().max(1)).map_or("{}", String::as_str);
                match self.try_act(&user(*n), id_text(id).as_deref(), action) {
                    Err(Rejected::Illegal(refusal)) => panic!("{action} is listed as legal and refused: {refusal:?}"),
                    done => done?,
                };
            }
            Op::Garbage { user: n, id, text } => {
                self.try_act(&user(*n), id_text(id).as_deref(), text)?;
            }
            Op::Pass { ms } => self.pass(*ms),
            Op::Fire => {
                self.fire();
            }
            Op::Answer { pick, stale, result } => {
                let open: Vec<(String, u64)> =
                    self.table.about().jobs.iter().map(|(key, job)| (key.clone(), job.since)).collect();
                let Some((key, since)) = open.get(pick % open.len().max(1)) else { return Ok(()) };
                let since = since + u64::from(*stale);
                if let Some(played) = self.table.answer(self.now, key, since, result).unwrap() {
                    assert!(!stale, "a result of another job was played");
                    self.keep(played);
                }
            }
            Op::Resign { user: n, id } => {
                self.resign(&user(*n), id_text(id).as_deref())?;
            }
            Op::Close => {
                let played = self.table.close(self.now, "root", "closed")?;
                self.keep(played);
            }
            Op::Wake { after_ms } => {
                let ts_ms = self.now.ts_ms.saturating_add_signed(*after_ms).max(T0);
                let played = self.table.wake(Stamp { at_ms: 0, ts_ms }).unwrap();
                self.keep(played);
                self.now = Stamp { at_ms: self.table.about().at_ms, ts_ms };
            }
            Op::Sleep => {
                let played = self.table.sleep(self.now).unwrap();
                self.keep(played);
            }
        }
        Ok(())
    }
}
