//! A short list of what one may do now, for bots and tests.

use crate::action::Action;
use crate::state::{Chat, Role};
use parlour_room::Seat;

impl Chat {
    pub(crate) fn legal_actions(&self, by: Seat) -> Vec<Action> {
        let Some(me) = self.people.get(&by) else { return Vec::new() };
        let role = self.role_of(&me.user);
        let mut actions = Vec::new();
        // When a slow room lets one write again, only the clock says.
        let is_slow = self.slow > 0 && role == Role::Member && self.wrote.contains_key(&me.user);
        if !self.muted.contains_key(&me.user) && !is_slow {
            let reply_to = self.messages.back().filter(|message| !message.is_deleted).map(|message| message.number);
            actions.push(Action::Chat { content: "Hello!".to_owned(), reply_to });
        }
        if self.last() > 0 {
            actions.push(Action::Read { up_to: self.last() });
        }
        let own = self.messages.iter().rev().find(|message| !message.is_deleted && message.by.user == me.user);
        actions.extend(own.map(|message| Action::Delete { message: message.number }));
        if role >= Role::Moderator {
            actions.extend(self.muted.keys().next().map(|user| Action::Unmute { user: user.clone() }));
            actions.extend(self.banned.first().map(|user| Action::Unban { user: user.clone() }));
        }
        actions
    }
}
