//! The book that comes with this app, and books with planted faults.

use parlour_quest::book::{Book, Choice, Condition, DiceKind, Effect, Outcome, Sort, Span, proofread, read};
use std::collections::BTreeSet;

/// A small book without a fault.
const SMALL: &str = "book Small\nfallen 4\nitem rope | A rope.\n= 1 Begin\nText.\n+ item rope\n* on direct | On | -> 2\n\
    = 2 Middle\nText.\n- endurance 2\n* back direct | Back | -> 1\n* down conditional | Down | if item:rope | -> 3\n\
    = 3 Dice\nText.\n* roll dice | Roll | roll chance 2-7:5, 8-12:1\n\
    * well mixed | Roll well | if skill>=20 | roll combat 2-12:5\n\
    = 4 Fallen\nText.\n! defeat\n= 5 End\nText.\n! victory\n";

fn faults(book: &Book) -> Vec<String> {
    proofread(book).into_iter().map(|fault| format!("{}: {}", fault.section, fault.what)).collect()
}

/// What is found when a part of the small book is written otherwise.
fn planted(from: &str, to: &str) -> Vec<String> {
    assert_eq!(SMALL.matches(from).count(), 1, "{from:?} is there once");
    faults(&read(&SMALL.replace(from, to)).expect("it can still be read"))
}

#[test]
fn the_book_has_no_fault_and_sixty_sections_or_more() {
    let book = Book::own();
    assert_eq!(faults(book), Vec::<String>::new());
    let endings: Vec<Outcome> = book.sections.values().filter_map(|section| section.ending).collect();
    let sorts: Vec<Sort> = book.sections.values().flat_map(|section| &section.choices).map(|choice| choice.sort).collect();
    println!("{} sections, {} choices, {} endings, {} things", book.sections.len(), sorts.len(), endings.len(), book.items.len());
    assert!(book.sections.len() >= 60);
    for sort in [Sort::Direct, Sort::Conditional, Sort::Dice, Sort::Mixed] {
        assert!(sorts.contains(&sort), "{sort:?}");
    }
    for outcome in [Outcome::Victory, Outcome::Bittersweet, Outcome::Defeat] {
        assert!(endings.contains(&outcome), "{outcome:?}");
    }
    assert!(endings.len() >= 6);
}

#[test]
fn the_texts_are_long_enough_to_read_and_short_enough_to_show() {
    for (number, section) in &Book::own().sections {
        let chars = section.text.chars().count();
        assert!((90..2000).contains(&chars), "section {number}: {chars} characters");
        assert!(section.choices.len() <= 6, "section {number}");
    }
    let titles: BTreeSet<&String> = Book::own().sections.values().map(|section| &section.title).collect();
    assert_eq!(titles.len(), Book::own().sections.len(), "no two sections have one title");
}

#[test]
fn everything_in_the_book_is_used() {
    let book = Book::own();
    let given: BTreeSet<&String> =
        effects(book).filter_map(|e| if let Effect::Item(name, 1..) = e { Some(name) } else { None }).collect();
    assert_eq!(given, book.items.keys().collect(), "every thing can be found");
    let asked: BTreeSet<&String> =
        conditions(book).filter_map(|c| if let Condition::Flag(name, _) = c { Some(name) } else { None }).collect();
    let set: BTreeSet<&String> =
        effects(book).filter_map(|e| if let Effect::Flag(name, true) = e { Some(name) } else { None }).collect();
    assert_eq!(set, asked, "every memory matters");
}

fn effects(book: &Book) -> impl Iterator<Item = &Effect> {
    book.sections.values().flat_map(|section| &section.effects)
}

fn conditions(book: &Book) -> impl Iterator<Item = &Condition> {
    book.sections.values().flat_map(|section| &section.choices).flat_map(|choice| &choice.conditions)
}

#[test]
fn a_small_book_without_a_fault_has_none() {
    assert_eq!(faults(&read(SMALL).unwrap()), Vec::<String>::new());
}

#[test]
fn a_target_that_is_not_there_is_found() {
    assert_eq!(planted("| On | -> 2", "| On | -> 9")[0], "1: \"on\" leads to 9, which is not there");
    assert!(planted("2-12:5", "2-12:99").contains(&"3: \"well\" leads to 99, which is not there".to_owned()));
}

#[test]
fn what_cannot_be_reached_is_found() {
    let lost = planted("| Down | if item:rope | -> 3", "| Down | if item:rope | -> 1");
    assert_eq!(
        lost,
        [
            "1: no ending can be reached from it",
            "2: no ending can be reached from it",
            "3: it cannot be reached",
            "5: this ending cannot be reached"
        ]
    );
    // Nobody is hurt any more, so nobody falls.
    assert_eq!(planted("- endurance 2\n", ""), ["4: this ending cannot be reached"]);
}

#[test]
fn a_table_with_a_gap_or_an_overlap_is_found() {
    assert_eq!(planted("2-7:5, 8-12:1", "2-6:5, 8-12:1"), ["3: \"roll\": 7 leads nowhere"]);
    assert_eq!(planted("2-7:5, 8-12:1", "2-8:5, 8-12:1"), ["3: \"roll\": 8 leads to more than one place"]);
    assert_eq!(planted("2-7:5, 8-12:1", "1-7:5, 8-12:1"), ["3: \"roll\": 1-7 are no totals of two dice"]);
    assert_eq!(planted("2-7:5, 8-12:1", "2-7:5, 8-13:1"), ["3: \"roll\": 8-13 are no totals of two dice"]);
    assert_eq!(planted("2-7:5, 8-12:1", "2-7:5, 12-8:1").len(), 6, "five totals, and the line itself");
}

#[test]
fn a_choice_whose_parts_do_not_fit_its_type_is_found() {
    let mut seen = 0;
    for sort in [Sort::Direct, Sort::Conditional, Sort::Dice, Sort::Mixed] {
        for parts in 0..16_u32 {
            let has = [parts & 1 > 0, parts & 2 > 0, parts & 4 > 0, parts & 8 > 0];
            let wants = match sort {
                Sort::Direct => [true, false, false, false],
                Sort::Conditional => [true, true, false, false],
                Sort::Dice => [false, false, true, true],
                Sort::Mixed => [false, true, true, true],
            };
            let mut book = read(SMALL).unwrap();
            let choice = Choice {
                id: "x".to_owned(),
                text: "X".to_owned(),
                sort,
                target: has[0].then_some(5),
                conditions: if has[1] { vec![Condition::Gold(1)] } else { Vec::new() },
                dice: has[2].then_some(DiceKind::Chance),
                results: if has[3] { vec![Span { from: 2, to: 12, target: 5 }] } else { Vec::new() },
            };
            let number = if matches!(sort, Sort::Dice | Sort::Mixed) { 3 } else { 2 };
            book.sections.get_mut(&number).unwrap().choices.push(choice);
            let found: Vec<String> = faults(&book).into_iter().filter(|fault| fault.contains("\"x\" is")).collect();
            let wrong = has.iter().zip(wants).filter(|(has, wants)| **has != *wants).count();
            assert_eq!(found.len(), wrong, "{sort:?} {has:?}: {found:?}");
            seen += wrong;
        }
    }
    assert_eq!(seen, 4 * 16 * 2, "half of all parts are wrong");
}

#[test]
fn a_section_in_which_one_is_stuck_or_has_two_ways_to_decide_is_found() {
    let stuck = planted("* back direct | Back | -> 1\n", "");
    assert!(stuck.contains(&"2: whoever meets no condition is stuck".to_owned()), "{stuck:?}");
    assert!(stuck.contains(&"2: a story begins with direct choices: there is none".to_owned()), "{stuck:?}");
    assert_eq!(
        planted("= 3 Dice\nText.\n", "= 3 Dice\nText.\n* go direct | Go | -> 5\n"),
        ["3: it is decided by dice and by choosing"]
    );
    assert_eq!(planted("! victory", "* on direct | On | -> 1\n! victory"), ["5: it ends the story and offers choices"]);
    assert!(planted("Text.\n! victory", "Text.").contains(&"5: it offers no choice and is no ending".to_owned()));
}

#[test]
fn a_name_that_means_nothing_is_found() {
    assert_eq!(planted("if item:rope", "if item:string"), ["2: there is no \"string\""]);
    assert_eq!(planted("if item:rope", "if flag:tied"), ["2: nothing sets the flag \"tied\""]);
    assert_eq!(planted("+ item rope", "+ item string"), ["1: there is no \"string\""]);
    assert_eq!(planted("+ item rope", "+ item rope 11"), ["1: nobody carries so many \"rope\""]);
    assert_eq!(planted("if skill>=20", "if skill>=25"), ["3: skill>=25: no stat is so high"]);
    assert_eq!(planted("fallen 4", "fallen 1"), ["0: `fallen` names no ending", "4: this ending cannot be reached"]);
    assert_eq!(planted("book Small\n", ""), ["0: it has no title"]);
    assert_eq!(planted("* back direct | Back | -> 1", "* down direct | Back | -> 1"), ["2: \"down\" is there twice"]);
}

#[test]
fn a_line_that_means_nothing_is_an_error_with_its_number() {
    let wrong = [
        ("book Small", "books Small", 1),
        ("fallen 4", "fallen down", 2),
        ("| A rope.", "| A rope. | strength+1", 3),
        ("= 1 Begin", "= one Begin", 4),
        ("= 2 Middle", "= 1 Middle", 8),
        ("+ item rope", "+ rope", 6),
        ("- endurance 2", "- endurance two", 10),
        ("* on direct", "* on straight", 7),
        ("| On | -> 2", "| On | to 2", 7),
        ("if item:rope", "if rope", 12),
        ("roll chance", "roll luck", 15),
        ("2-12:5", "2-12", 16),
        ("! victory", "! triumph", 22),
        ("! defeat", "! defeat\nMore.", 20),
        ("! defeat", "! defeat\n! defeat", 20),
    ];
    for (from, to, line) in wrong {
        assert_eq!(SMALL.matches(from).count(), 1, "{from:?} is there once");
        let error = read(&SMALL.replace(from, to)).expect_err(to);
        assert_eq!(error.line, line, "{to:?}: {error}");
    }
}

#[test]
fn conditions_are_written_as_they_are_read() {
    for condition in conditions(Book::own()) {
        let text = SMALL.replace("if item:rope", &format!("if {condition}"));
        let book = read(&text).unwrap();
        assert_eq!(book.sections[&2].choices[1].conditions, std::slice::from_ref(condition));
    }
    let two = read(&SMALL.replace("if item:rope", "if !flag:a, endurance<7")).unwrap();
    assert_eq!(two.sections[&2].choices[1].conditions.len(), 2);
}
