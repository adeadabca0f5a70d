//! Puts what is printed on cards into words. Words are made of the same data as the rules, so they cannot say something else.

use crate::effect::{Aim, Effect, Extra, FieldRule, Passive, Wanted, Who, Whom};
use crate::print::{Ailment, Trick};

/// The text of a trick, an ability or an attack's effects: one sentence each.
pub(crate) fn effects(aim: Aim, effects: &[Effect]) -> String {
    effects.iter().map(|effect| format!("{}.", capital(&sentence(aim, effect)))).collect::<Vec<_>>().join(" ")
}

pub(crate) fn trick(trick: &Trick) -> String {
    effects(trick.aim, trick.effects)
}

pub(crate) fn extra(extra: Extra) -> Option<String> {
    Some(match extra {
        Extra::Nothing => return None,
        Extra::PerEnergy(each) => format!("+{each} damage for each energy on this monster."),
        Extra::PerFoeEnergy(each) => format!("+{each} damage for each energy on the defending monster."),
        Extra::PerBench(each) => format!("+{each} damage for each monster on your bench."),
        Extra::OwnDamage => "As much more damage as this monster has taken.".to_owned(),
        Extra::IfAiling(more) => format!("+{more} damage if the defending monster has an ailment."),
        Extra::Flips(coins, each) => format!("Flip {coins} coins: +{each} damage for each heads."),
    })
}

pub(crate) fn passive(passive: Passive) -> String {
    match passive {
        Passive::Armor(less) => format!("Attacks do {less} less damage to this monster."),
        Passive::Thorns(damage) => format!("A monster that damages this one by an attack takes {damage} damage."),
        Passive::Guarded => "This monster cannot get any ailment.".to_owned(),
        Passive::Rally(more) => format!("While this monster is in play, also on the bench, your attacks do {more} more damage."),
        Passive::Regrow(amount) => format!("Between turns heal {amount} damage of this monster."),
    }
}

pub(crate) fn field(rule: FieldRule) -> String {
    match rule {
        FieldRule::EasyRetreat(less) => format!("Retreating costs {less} energy less."),
        FieldRule::Healing(amount) => format!("Between turns heal {amount} damage of both active monsters."),
        FieldRule::Venom(damage) => format!("Poison does {damage} damage instead of 10."),
        FieldRule::NoWeakness => "Weaknesses do not count.".to_owned(),
    }
}

fn sentence(aim: Aim, effect: &Effect) -> String {
    match effect {
        Effect::Draw(cards) => format!("draw {}", some(*cards, "card")),
        Effect::Search(wanted) => {
            format!("shuffle your deck and take the first {} you find, or else the top card", found(*wanted))
        }
        Effect::Look(cards) => format!("look at the top {cards} cards of your deck, keep one, and shuffle the others back"),
        Effect::Recover => format!("take a {} from your discard pile", discarded(aim)),
        Effect::Discard(who, cards) => format!("{} {} from hand", by(*who, "discard"), some(*cards, "card")),
        Effect::Pilfer => "the opponent discards a card from hand at random".to_owned(),
        Effect::Redraw(who, cards) => {
            format!("{} the hand into the deck, then {} cards", by(*who, "shuffle"), draws(*who, *cards))
        }
        Effect::Peek => "see which cards the opponent holds".to_owned(),
        Effect::Heal(whom, amount) => format!("heal {amount} damage of {}", monsters(*whom, aim)),
        Effect::Hurt(whom, amount) => format!("do {amount} damage to {}", monsters(*whom, aim)),
        Effect::Afflict(whom, ailment) => format!("{} is now {}", monsters(*whom, aim), ailing(*ailment)),
        Effect::Cure(whom) => format!("end all ailments of {}", monsters(*whom, aim)),
        Effect::Charge(whom, amount) => format!("attach {} of yours to {}", some(*amount, "spent energy"), monsters(*whom, aim)),
        Effect::Surge(whom) => format!("attach the next energy of your energy deck to {}", monsters(*whom, aim)),
        Effect::Drain(whom, amount) => format!("spend {} of {}", some(*amount, "energy"), monsters(*whom, aim)),
        Effect::Pull => format!("{} becomes active", monsters(Whom::Target, aim)),
        Effect::Push => "the opponent chooses another active monster".to_owned(),
        Effect::Swap => format!("{} becomes active", monsters(Whom::Target, aim)),
        Effect::Return => format!("{} and all cards under it return to your hand", monsters(Whom::Target, aim)),
        Effect::Shield(whom, less) => {
            format!("until the end of the opponent's next turn attacks do {less} less damage to {}", monsters(*whom, aim))
        }
        Effect::Boost(more) => format!("this turn your attacks do {more} more damage"),
        Effect::Flip(heads, tails) => coin(aim, heads, tails),
    }
}

fn coin(aim: Aim, heads: &[Effect], tails: &[Effect]) -> String {
    let side = |name: &str, effects: &[Effect]| {
        let all: Vec<String> = effects.iter().map(|effect| sentence(aim, effect)).collect();
        (!all.is_empty()).then(|| format!("{name}: {}", all.join(", ")))
    };
    let sides: Vec<String> = [side("heads", heads), side("tails", tails)].into_iter().flatten().collect();
    format!("flip a coin; {}", sides.join("; "))
}

fn monsters(whom: Whom, aim: Aim) -> &'static str {
    match (whom, aim) {
        (Whom::This, _) => "this monster",
        (Whom::Target, Aim::Mine) => "one of your monsters",
        (Whom::Target, Aim::MyBench) => "one monster of your bench",
        (Whom::Target, Aim::Foes) => "one of the opponent's monsters",
        (Whom::Target, Aim::FoeBench) => "one monster of the opponent's bench",
        (Whom::Target, Aim::Nothing | Aim::MyDiscard(_)) => "the chosen one",
        (Whom::MyActive, _) => "your active monster",
        (Whom::MyAll, _) => "each of your monsters",
        (Whom::FoeActive, _) => "the opponent's active monster",
        (Whom::FoeBench, _) => "each monster of the opponent's bench",
    }
}

fn by(who: Who, verb: &str) -> String {
    match who {
        Who::Me => verb.to_owned(),
        Who::Foe => format!("the opponent {verb}s"),
        Who::Both => format!("both players {verb}"),
    }
}

fn draws(who: Who, cards: u32) -> String {
    match who {
        Who::Foe => format!("draws {cards}"),
        Who::Me | Who::Both => format!("draw {cards}"),
    }
}

fn found(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Basic => "basic monster",
        Wanted::Evolution => "evolved monster",
        Wanted::Monster => "monster",
    }
}

fn discarded(aim: Aim) -> &'static str {
    match aim {
        Aim::MyDiscard(wanted) => found(wanted),
        _ => "card",
    }
}

fn ailing(ailment: Ailment) -> &'static str {
    match ailment {
        Ailment::Poisoned => "poisoned",
        Ailment::Burned => "burned",
        Ailment::Asleep => "asleep",
        Ailment::Paralysed => "paralysed",
        Ailment::Confused => "confused",
    }
}

fn some(count: u32, of: &str) -> String {
    match (count, of) {
        (1, "energy") => "one energy".to_owned(),
        (1, of) => format!("a {of}"),
        (count, of) => match of.strip_suffix("energy") {
            Some(before) => format!("{count} {before}energies"),
            None => format!("{count} {of}s"),
        },
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
