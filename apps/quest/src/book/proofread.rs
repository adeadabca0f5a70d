//! Holds a book against the rules of books. Whoever plays a book in which this finds nothing never gets stuck, and never meets a
//! section that is not there.

use super::{Book, Choice, Condition, Effect, Section, Sort};
use crate::limits::{CAPACITY, STAT_MAX};
use std::collections::BTreeSet;

/// Two dice: their totals.
const TOTALS: std::ops::RangeInclusive<u32> = 2..=12;

/// Something that is wrong with a book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// In which section; 0 is the whole book.
    pub section: u32,
    /// What.
    pub what: String,
}

/// Everything that is wrong with a book, in the order of its sections.
pub fn proofread(book: &Book) -> Vec<Fault> {
    let mut faults = Vec::new();
    whole(book, &mut faults);
    for (&number, section) in &book.sections {
        let mut note = |what: String| faults.push(Fault { section: number, what });
        parts(section, &mut note);
        names(book, section, &mut note);
        for choice in &section.choices {
            typed(choice, &mut note);
            table(choice, &mut note);
            for target in choice.targets().filter(|target| !book.sections.contains_key(target)) {
                note(format!("{:?} leads to {target}, which is not there", choice.id));
            }
        }
    }
    reach(book, &mut faults);
    beginning(book, &mut faults);
    faults.sort();
    faults
}

fn whole(book: &Book, faults: &mut Vec<Fault>) {
    let mut note = |what: &str| faults.push(Fault { section: 0, what: what.to_owned() });
    if book.title.is_empty() {
        note("it has no title");
    }
    if !book.sections.contains_key(&1) {
        note("there is no section 1, in which the story begins");
    }
    if book.sections.contains_key(&0) {
        note("sections count from 1");
    }
    if book.sections.get(&book.fallen).is_none_or(|section| section.ending.is_none()) {
        note("`fallen` names no ending");
    }
    if book.sections.values().all(|section| section.ending.is_none()) {
        note("it has no ending");
    }
}

/// What a section needs, whatever it says.
fn parts(section: &Section, note: &mut impl FnMut(String)) {
    if section.title.is_empty() || section.text.is_empty() {
        note("it has no title or no text".to_owned());
    }
    let mut ids = BTreeSet::new();
    for choice in &section.choices {
        if !ids.insert(&choice.id) {
            note(format!("{:?} is there twice", choice.id));
        }
    }
    match (section.ending.is_some(), section.choices.is_empty()) {
        (true, false) => note("it ends the story and offers choices".to_owned()),
        (false, true) => note("it offers no choice and is no ending".to_owned()),
        _ => {}
    }
    let by_dice = section.choices.iter().filter(|choice| matches!(choice.sort, Sort::Dice | Sort::Mixed)).count();
    if by_dice != 0 && by_dice != section.choices.len() {
        note("it is decided by dice and by choosing".to_owned());
    }
    if section.ending.is_none() && section.choices.iter().all(|choice| !choice.conditions.is_empty()) {
        note("whoever meets no condition is stuck".to_owned());
    }
}

/// What the type of a choice asks of its parts.
fn typed(choice: &Choice, note: &mut impl FnMut(String)) {
    let (target, conditions) = (choice.target.is_some(), !choice.conditions.is_empty());
    let (dice, results) = (choice.dice.is_some(), !choice.results.is_empty());
    let wanted = match choice.sort {
        Sort::Direct => (true, false, false, false),
        Sort::Conditional => (true, true, false, false),
        Sort::Dice => (false, false, true, true),
        Sort::Mixed => (false, true, true, true),
    };
    let names = ["a target", "conditions", "dice", "results"];
    let (has, wants) = ([target, conditions, dice, results], [wanted.0, wanted.1, wanted.2, wanted.3]);
    for ((name, has), wants) in names.into_iter().zip(has).zip(wants) {
        if has != wants {
            let word = if wants { "lacks" } else { "may not have" };
            note(format!("{:?} is {:?} and {word} {name}", choice.id, choice.sort));
        }
    }
}

/// Every total of two dice leads somewhere, and to one place only.
fn table(choice: &Choice, note: &mut impl FnMut(String)) {
    if choice.results.is_empty() {
        return;
    }
    for span in &choice.results {
        if span.from > span.to || !TOTALS.contains(&span.from) || !TOTALS.contains(&span.to) {
            note(format!("{:?}: {span} are no totals of two dice", choice.id));
        }
    }
    for total in TOTALS {
        match choice.results.iter().filter(|span| (span.from..=span.to).contains(&total)).count() {
            0 => note(format!("{:?}: {total} leads nowhere", choice.id)),
            1 => {}
            _ => note(format!("{:?}: {total} leads to more than one place", choice.id)),
        }
    }
}

/// Things and flags that are spoken of are there.
fn names(book: &Book, section: &Section, note: &mut impl FnMut(String)) {
    let set: BTreeSet<&String> = effects(book)
        .filter_map(|effect| match effect {
            Effect::Flag(name, true) => Some(name),
            _ => None,
        })
        .collect();
    let conditions = section.choices.iter().flat_map(|choice| &choice.conditions);
    for condition in conditions {
        match condition {
            Condition::Item(name, _) if !book.items.contains_key(name) => note(format!("there is no {name:?}")),
            Condition::Flag(name, _) if !set.contains(name) => note(format!("nothing sets the flag {name:?}")),
            Condition::AtLeast(_, value) | Condition::Below(_, value) if *value > STAT_MAX => {
                note(format!("{condition}: no stat is so high"));
            }
            _ => {}
        }
    }
    for effect in &section.effects {
        match effect {
            Effect::Item(name, _) if !book.items.contains_key(name) => note(format!("there is no {name:?}")),
            Effect::Item(name, by) if by.unsigned_abs() > CAPACITY => note(format!("nobody carries so many {name:?}")),
            _ => {}
        }
    }
}

fn effects(book: &Book) -> impl Iterator<Item = &Effect> {
    book.sections.values().flat_map(|section| &section.effects)
}

/// Every section can be reached from the first, and from every section an ending.
fn reach(book: &Book, faults: &mut Vec<Fault>) {
    let mut reached = BTreeSet::from([1]);
    let mut next = vec![1];
    while let Some(section) = next.pop().and_then(|number| book.sections.get(&number)) {
        // Who is hurt here may fall here.
        let hurts = section.effects.iter().any(|effect| matches!(effect, Effect::Stat(_, by) if *by < 0));
        let falls = hurts.then_some(book.fallen);
        next.extend(section.choices.iter().flat_map(Choice::targets).chain(falls).filter(|&target| reached.insert(target)));
        next.retain(|target| book.sections.contains_key(target));
    }
    let mut ends: BTreeSet<u32> =
        book.sections.iter().filter(|(_, section)| section.ending.is_some()).map(|(&number, _)| number).collect();
    loop {
        let leads = |section: &Section| section.choices.iter().flat_map(Choice::targets).any(|target| ends.contains(&target));
        let more: Vec<u32> =
            book.sections.iter().filter(|(number, section)| !ends.contains(number) && leads(section)).map(|(&n, _)| n).collect();
        if more.is_empty() {
            break;
        }
        ends.extend(more);
    }
    for (&number, section) in &book.sections {
        if !reached.contains(&number) {
            let what = if section.ending.is_some() { "this ending cannot be reached" } else { "it cannot be reached" };
            faults.push(Fault { section: number, what: what.to_owned() });
        }
        if !ends.contains(&number) {
            faults.push(Fault { section: number, what: "no ending can be reached from it".to_owned() });
        }
    }
}

/// The first section, and every one its direct choices lead to, offer a direct choice: so the beginning of a story depends on
/// nothing but what one chooses.
fn beginning(book: &Book, faults: &mut Vec<Fault>) {
    let is_direct = |choice: &&Choice| choice.sort == Sort::Direct;
    let Some(first) = book.sections.get(&1) else { return };
    let then = first.choices.iter().filter(is_direct).filter_map(|choice| choice.target);
    for number in [1].into_iter().chain(then).collect::<BTreeSet<_>>() {
        if book.sections.get(&number).is_some_and(|section| !section.choices.iter().any(|choice| is_direct(&choice))) {
            faults.push(Fault { section: number, what: "a story begins with direct choices: there is none".to_owned() });
        }
    }
}
