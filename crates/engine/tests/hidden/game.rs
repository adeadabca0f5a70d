//! What a kind of room must be able to do to be played here: say what is hidden from whom, and hide something else instead.

use parlour_cards::{Action, Cards, Id};
use parlour_engine::schema::Kinds;
use parlour_room::proof::Disguise;
use parlour_room::{Dice, Room, Viewer};

pub trait Game: Room {
    /// Another state that this viewer cannot tell from this one.
    fn disguised(&self, viewer: Viewer, dice: &mut Dice) -> Self;
    /// The ids that this viewer may not see.
    fn hidden(&self, viewer: Viewer) -> Vec<String>;
}

impl Game for Cards {
    fn disguised(&self, viewer: Viewer, dice: &mut Dice) -> Self {
        self.disguise(viewer, dice)
    }

    fn hidden(&self, viewer: Viewer) -> Vec<String> {
        self.hidden_from(viewer)
    }
}

pub fn kinds<G: Game>() -> Kinds {
    Kinds::new().with::<G>().expect("a kind that can be spoken on the wire")
}

/// The eyes there are.
pub const VIEWERS: [Viewer; 3] = [Viewer::Seat(parlour_room::Seat(0)), Viewer::Seat(parlour_room::Seat(1)), Viewer::Spectator];

/// Everything in a text that looks like a card's id.
pub fn ids_in(text: &str) -> Vec<String> {
    let is_id = |word: &&str| word.len() == 12 && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.split('"').filter(is_id).map(str::to_owned).collect()
}

/// Any action, on any of these ids or on nonsense; one in sixteen is no action at all.
pub fn some_action(dice: &mut Dice, ids: &[String]) -> String {
    let mut id = || match dice.pick(ids) {
        Some(id) if dice.below(12) > 0 => Id::from(id.as_str()),
        _ => Id::from("nonsense"),
    };
    let (card, monster, other) = (id(), id(), id());
    let target = if dice.below(3) == 0 { None } else { Some(other) };
    let action = match dice.below(18) {
        0 => Action::Place { card },
        1 => Action::Ready {},
        2 => Action::PlayBasic { card },
        3 => Action::Evolve { card, monster },
        4 => Action::Attach { monster },
        5 => Action::PlayItem { card, target },
        6 => Action::PlayAlly { card, target },
        7 => Action::PlayField { card },
        8 => Action::UseAbility { monster, target },
        9 => Action::Attack { attack: u32::try_from(dice.below(4)).expect("small"), target },
        10 => Action::Retreat { to: monster },
        11 => Action::EndTurn {},
        12 => Action::ChooseActive { to: monster },
        13 => Action::Discard { card },
        14 => Action::Keep { card },
        15 => Action::Rematch {},
        16 => Action::DeclineRematch {},
        _ => return r#"{"type":"cheat","card":[null]}"#.to_owned(),
    };
    serde_json::to_string(&action).expect("an action is JSON")
}
