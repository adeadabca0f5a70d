//! Why something is refused: a code for programs, a sentence for people.

use parlour_room::{Seat, wire};

/// Every reason for which a quest refuses a configuration or an action.
#[wire(refusal)]
#[allow(missing_docs, reason = "the sentences name the fields")]
pub enum Refusal {
    /// There are 1 to {most} seats in such a party, not {seats}.
    BadSeats { seats: u32, most: u32 },
    /// A time is 1 to 3600 seconds, not {seconds}.
    BadSeconds { seconds: u32 },
    /// Say something: this text is blank.
    BlankText,
    /// This text is too long: at most {most} characters, of three bytes on average.
    TextTooLong { most: u32 },
    /// The story has gone on: it is in section {section}, step {step}.
    StaleSection { section: u32, step: u32 },
    /// The story has ended; it can be restarted.
    GameOver,
    /// There is no such choice in this section.
    NoSuchChoice,
    /// This choice is not open: its conditions are not met.
    ChoiceClosed,
    /// Dice decide here: roll them.
    RollNeeded,
    /// No dice decide here: choose.
    ChoiceNeeded,
    /// It is the turn of seat {seat}.
    NotYourTurn { seat: Seat },
    /// You have voted for this already; you may still vote for something else.
    AlreadyVoted,
    /// Only the party's leader may do this: seat {leader}.
    LeaderOnly { leader: Seat },
    /// There is no such thing in the inventory.
    NoSuchItem,
    /// There are not so many: {quantity}.
    NotSoMany { quantity: u32 },
    /// This thing does nothing when it is used.
    NoEffect,
    /// The narrator is at it.
    Narrating,
    /// This step is narrated.
    AlreadyNarrated,
    /// There is no narrator in this game.
    NoNarrator,
    /// The narrator was asked often enough for this step.
    NarrationLimit,
}
