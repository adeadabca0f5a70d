//! What the rules reveal: where the viewer is told a card they could not see before, and what is left of a message without it.

use parlour_room::Viewer;
use serde_json::{Value, json};

/// Whether this message tells the viewer of cards that were hidden from them.
pub fn is_reveal(text: &str, viewer: Viewer) -> bool {
    let Some(kind) = kind(text) else { return false };
    match kind {
        "drew" | "looked" | "peeked" => text.contains("\"cards\":["),
        "revealed" => true,
        "discarded" => viewer.seat().is_none_or(|seat| !text.contains(&format!("\"seat\":{seat},"))),
        _ => false,
    }
}

/// A message without the cards that a reveal may have put into it; their number stays.
pub fn blind(text: &str) -> String {
    let Some(kind @ ("drew" | "looked" | "peeked" | "revealed" | "discarded" | "view")) = kind(text) else {
        return text.to_owned();
    };
    let mut message: Value = serde_json::from_str(text).expect("JSON");
    let payload = &mut message["payload"];
    if kind == "view" {
        payload["you"].as_object_mut().into_iter().flat_map(|you| you.values_mut()).for_each(count);
        for side in payload["sides"].as_array_mut().expect("two sides") {
            ["discard", "bench", "active"].into_iter().for_each(|place| count(&mut side[place]));
        }
    } else {
        ["cards", "card", "active", "bench"].into_iter().for_each(|field| payload.get_mut(field).into_iter().for_each(count));
    }
    message.to_string()
}

fn kind(text: &str) -> Option<&str> {
    text.strip_prefix("{\"v\":1,\"type\":\"")?.split('"').next()
}

/// Leaves of a list its length, and of a card that it is one.
fn count(value: &mut Value) {
    match value {
        Value::Array(list) => *value = json!(list.len()),
        Value::Object(_) => *value = json!("a card"),
        _ => {}
    }
}
