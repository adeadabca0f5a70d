//! What things are called.

use parlour_room::wire;

/// Every kind of entity, by the word clients show (with blanks for underscores).
#[wire]
#[derive(Copy, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are names; `bestiary.rs` and `item.rs` say what they do")]
pub enum Name {
    Delver,
    // Monsters.
    GloomRat,
    CleftLurker,
    SporeCap,
    AcidSpitter,
    QuarryTroll,
    PaleWisp,
    // Weapons.
    BoneKnife,
    MinersPick,
    LongSpear,
    // Armour.
    LeatherCoat,
    ScaleMail,
    // Used up.
    HealingDraught,
    FireFlask,
    PassageScroll,
    EchoScroll,
    Bread,
    Torch,
    // Counted.
    Gold,
}
