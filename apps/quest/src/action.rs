//! What a member can ask.

use parlour_room::wire;

/// Everything a member can do. `section` is the section it is meant for, and `step`, if given, the step: so what was meant for an
/// earlier one moves nothing.
#[wire(action)]
pub enum Action {
    /// Takes a choice of the section, or votes for it.
    Choose {
        /// The current section.
        section: u32,
        /// The current step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u32>,
        /// The choice's id.
        choice: String,
    },
    /// Has the server roll two dice, where they decide.
    Roll {
        /// The current section.
        section: u32,
        /// The current step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u32>,
        /// By which choice's table; without, the first one open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        choice: Option<String>,
    },
    /// Says something to everybody. It never moves the story.
    Remark {
        /// 1 to 280 characters.
        text: String,
    },
    /// Says what one is called.
    Introduce {
        /// 1 to 50 characters.
        name: String,
    },
    /// Uses a thing up for its effects.
    UseItem {
        /// Its name.
        item: String,
    },
    /// Throws things away.
    DropItem {
        /// Their name.
        item: String,
        /// How many; one, if nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quantity: Option<u32>,
    },
    /// Asks the narrator once more, after it failed.
    NarrateAgain,
    /// Back to the first section, with what one has there. The leader's.
    Restart,
    /// Ends the game for good. The leader's.
    Stop,
}
