//! What an action told its own actor, for who wants it with the answer: "stream (numbered)", once more.

use crate::dialect::native_out::OwnEvents;
use parlour_room::stream::{Heard, Told};
use parlour_room::{AnyTable, Viewer};

/// Who acts, as the room knew them before: the action may cost them their seat.
pub(super) struct Actor<'a> {
    asks: bool,
    user: &'a str,
    /// With the beginning of their tenure.
    viewer: Option<(Viewer, u64)>,
}

impl<'a> Actor<'a> {
    /// `asks`: whether they want to know what their action tells them.
    pub(super) fn of(asks: bool, table: &dyn AnyTable, user: &'a str) -> Self {
        let member = if asks { table.about().members.get(user) } else { None };
        Self { asks, user, viewer: member.map(|member| (Viewer::Seat(member.seat), member.since_order)) }
    }

    /// What the action told just now.
    pub(super) fn hears(&self, told: &[Told]) -> OwnEvents {
        match self.viewer {
            _ if !self.asks => OwnEvents::Unasked,
            Some((viewer, since)) => OwnEvents::Told(Heard::of(told, viewer, since)),
            None => OwnEvents::Gone,
        }
    }

    /// What it told them when it was played, under this id.
    pub(super) fn heard_before(&self, table: &dyn AnyTable, id: Option<&str>) -> OwnEvents {
        if !self.asks {
            return OwnEvents::Unasked;
        }
        id.and_then(|id| table.told_by(self.user, id)).map_or(OwnEvents::Gone, OwnEvents::Told)
    }
}
