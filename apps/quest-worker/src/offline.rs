//! The narrator that asks nobody: the section's own text, led in by a sentence on how the story came there. The same telling
//! always gives the same words.

use parlour_quest::book::DiceKind;
use parlour_quest::{Deed, Telling};

/// What leads over from a choice; `{}` stands for it.
const CHOSEN: [&str; 4] =
    ["You have made up your mind: {}", "No more waiting. {}", "So be it, you tell yourself. {}", "One breath, and then: {}"];
const LUCKY: [&str; 3] = ["Luck leans your way.", "For once the night is kind.", "Something out there is on your side."];
const UNLUCKY: [&str; 3] = ["Luck looks elsewhere.", "It goes as such things go.", "You feel the moment turn against you."];
const FOUGHT: [&str; 3] = ["It is quick, and it is ugly.", "There is no time to think.", "You will remember the noise of it."];

/// The narrative of a step.
pub(crate) fn words(telling: &Telling) -> String {
    match &telling.deed {
        Some(deed) => format!("{}\n{}", lead(deed, telling), telling.text),
        None => format!("{} has come a long way to be here.\n{}", telling.hero, telling.text),
    }
}

fn lead(deed: &Deed, telling: &Telling) -> String {
    let turn = u64::from(telling.step) + u64::from(deed.from) + u64::from(telling.asked_before);
    let sentence = |of: &[&str]| {
        let count = u64::try_from(of.len()).unwrap_or(1).max(1);
        of.get(usize::try_from(turn % count).unwrap_or(0)).copied().unwrap_or_default().to_owned()
    };
    match &deed.roll {
        Some(roll) => {
            let after = match roll.kind {
                DiceKind::Combat => sentence(&FOUGHT),
                DiceKind::Chance if roll.total >= 7 => sentence(&LUCKY),
                DiceKind::Chance => sentence(&UNLUCKY),
            };
            format!("The dice fall: {} and {}. {after}", number(roll.dice[0]), number(roll.dice[1]))
        }
        None if deed.choice.is_none() => deed.text.clone(),
        None => sentence(&CHOSEN).replace("{}", &as_sentence(&deed.text)),
    }
}

fn as_sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn number(pips: u32) -> &'static str {
    match pips {
        1 => "one",
        2 => "two",
        3 => "three",
        4 => "four",
        5 => "five",
        _ => "six",
    }
}
