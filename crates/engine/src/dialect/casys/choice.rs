//! What a choice means: the state that was said last tells its section, and what it offers.

use super::code::Refusal;
use super::message::Choice;
use super::names::{DICE_CHOICES, ROLLED};
use super::{Mode, Pending};
use crate::limits::CASYS_PENDING;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a state offered.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    section: u64,
    step: u64,
    choices: Vec<Offered>,
}

#[derive(Clone, Debug)]
struct Offered {
    id: String,
    text: String,
    /// Its section, as clients write it in place of the id.
    target: Option<String>,
    is_dice: bool,
    is_open: bool,
}

/// A choice that was passed on: what was said, what that meant, and under which key it counts once.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    said: (String, String),
    step: u64,
    action: Value,
    key: String,
    /// How many others were passed on before it.
    number: u64,
}

impl Offer {
    pub(super) fn of(view: &Value) -> Self {
        let choices = view["rules"]["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
        let (section, step) = (view["section"]["number"].as_u64().unwrap_or(0), view["step"].as_u64().unwrap_or(0));
        Self { section, step, choices: choices.iter().map(Offered::of).collect() }
    }

    /// Whether both are of one step of the story.
    pub(super) fn is_of(&self, other: &Offer) -> bool {
        self.step == other.step && self.section == other.section
    }

    /// Which one is meant: by its id, or by its target; of several with the same target by its text, or the first that is open.
    fn find(&self, choice: &Choice) -> Option<&Offered> {
        let by_id = self.choices.iter().find(|offered| offered.id == choice.id);
        let same_target = || self.choices.iter().filter(|offered| offered.target.as_deref() == Some(choice.id.as_str()));
        let by_target = || same_target().min_by_key(|offered| (offered.text != choice.text, !offered.is_open));
        by_id.or_else(by_target).filter(|_| !choice.id.is_empty())
    }
}

impl Offered {
    fn of(choice: &Value) -> Self {
        let text = |field: &str| choice[field].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            text: text("text"),
            target: choice["target"].as_u64().map(|target| target.to_string()),
            is_dice: DICE_CHOICES.contains(&choice["type"].as_str().unwrap_or_default()),
            is_open: choice["open"] == true,
        }
    }

    fn action(&self, (section, step): (u64, u64)) -> Value {
        json!({"type": if self.is_dice { "roll" } else { "choose" }, "section": section, "step": step, "choice": self.id})
    }
}

impl super::Casys {
    /// Passes a choice on as what it means.
    pub(super) fn choose(&mut self, choice: &Choice, out: &mut Vec<super::Out>) -> Result<(), Refusal> {
        let game = self.game.clone().unwrap_or_default();
        if !choice.game_id.is_empty() && choice.game_id != game {
            return Err(Refusal::invalid("wrong_game", "This choice is of another game than this connection shows."));
        }
        if self.asks.pending().len() >= CASYS_PENDING {
            return Err(Refusal::too_many());
        }
        let sent = self.understood(choice)?;
        let request = json!({"type": "action", "room": game, "id": sent.key, "payload": sent.action});
        self.sent = Some(sent);
        self.asks.ask(Pending::Choice, request, out);
        Ok(())
    }

    fn understood(&self, choice: &Choice) -> Result<Sent, Refusal> {
        let shown = self.shown.as_ref().expect("what is said before there is a state waits for it");
        let offer = &shown.offer;
        let named = (choice.number("section_number"), choice.number("step"));
        let at = (named.0.unwrap_or(offer.section), named.1.unwrap_or(offer.step));
        let found = offer.find(choice).filter(|_| at == (offer.section, offer.step));
        if choice.has_total() || (found.is_none() && choice.text.to_lowercase().contains(ROLLED)) {
            return match self.mode {
                Mode::Strict => Err(Refusal::invalid("fabricated_roll", "The server rolls the dice: choose by the choice's id.")),
                // What the client says the dice have shown is not looked at.
                Mode::Compat => {
                    let mut action = json!({"type": "roll", "section": at.0, "step": at.1});
                    if let Some(table) = found.filter(|offered| offered.is_dice) {
                        action["choice"] = table.id.clone().into();
                    }
                    Ok(self.keyed(choice, at.1, action))
                }
            };
        }
        if let Some(offered) = found {
            return Ok(self.keyed(choice, at.1, offered.action(at)));
        }
        if at != (offer.section, offer.step) {
            // It says itself which section it answers: whether that counted, or is over, is the room's to say.
            let before = self.before.as_ref().filter(|before| (before.section, before.step) == at);
            let action = before.and_then(|before| before.find(choice)).map(|offered| offered.action(at));
            let as_said = || json!({"type": "choose", "section": at.0, "step": at.1, "choice": choice.id});
            return Ok(self.keyed(choice, at.1, action.unwrap_or_else(as_said)));
        }
        match &self.sent {
            // Said again after it had moved the story on.
            Some(sent) if !choice.id.is_empty() && sent.said == said(choice) => Ok(sent.clone()),
            _ if self.before.as_ref().is_some_and(|before| before.find(choice).is_some()) => {
                Err(Refusal::own("illegal", "stale_section", "The story has gone on from where this was a choice."))
            }
            _ => Err(Refusal::own("illegal", "no_such_choice", "There is no such choice here.")),
        }
    }

    /// With the key under which it counts once: the client's own, on whatever connection, or one of this connection for what is
    /// said again. Who chooses otherwise and comes back to the first, as in a vote one may, chooses anew.
    fn keyed(&self, choice: &Choice, step: u64, action: Value) -> Sent {
        let said = said(choice);
        let number = match &self.sent {
            Some(sent) if sent.step == step && sent.action == action => sent.number,
            Some(sent) => sent.number + 1,
            None => 0,
        };
        let mut hash = Sha256::new();
        match choice.key() {
            Some(key) => hash.update(key),
            None => {
                hash.update(self.luck);
                hash.update(format!("{number} {action}"));
            }
        }
        Sent { said, step, action, key: hex(&hash.finalize()), number }
    }
}

fn said(choice: &Choice) -> (String, String) {
    (choice.id.clone(), choice.text.clone())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
