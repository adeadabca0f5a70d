//! Everything a card can do, as data. `perform.rs` interprets effects, `battle.rs` the extras, and `text.rs` puts both into
//! words.

use crate::print::Ailment;

/// One thing that happens. "Me" is the player whose card it is.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    /// I draw so many cards.
    Draw(u32),
    /// My deck is shuffled and the first card of that sort comes to my hand; if there is none, the top card. So nobody else
    /// learns which it was.
    Search(Wanted),
    /// I look at so many cards of my deck, keep one, and the others are shuffled back.
    Look(u32),
    /// The chosen card of my discard pile comes to my hand.
    Recover,
    /// That player chooses so many cards of their hand to discard.
    Discard(Who, u32),
    /// The opponent discards a card of their hand at random.
    Pilfer,
    /// That player shuffles their hand into their deck and draws so many.
    Redraw(Who, u32),
    /// I see which cards the opponent holds.
    Peek,
    /// Takes so much damage off.
    Heal(Whom, u32),
    /// Does exactly so much damage: weakness, armor and shields count only for the damage of an attack itself.
    Hurt(Whom, u32),
    /// Brings an ailment.
    Afflict(Whom, Ailment),
    /// Ends all ailments.
    Cure(Whom),
    /// Attaches so many of my spent energies, the last spent first.
    Charge(Whom, u32),
    /// Attaches the next energy of my energy deck.
    Surge(Whom),
    /// Spends so many attached energies, the last attached first.
    Drain(Whom, u32),
    /// The chosen monster of the opponent's bench becomes active.
    Pull,
    /// The opponent must choose another active monster, if they have one.
    Push,
    /// The chosen monster of my bench becomes active.
    Swap,
    /// The chosen monster of my bench returns to my hand, with all cards under it; its energy is spent.
    Return,
    /// Until the end of the opponent's next turn attacks do so much less damage to it.
    Shield(Whom, u32),
    /// This turn my attacks do so much more damage.
    Boost(u32),
    /// A coin decides.
    Flip(&'static [Effect], &'static [Effect]),
}

/// One of the two players, seen from the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whose card it is.
    Me,
    /// The other.
    Foe,
    /// Both.
    Both,
}

/// Which monsters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The one whose attack or ability it is.
    This,
    /// The chosen one.
    Target,
    /// My active one.
    MyActive,
    /// All of mine.
    MyAll,
    /// The opponent's active one.
    FoeActive,
    /// All on the opponent's bench.
    FoeBench,
}

/// What a player chooses when playing a card, using an ability or attacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Nothing.
    Nothing,
    /// One of one's own monsters.
    Mine,
    /// One on one's own bench.
    MyBench,
    /// One of the opponent's monsters.
    Foes,
    /// One on the opponent's bench.
    FoeBench,
    /// A card of that sort in one's own discard pile.
    MyDiscard(Wanted),
}

/// Which cards a search or a recovery finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Monsters that come into play by themselves.
    Basic,
    /// Monsters that evolve from others.
    Evolution,
    /// Any monster.
    Monster,
}

/// What adds to an attack's damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// Nothing does.
    Nothing,
    /// So much for each energy on the attacker.
    PerEnergy(u32),
    /// So much for each energy on the defender.
    PerFoeEnergy(u32),
    /// So much for each monster on one's own bench.
    PerBench(u32),
    /// As much as the damage on the attacker.
    OwnDamage,
    /// So much if the defender has any ailment.
    IfAiling(u32),
    /// So many coins, so much for each heads.
    Flips(u32, u32),
}

/// What always holds while the monster is in play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passive {
    /// Attacks do so much less damage to it.
    Armor(u32),
    /// Whoever attacks it takes so much damage.
    Thorns(u32),
    /// It cannot get any ailment.
    Guarded,
    /// Its player's attacks do so much more damage, also while it sits on the bench.
    Rally(u32),
    /// Between turns it heals by so much.
    Regrow(u32),
}

/// What a field does, to both players.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldRule {
    /// Retreating costs so much less.
    EasyRetreat(u32),
    /// Between turns both active monsters heal by so much.
    Healing(u32),
    /// Poison does so much damage instead of 10.
    Venom(u32),
    /// Weaknesses do not count.
    NoWeakness,
}
