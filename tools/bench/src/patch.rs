//! Views after each action of a game: made, sent whole, and sent as what changed (RFC 6902).

use crate::Size;
use crate::encode::Frames;
use crate::game::{Game, VIEWERS};
use crate::meter::{Round, Watch, in_turns};
use crate::table::{Row, count};
use parlour_engine::dialect::native_out as say;
use parlour_engine::patch::Differ;
use parlour_room::Position;
use std::hint::black_box;

/// A view and the one before it.
struct Change {
    at: Position,
    before: String,
    after: String,
}

pub(crate) fn run(size: &Size) -> Vec<Row> {
    let games: Vec<Game> = (0..size.games).map(Game::of_cards).collect();
    let changes: Vec<Change> = games.iter().flat_map(changes).collect();
    let (mut whole_bytes, mut patch_bytes, mut gone_whole) = (0, 0, 0);
    let (mut frames, mut differ) = (Frames::default(), Differ::default());
    for change in &changes {
        frames.bytes.clear();
        send_whole(&mut frames, change);
        whole_bytes += frames.bytes.len();
        frames.bytes.clear();
        gone_whole += usize::from(!send_patch(&mut frames, &mut differ, change));
        patch_bytes += frames.bytes.len();
    }
    let [made, whole, patched] = in_turns(size.rounds, [making(&games), sending_whole(&changes), sending_patches(&changes)]);

    let number = changes.len();
    let ratio = (made.median() + patched.median()) / (made.median() + whole.median());
    let row = |name: &str, each, cost, notes| Row { name: name.to_owned(), each, cost, notes };
    let of_bytes = |bytes: usize| format!("{} bytes each", count((bytes / number.max(1)) as u64));
    vec![
        row(
            "make a view, cards",
            "view",
            made,
            vec!["its JSON, for both seats and spectators; whole and patch both need it".to_owned()],
        ),
        row("frame a whole view, cards", "view", whole, vec![of_bytes(whole_bytes)]),
        row(
            "diff and frame a patch, cards",
            "view",
            patched,
            vec![
                format!("{}; {gone_whole} of {} went whole", of_bytes(patch_bytes), count(number as u64)),
                format!(
                    "patch to whole: {:.3} of the bytes, {ratio:.2} of the CPU (view and frame)",
                    patch_bytes as f64 / whole_bytes as f64
                ),
            ],
        ),
    ]
}

/// Of everybody whose view an action changes.
fn changes(game: &Game) -> Vec<Change> {
    let table = game.again();
    let mut before = VIEWERS.map(|viewer| table.view(viewer).expect("a view"));
    let mut changes = Vec::new();
    game.each(|table, _| {
        for (viewer, before) in VIEWERS.into_iter().zip(&mut before) {
            let after = table.view(viewer).expect("a view");
            if after != *before {
                let before = std::mem::replace(before, after.clone());
                changes.push(Change { at: table.position(viewer), before, after });
            }
        }
    });
    changes
}

fn making(games: &[Game]) -> Round<'_> {
    Box::new(move |watch| {
        let mut views = 0;
        for game in games {
            game.each(|table, _| {
                watch.run(|| VIEWERS.map(|viewer| black_box(table.view(viewer)).expect("a view")));
                views += VIEWERS.len() as u64;
            });
        }
        views
    })
}

fn sending_whole(changes: &[Change]) -> Round<'_> {
    let mut frames = Frames::default();
    Box::new(move |watch: &mut Watch| {
        watch.run(|| {
            for change in changes {
                frames.bytes.clear();
                send_whole(&mut frames, change);
                black_box(&frames.bytes);
            }
        });
        changes.len() as u64
    })
}

fn sending_patches(changes: &[Change]) -> Round<'_> {
    let (mut frames, mut differ) = (Frames::default(), Differ::default());
    Box::new(move |watch: &mut Watch| {
        watch.run(|| {
            for change in changes {
                frames.bytes.clear();
                send_patch(&mut frames, &mut differ, change);
                black_box(&frames.bytes);
            }
        });
        changes.len() as u64
    })
}

fn send_whole(frames: &mut Frames, change: &Change) {
    frames.frame(|out| say::view(out, "cards-0", &change.at, 7, &change.after, false));
}

/// As the engine does it: whole where a patch is not worth it. Whether it was.
fn send_patch(frames: &mut Frames, differ: &mut Differ, change: &Change) -> bool {
    let ops = differ.patch(&change.before, &change.after);
    match ops {
        Some(ops) => frames.frame(|out| say::patch(out, "cards-0", 7, ops)),
        None => send_whole(frames, change),
    }
    ops.is_some()
}
