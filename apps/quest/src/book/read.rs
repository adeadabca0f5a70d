//! Reads a book from its text, strictly: a line that means nothing is an error with its number.
//!
//! ```text
//! book The Title
//! fallen 62                                       the ending of whoever has no endurance left
//! item hard bread | A loaf. | endurance+4         a thing: its name, its looks, what using it does (or nothing)
//! = 7 The Ferry                                   a section
//! Its text, in as many lines as it needs.
//! + item hard bread 2                             what happens on coming here: + or -, and item, gold, flag or a stat
//! * row direct | Row across | -> 8                its choices: id, type, text, then conditions, a target or dice
//! * pay conditional | Pay | if gold>=5 | -> 9
//! * swim mixed | Swim | if skill>=18 | roll chance 2-6:10, 7-12:8
//! ! victory                                       an ending: victory, bittersweet or defeat
//! ```

use super::{Book, Choice, Condition, DiceKind, Effect, Outcome, Print, Section, Sort, Span};
use crate::hero::Stat;

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Misread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// The book that this text is.
pub fn read(text: &str) -> Result<Book, Misread> {
    let mut book = Book::default();
    let mut open: Option<u32> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() {
            take(&mut book, &mut open, line).map_err(|what| Misread { line: number + 1, what })?;
        }
    }
    Ok(book)
}

fn take(book: &mut Book, open: &mut Option<u32>, line: &str) -> Result<(), String> {
    if let Some(rest) = line.strip_prefix("= ") {
        let (number, title) = rest.split_once(' ').ok_or("a section has a number and a title")?;
        let number = whole(number)?;
        if book.sections.insert(number, Section { title: title.trim().to_owned(), ..Section::default() }).is_some() {
            return Err(format!("there is a section {number} already"));
        }
        *open = Some(number);
        return Ok(());
    }
    let Some(section) = open.and_then(|number| book.sections.get_mut(&number)) else { return head(book, line) };
    if let Some(rest) = line.strip_prefix("* ") {
        section.choices.push(choice(rest)?);
    } else if let Some(rest) = line.strip_prefix("+ ") {
        section.effects.push(effect(rest, 1)?);
    } else if let Some(rest) = line.strip_prefix("- ") {
        section.effects.push(effect(rest, -1)?);
    } else if let Some(rest) = line.strip_prefix("! ") {
        if section.ending.replace(outcome(rest)?).is_some() {
            return Err("a section ends once".to_owned());
        }
    } else if section.choices.is_empty() && section.effects.is_empty() && section.ending.is_none() {
        if !section.text.is_empty() {
            section.text.push('\n');
        }
        section.text.push_str(line);
    } else {
        return Err("text stands before effects, choices and the ending".to_owned());
    }
    Ok(())
}

fn head(book: &mut Book, line: &str) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').ok_or("before the first section there are only `book`, `fallen` and `item`")?;
    match word {
        "book" => book.title = rest.to_owned(),
        "fallen" => book.fallen = whole(rest)?,
        "item" => {
            let parts: Vec<&str> = rest.split('|').map(str::trim).collect();
            let [name, description, effects @ ..] = parts.as_slice() else { return Err("name | looks | effects".to_owned()) };
            let effects = effects.iter().flat_map(|part| part.split(',')).map(use_effect).collect::<Result<_, _>>()?;
            let print = Print { description: (*description).to_owned(), effects };
            if book.items.insert((*name).to_owned(), print).is_some() {
                return Err(format!("there is a {name:?} already"));
            }
        }
        _ => return Err(format!("{word:?} means nothing before the first section")),
    }
    Ok(())
}

/// `endurance+4`
fn use_effect(text: &str) -> Result<Effect, String> {
    let text = text.trim();
    let at = text.find(['+', '-']).ok_or("an effect is a stat, + or -, and a number")?;
    let by: i32 = text[at..].parse().map_err(|_| format!("{text:?} is no effect"))?;
    Ok(Effect::Stat(stat(&text[..at])?, by))
}

/// `item hard bread 2`, `gold 5`, `flag met_warden`, `endurance 3`
fn effect(text: &str, sign: i32) -> Result<Effect, String> {
    let (word, rest) = text.split_once(' ').ok_or("an effect says what and how much")?;
    let amount = |text: &str| whole(text).and_then(|n| i32::try_from(n).map_err(|_| "too much".to_owned())).map(|n| n * sign);
    match word {
        "flag" => Ok(Effect::Flag(rest.to_owned(), sign > 0)),
        "gold" => Ok(Effect::Gold(amount(rest)?)),
        "item" => {
            let (name, count) = match rest.rsplit_once(' ') {
                Some((name, count)) if count.bytes().all(|byte| byte.is_ascii_digit()) => (name, amount(count)?),
                _ => (rest, sign),
            };
            Ok(Effect::Item(name.to_owned(), count))
        }
        word => Ok(Effect::Stat(stat(word)?, amount(rest)?)),
    }
}

fn choice(text: &str) -> Result<Choice, String> {
    let mut parts = text.split('|').map(str::trim);
    let (id, sort) = parts.next().and_then(|head| head.split_once(' ')).ok_or("a choice begins with its id and type")?;
    let sort = match sort {
        "direct" => Sort::Direct,
        "conditional" => Sort::Conditional,
        "dice" => Sort::Dice,
        "mixed" => Sort::Mixed,
        other => return Err(format!("{other:?} is no type of choice")),
    };
    let text = parts.next().filter(|text| !text.is_empty()).ok_or("a choice has a text")?.to_owned();
    let mut choice =
        Choice { id: id.to_owned(), text, sort, target: None, conditions: Vec::new(), dice: None, results: Vec::new() };
    for part in parts {
        if let Some(rest) = part.strip_prefix("if ") {
            choice.conditions = rest.split(',').map(|text| condition(text.trim())).collect::<Result<_, _>>()?;
        } else if let Some(rest) = part.strip_prefix("-> ") {
            choice.target = Some(whole(rest)?);
        } else if let Some(rest) = part.strip_prefix("roll ") {
            let (kind, table) = rest.split_once(' ').ok_or("a roll has a kind and a table")?;
            choice.dice = Some(match kind {
                "chance" => DiceKind::Chance,
                "combat" => DiceKind::Combat,
                other => return Err(format!("{other:?} is nothing to roll for")),
            });
            choice.results = table.split(',').map(|text| span(text.trim())).collect::<Result<_, _>>()?;
        } else {
            return Err(format!("{part:?} is no part of a choice"));
        }
    }
    Ok(choice)
}

/// What `Condition` displays.
fn condition(text: &str) -> Result<Condition, String> {
    let (wanted, positive) = text.strip_prefix('!').map_or((true, text), |rest| (false, rest));
    if let Some(name) = positive.strip_prefix("item:") {
        return Ok(Condition::Item(name.to_owned(), wanted));
    }
    if let Some(name) = positive.strip_prefix("flag:") {
        return Ok(Condition::Flag(name.to_owned(), wanted));
    }
    if let Some((name, least)) = text.split_once(">=") {
        let least = whole(least)?;
        return if name == "gold" { Ok(Condition::Gold(least)) } else { Ok(Condition::AtLeast(stat(name)?, least)) };
    }
    let (name, bound) = text.split_once('<').ok_or_else(|| format!("{text:?} is no condition"))?;
    Ok(Condition::Below(stat(name)?, whole(bound)?))
}

/// `5-6:12` or `7:12`
fn span(text: &str) -> Result<Span, String> {
    let (totals, target) = text.split_once(':').ok_or_else(|| format!("{text:?} is no line of a table"))?;
    let (from, to) = totals.split_once('-').unwrap_or((totals, totals));
    Ok(Span { from: whole(from)?, to: whole(to)?, target: whole(target)? })
}

fn stat(name: &str) -> Result<Stat, String> {
    Stat::ALL.into_iter().find(|stat| stat.word() == name).ok_or_else(|| format!("{name:?} is no stat"))
}

fn outcome(text: &str) -> Result<Outcome, String> {
    match text {
        "victory" => Ok(Outcome::Victory),
        "bittersweet" => Ok(Outcome::Bittersweet),
        "defeat" => Ok(Outcome::Defeat),
        other => Err(format!("{other:?} is no ending")),
    }
}

fn whole(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no whole number"))
}
