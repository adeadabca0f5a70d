//! What a client knows of the room it follows: the view as it stands, and how far it has heard.

use parlour_engine::patch::apply::apply;
use parlour_room::Position;
use serde_json::Value;

/// The client's side of one room.
#[derive(Default)]
pub(crate) struct Mirror {
    pub(crate) view: Value,
    /// How far everything was heard: where to go on after the line was cut.
    at: Option<Position>,
    /// The number of the view; `None` while there is none that a patch could change.
    p: Option<u64>,
}

/// What a frame was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The view is another one.
    View,
    /// A patch does not fit the view: only joining again brings a whole one.
    Lost,
    /// An event of the room's own.
    Event,
    /// Anything else.
    Other,
}

impl Mirror {
    /// A mirror that goes on where an earlier one ended.
    pub(crate) fn after(at: Option<Position>) -> Self {
        Self { at, ..Self::default() }
    }

    /// What `join_room` is given as `after`.
    pub(crate) fn position(&self) -> Option<String> {
        self.at.as_ref().map(Position::to_string)
    }

    pub(crate) fn take(&mut self, frame: &Value) -> News {
        match frame["type"].as_str().unwrap_or_default() {
            "view" => {
                self.at = frame["at"].as_str().and_then(Position::parse);
                (self.view, self.p) = (frame["payload"].clone(), frame["p"].as_u64());
                News::View
            }
            "patch" => {
                // Without a view there is none to change: a whole one is under way.
                let Some(p) = self.p.take() else { return News::Other };
                let ops = serde_json::from_value(frame["payload"]["ops"].clone()).ok();
                if frame["p"] != p + 1 || ops.and_then(|ops| apply(&mut self.view, ops)).is_none() {
                    return News::Lost;
                }
                self.p = Some(p + 1);
                News::View
            }
            "ack" | "pong" | "room_update" | "connected" | "user_joined" | "user_left" | "closing" | "moved" | "error"
            | "topic" => News::Other,
            _ => {
                // Each number is of its own stream and stands on the frames of that stream alone.
                if let Some(at) = &mut self.at {
                    at.n = frame["n"].as_u64().unwrap_or(at.n);
                    at.m = frame["m"].as_u64().or(at.m);
                }
                News::Event
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_position_grows_with_every_event_heard() {
        let mut mirror = Mirror::default();
        assert_eq!(mirror.take(&json!({"type": "attacked", "n": 9})), News::Event);
        assert_eq!(mirror.position(), None, "an event before any view says nothing of what came before it");
        assert_eq!(mirror.take(&json!({"type": "view", "at": "k3f9a2c1.12.3", "p": 1, "payload": {"hp": 60}})), News::View);
        mirror.take(&json!({"type": "attacked", "n": 13}));
        mirror.take(&json!({"type": "drawn", "m": 4}));
        assert_eq!(mirror.position().as_deref(), Some("k3f9a2c1.13.4"));
    }

    #[test]
    fn a_lost_patch_is_noticed_and_those_after_it_are_left_alone() {
        let mut mirror = Mirror::default();
        mirror.take(&json!({"type": "view", "at": "k3f9a2c1.12.3", "p": 1, "payload": {"hp": 60}}));
        let patch = |p| json!({"type": "patch", "p": p, "payload": {"ops": [{"op": "replace", "path": "/hp", "value": p}]}});
        assert_eq!((mirror.take(&patch(2)), mirror.view.clone()), (News::View, json!({"hp": 2})));
        assert_eq!(mirror.take(&patch(4)), News::Lost);
        assert_eq!((mirror.take(&patch(5)), mirror.view.clone()), (News::Other, json!({"hp": 2})));
    }
}
