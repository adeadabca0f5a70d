//! The state of a game as clients of the dialect know it, made of the view of its room.

use super::Mode;
use super::names::{AWAITING, NEXT_ACTIONS, VIEW_FIELDS, called};
use crate::dialect::native_out;
use serde_json::{Value, json};

/// What a state says beside what is in the view.
pub(super) struct About<'a> {
    pub(super) game: &'a str,
    pub(super) session: &'a str,
    pub(super) opened_ms: u64,
    pub(super) mode: Mode,
}

/// Whether this is a view of a quest.
pub(super) fn is_quest(view: &Value) -> bool {
    VIEW_FIELDS.iter().all(|field| view.get(field).is_some())
}

/// Whether the narrator is at work.
pub(super) fn is_narrating(view: &Value) -> bool {
    view["narrative"]["narrating"] == true
}

impl About<'_> {
    pub(super) fn state(&self, view: &Value, seq: u64) -> Value {
        let section = &view["section"]["number"];
        json!({
            "type": "state",
            "seq": seq,
            "session_id": self.session,
            "game_id": self.game,
            "section_number": section,
            "narrative": self.narrative(&view["narrative"]),
            "rules": self.rules(view),
            "decision": self.decision(view),
            "trace": self.trace(view),
            "character": view["character"],
            "metadata": {
                "book": view["book"],
                "title": view["section"]["title"],
                "step": view["step"],
                "party": view["party"],
                "ending": view["ending"],
                "stopped": view["stopped"],
            },
            "should_continue": view["over"] != true,
            "error": null,
        })
    }

    fn narrative(&self, narrative: &Value) -> Value {
        let at = self.time(&narrative["at_ms"]);
        json!({
            "section_number": narrative["section"],
            "content": narrative["content"],
            "source_type": narrative["source"],
            "error": narrative["error"]["message"],
            "error_code": narrative["error"]["code"],
            "narrating": narrative["narrating"],
            "timestamp": at,
            "last_update": at,
        })
    }

    fn rules(&self, view: &Value) -> Value {
        let rules = &view["rules"];
        let choices = rules["choices"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(choice);
        json!({
            "section_number": rules["section"],
            "dice_type": rules["dice"],
            "needs_dice": rules["needs_dice"],
            "needs_user_response": rules["needs_response"],
            "next_action": called(&NEXT_ACTIONS, rules.get("next_action")),
            "conditions": rules["conditions"],
            "choices": choices.collect::<Vec<_>>(),
            "rules_summary": rules["summary"],
            "error": null,
            "source": view["book"],
            "source_type": "processed",
            "last_update": self.last(view, &["section_change", "restart"]),
        })
    }

    fn decision(&self, view: &Value) -> Value {
        let (decision, rules) = (&view["decision"], &view["rules"]);
        json!({
            "section_number": decision["section"],
            "next_section": decision["last"]["to"],
            "player_input": decision["last"]["text"],
            "error": null,
            "awaiting_action": called(&AWAITING, decision.get("awaiting")),
            "conditions": rules["conditions"],
            "timestamp": self.last(view, &["section_change", "restart", "user_input", "dice_roll", "vote_decided"]),
            "next_action": called(&NEXT_ACTIONS, rules.get("next_action")),
            "last": decision["last"],
        })
    }

    fn trace(&self, view: &Value) -> Value {
        let entry = |entry: &Value| {
            json!({
                "timestamp": self.time(&entry["at_ms"]),
                "section": entry["section"],
                "step": entry["step"],
                "action_type": entry["action_type"],
                "details": entry["details"],
            })
        };
        json!({
            "game_id": self.game,
            "session_id": self.session,
            "section_number": view["trace"]["section"],
            "start_time": self.time(&0.into()),
            "history": history(view).iter().map(entry).collect::<Vec<_>>(),
        })
    }

    /// When one of these happened last.
    fn last(&self, view: &Value, types: &[&str]) -> Value {
        let is_one = |entry: &&Value| entry["action_type"].as_str().is_some_and(|kind| types.contains(&kind));
        self.time(history(view).iter().rev().find(is_one).map_or(&view["narrative"]["at_ms"], |entry| &entry["at_ms"]))
    }

    /// A moment of the room's time, as the clock on the wall had it: in compat without its zone, which is UTC.
    pub(super) fn time(&self, at_ms: &Value) -> Value {
        let Some(at_ms) = at_ms.as_u64() else { return Value::Null };
        let mut text = Vec::with_capacity(24);
        native_out::timestamp(&mut text, self.opened_ms.saturating_add(at_ms));
        let text = String::from_utf8_lossy(&text);
        match self.mode {
            Mode::Strict => text.into(),
            Mode::Compat => text.trim_end_matches('Z').into(),
        }
    }
}

fn choice(choice: &Value) -> Value {
    let results = choice["results"].as_object().filter(|results| !results.is_empty());
    json!({
        "id": choice["id"],
        "text": choice["text"],
        "type": choice["type"],
        "target_section": choice["target"],
        "conditions": choice["conditions"],
        "dice_type": choice["dice"],
        "dice_results": results,
        "open": choice["open"],
    })
}

fn history(view: &Value) -> &[Value] {
    view["trace"]["history"].as_array().map(Vec::as_slice).unwrap_or_default()
}
