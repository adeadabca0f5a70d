//! Where each user may have one connection, of those on several shards the last one stays, in whatever order the shards hear.

use parlour_engine::forward::{Place, ShardId};
use parlour_engine::io::{ConnId, Identity, Input, Now, Output, Role};
use parlour_engine::limits::Limits;
use parlour_engine::schema::Kinds;
use parlour_engine::shard::{Second, Settings, Shard};
use parlour_engine::wire::{Mode, Speaks};
use std::collections::{BTreeSet, VecDeque};

const SHARDS: u16 = 3;
const NOW: Now = Now { mono_ms: 1_000, wall_ms: 1_000_000 };

/// Shards whose words to each other are delivered one at a time.
struct House {
    shards: Vec<Shard>,
    ways: VecDeque<(ShardId, ShardId, parlour_engine::forward::Packet)>,
    closed: BTreeSet<ConnId>,
}

impl House {
    fn new() -> Self {
        let shard = |shard| {
            let place = Place { shard: ShardId(shard), shards: SHARDS };
            let (kinds, limits, server) = (Kinds::default(), Limits::default(), "test".to_owned());
            Shard::new(Settings {
                kinds,
                limits,
                place,
                server,
                second: Second::Replaces,
                mode: Mode::default(),
                tracks: false,
                planted: None,
            })
        };
        Self { shards: (0..SHARDS).map(shard).collect(), ways: VecDeque::new(), closed: BTreeSet::new() }
    }

    fn handle(&mut self, at: u16, input: Input<'_>) {
        let shard = &mut self.shards[usize::from(at)];
        shard.handle(input, NOW);
        while let Some(output) = shard.poll() {
            match output {
                Output::Forward { to, packet } => self.ways.push_back((ShardId(at), to, packet)),
                Output::Close(conn) => {
                    self.closed.insert(conn);
                }
                _ => {}
            }
        }
    }

    fn opens(&mut self, at: u16, number: u64, user: &str) -> ConnId {
        let (conn, guest) = (ConnId(number), Some(Identity::lasting(user, Role::Player)));
        self.handle(
            at,
            Input::Opened {
                conn,
                speaks: Speaks::Native,
                target: String::new(),
                address: None,
                entropy: [7; 32],
                token: None,
                guest,
                guest_token: None,
            },
        );
        conn
    }

    fn settles(&mut self) {
        while let Some((from, to, packet)) = self.ways.pop_front() {
            self.handle(to.0, Input::Forwarded { from, packet });
        }
    }
}

#[test]
fn of_connections_on_all_shards_the_last_one_stays() {
    for user in ["ada", "bob", "eve", "zoe", "kim"] {
        let mut house = House::new();
        let conns: Vec<ConnId> = (0..9).map(|number| (number, house.opens(number as u16 % SHARDS, number + 1, user)).1).collect();
        let other = house.opens(0, 100, "somebody else");
        house.settles();
        assert_eq!(house.closed.len(), 8, "{user}: one of them stays, whoever was heard last");
        assert!(!house.closed.contains(&other));
        for (number, conn) in (0..).zip(&conns) {
            if house.closed.contains(conn) {
                house.handle(number % SHARDS, Input::Closed(*conn));
            }
        }
        house.settles();
        let staying = *conns.iter().find(|conn| !house.closed.contains(conn)).expect("one stays");
        let next = house.opens(1, 50, user);
        house.settles();
        assert!(house.closed.contains(&staying) && !house.closed.contains(&next), "{user}");
        house.handle(1, Input::Closed(next));
        house.settles();
        let again = house.opens(2, 51, user);
        house.settles();
        assert!(!house.closed.contains(&again));
    }
}
