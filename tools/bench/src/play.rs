//! "inbox (seen?) -> check (legal?) -> play -> sound? -> record, hash": an action from its text to its record.

use crate::Size;
use crate::game::{Game, play};
use crate::meter::{Round, in_turns};
use crate::table::{Row, count};
use parlour_room::Seat;
use std::hint::black_box;

/// How often the room without rules is acted in: as long as a game or two, so that rings and inboxes are as full.
const BARE_ACTIONS: u32 = 200;

pub(crate) fn run(size: &Size) -> Vec<Row> {
    let cards: Vec<Game> = (0..size.games).map(Game::of_cards).collect();
    let bare: Vec<Game> = (0..size.games).map(|_| Game::of_nothing(BARE_ACTIONS)).collect();
    let costs = in_turns(size.rounds, [acting(&cards), acting(&bare), replaying(&cards), legal(&cards)]);
    let [acted, bared, replayed, listed] = costs;
    let actions: usize = cards.iter().map(|game| game.actions.len()).sum();
    let records: usize = cards.iter().map(|game| game.records.len()).sum();
    let row = |name: &str, each, cost, notes| Row { name: name.to_owned(), each, cost, notes };
    let games = format!("{} whole games of two bots, {} actions a round", cards.len(), count(actions as u64));
    vec![
        row("check+play, cards", "action", acted, vec![games]),
        row(
            "check+play, a room without rules",
            "action",
            bared,
            vec!["the same with 120 bytes that are only passed on".to_owned()],
        ),
        row("play a record again, cards", "record", replayed, vec![format!("{} records a round", count(records as u64))]),
        row("list what is legal, cards", "list", listed, vec!["what a bot or `legal` asks, after each action".to_owned()]),
    ]
}

fn acting(games: &[Game]) -> Round<'_> {
    Box::new(move |watch| {
        for game in games {
            let mut table = game.again();
            let users = [Seat(0), Seat(1)].map(|seat| game.user(seat));
            watch.run(|| {
                for action in &game.actions {
                    black_box(play(table.as_mut(), &users[usize::from(action.seat == Seat(1))], action));
                }
            });
            assert_eq!(table.about().hash, game.table.about().hash, "the same game gives the same room");
        }
        games.iter().map(|game| game.actions.len() as u64).sum()
    })
}

fn replaying(games: &[Game]) -> Round<'_> {
    Box::new(move |watch| {
        for game in games {
            watch.run(|| {
                let (mut table, _) = game.kind.replay(&game.records[0]).expect("it was played before");
                for record in &game.records[1..] {
                    black_box(table.replay(record).expect("it was played before"));
                }
            });
        }
        games.iter().map(|game| game.records.len() as u64).sum()
    })
}

fn legal(games: &[Game]) -> Round<'_> {
    Box::new(move |watch| {
        let mut lists = 0;
        // One game is enough: it is played again for each round.
        games[0].each(|table, _| {
            lists += 2;
            watch.run(|| [Seat(0), Seat(1)].map(|seat| black_box(table.legal(seat)).expect("a list")));
        });
        lists
    })
}
