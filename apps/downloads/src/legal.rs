//! What a member may do now: what was suggested, and what changes something. Nobody's own addresses are listed.

use crate::action::Action;
use crate::item::Status;
use crate::state::Downloads;
use parlour_room::Seat;

impl Downloads {
    pub(crate) fn legal_actions(&self, by: Seat) -> Vec<Action> {
        if !self.members.contains(&by) {
            return Vec::new();
        }
        let has = |url: &str| self.items.iter().any(|item| item.target.reveal().url == url);
        let suggested = self.suggestions.iter().filter(|suggestion| !has(&suggestion.url)).map(|suggestion| suggestion.action());
        let queue = [
            Action::Start {},
            Action::Pause { id: None },
            Action::Resume { id: None },
            Action::Stop { id: None },
            Action::Scan {},
            Action::CancelScan {},
            Action::Clear {},
        ];
        let single = self.items.iter().flat_map(|item| {
            let (id, some) = (item.id.clone(), Some(item.id.clone()));
            let remove = Action::Remove { id: id.clone() };
            match item.status {
                Status::Pending | Status::Active => vec![Action::Pause { id: some.clone() }, Action::Stop { id: some }, remove],
                Status::Paused => vec![Action::Resume { id: some.clone() }, Action::Stop { id: some }, remove],
                Status::Failed | Status::Cancelled => vec![Action::Retry { id }, remove],
                Status::Completed => vec![remove],
            }
        });
        let reorder =
            self.items.last().filter(|_| self.items.len() > 1).map(|last| Action::Reorder { ids: vec![last.id.clone()] });
        let all = suggested.chain(queue).chain(single).chain(reorder);
        all.filter(|action| self.check_action(action).is_ok()).collect()
    }
}
