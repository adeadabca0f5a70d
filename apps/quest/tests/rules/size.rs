//! However a quest is played, its view is one that can be sent: a server sends none above 262,144 bytes.

use crate::game::{Game, begun, open};
use parlour_quest::book::{Book, Effect};
use parlour_quest::limits::{CAPACITY, HISTORY, NAME_CHARS, NARRATIVE_CHARS, REMARK_CHARS, REMARKS, SEATS};
use parlour_quest::{ActionType, Change, Changed, Deed, Details, Entry, Fault, NarrativeError, Roll, Signal, View, Vote};
use parlour_room::Seat;
use serde_json::json;

/// Half of what a server sends by default: patches, other dialects and longer books have the rest.
const FAR_BELOW: usize = 131_072;

fn bytes(view: &View) -> usize {
    serde_json::to_vec(view).expect("JSON").len()
}

/// The text that takes most bytes as JSON.
fn largest(all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().max_by_key(|text| json!(text).to_string().len()).expect("there is one")
}

/// The texts of so many characters that a quest might keep: wide, widest, escaped, and what becomes a space.
fn texts(most: u32) -> Vec<String> {
    let most = most as usize;
    let of = |c: char, times: usize| c.to_string().repeat(times);
    let framed = format!("x{}x", of('\u{1}', most - 2));
    vec![of('あ', most), of('🏮', most * 3 / 4), of('🏮', most), of('"', most), of('\\', most), framed, of('é', most)]
}

/// Plays the action with each of the texts, as often as somebody may who wants to do harm.
fn play_all(game: &mut Game, kind: &str, field: &str, most: u32, times: usize) {
    let taken = texts(most).into_iter().filter(|text| game.act(0, &json!({ "type": kind, field: text })).is_ok());
    let taken: Vec<String> = taken.collect();
    assert!(taken.len() >= 5, "{kind} takes most of the texts");
    let text = largest(taken);
    for number in 0..times {
        let seat = u32::try_from(number).expect("a few") % SEATS;
        game.must(seat, &json!({ "type": kind, field: text }));
    }
}

/// A party that has said, and is called, as much as can be.
fn loud() -> View {
    let hero = largest(texts(NAME_CHARS).into_iter().filter(|name| open(&json!({ "hero": name }), 1).is_ok()));
    let mut game = begun(json!({ "party": "vote", "seats": SEATS, "hero": hero }), SEATS);
    play_all(&mut game, "introduce", "name", NAME_CHARS, SEATS as usize);
    play_all(&mut game, "remark", "text", REMARK_CHARS, HISTORY + REMARKS);
    let view = game.view();
    let content = largest(["🏮", "\"", "\n"].map(|c| format!("x{}x", c.repeat(NARRATIVE_CHARS - 2))));
    let (step, section) = (view.step, view.section.number);
    game.answer(&Signal::Told { step, section, content, tokens: 0 });
    let view = game.view();
    assert_eq!((view.party.members.len(), view.party.remarks.len()), (SEATS as usize, REMARKS));
    assert_eq!(view.trace.history.len(), HISTORY);
    assert!(view.narrative.content.chars().count() >= NARRATIVE_CHARS - 2);
    view
}

/// Entries as large as any: one with the longest words of the book, one with what the richest section does.
fn widest_entries(book: &Book) -> [Entry; 2] {
    let changes = |effects: &[Effect]| -> Vec<Change> {
        let change = |effect: &Effect| {
            let (what, name) = match effect {
                Effect::Stat(stat, _) => (Changed::Stat, stat.word().to_owned()),
                Effect::Gold(_) => (Changed::Gold, "gold".to_owned()),
                Effect::Item(item, _) => (Changed::Item, item.clone()),
                Effect::Flag(flag, _) => (Changed::Flag, flag.clone()),
            };
            Change { what, name, by: i32::MIN, now: u32::MAX, left_behind: u32::MAX }
        };
        effects.iter().map(change).collect()
    };
    let effects = book.sections.values().map(|section| &section.effects).chain(book.items.values().map(|item| &item.effects));
    let choices = || book.sections.values().flat_map(|section| &section.choices);
    let titles = book.sections.values().map(|section| section.title.clone());
    let rolled = Details {
        seat: Some(Seat(SEATS)),
        input: Some(largest(choices().map(|choice| choice.text.clone()).chain(titles))),
        choice: Some(largest(choices().map(|choice| choice.id.clone()))),
        roll_result: Some(12),
        dice: Some([6, 6]),
        dice_type: choices().find_map(|choice| choice.dice),
        ..Details::default()
    };
    let changes = effects.map(|effects| changes(effects)).max_by_key(|changes| json!(changes).to_string().len());
    let changed = Details { seat: Some(Seat(SEATS)), changes: changes.expect("there are sections"), ..Details::default() };
    [(ActionType::UserInput, rolled), (ActionType::CharacterUpdate, changed)].map(|(action_type, details)| Entry {
        at_ms: u64::MAX,
        step: u32::MAX,
        section: u32::MAX,
        action_type,
        details,
    })
}

#[test]
fn the_largest_view_there_can_be_is_far_smaller_than_a_server_sends() {
    let (book, mut view) = (Book::own(), loud());
    assert!(bytes(&view) < FAR_BELOW, "{} bytes after nothing but words", bytes(&view));

    // And with all else as large as the book and the limits let it be, whether it can come together or not.
    let [entry, changed] = widest_entries(book);
    let entries = view.trace.history.iter().chain([&entry, &changed]);
    let largest = entries.max_by_key(|entry| json!(entry).to_string().len()).cloned().expect("there is one");
    view.trace.history = vec![largest; HISTORY];
    let roll = entry.details.dice_type.map(|kind| Roll { kind, dice: [6, 6], total: 12 });
    let text = entry.details.input.clone().expect("it is set");
    let choice = entry.details.choice.clone();
    view.decision.last = Some(Deed { seat: Some(Seat(7)), choice: choice.clone(), text, from: u32::MAX, to: u32::MAX, roll });
    view.party.votes = (0..SEATS).map(|seat| Vote { seat: Seat(seat), choice: choice.clone().expect("it is set") }).collect();
    view.narrative.error = Some(NarrativeError { code: Fault::Limited, message: Fault::Refused.message().to_owned() });
    for remark in &mut view.party.remarks {
        (remark.at_ms, remark.step) = (u64::MAX, u32::MAX);
    }
    let flags = book.sections.values().flat_map(|section| &section.effects).filter_map(|effect| match effect {
        Effect::Flag(flag, _) => Some(flag.clone()),
        _ => None,
    });
    view.character.flags = flags.collect();
    let items = book.items.iter().map(|(name, print)| {
        let effects = print.effects.iter().map(|effect| (format!("{effect:?}"), i32::MIN)).collect();
        let description = print.description.clone();
        (name.clone(), parlour_quest::Item { name: name.clone(), quantity: CAPACITY, description, effects })
    });
    view.character.inventory.items = items.collect();
    let sections = book.sections.values().map(|section| format!("{section:?}").len());
    let rules = sections.max().expect("there are sections");
    let all = bytes(&view) + 2 * rules;
    println!("the largest view: {all} bytes");
    assert!(all < FAR_BELOW, "{all} bytes");
}
