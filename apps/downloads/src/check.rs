//! What is legal.

use crate::action::{Action, Id};
use crate::item::{Item, Status};
use crate::limits::{ITEMS, TEXT_BYTES, UNTIDY};
use crate::refusal::Refusal;
use crate::rules;
use crate::state::{Downloads, Known, QueueState};
use parlour_room::Hash64;
use std::collections::BTreeSet;

impl Downloads {
    pub(crate) fn check_action(&self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::Add { .. } => self.check_add(action),
            Action::Remove { id } => {
                self.known_item(id)?;
                self.check_tidy(1)
            }
            Action::Clear {} => match self.items.iter().filter(|item| item.status.is_finished()).count() {
                0 => Err(Refusal::NothingFinished {}),
                count => self.check_tidy(count),
            },
            Action::Pause { id: Some(id) } => self.in_status(id, |status| matches!(status, Status::Pending | Status::Active)),
            Action::Resume { id: Some(id) } => self.in_status(id, |status| status == Status::Paused),
            Action::Stop { id: Some(id) } => self.in_status(id, |status| !status.is_finished()),
            Action::Retry { id } => self.in_status(id, |status| matches!(status, Status::Failed | Status::Cancelled)),
            Action::Pause { id: None } => match self.queue {
                QueueState::Running => Ok(()),
                QueueState::Paused => Err(Refusal::AlreadyPaused {}),
                QueueState::Stopped => Err(Refusal::NotRunning {}),
            },
            Action::Resume { id: None } => held(self.queue == QueueState::Paused, Refusal::NotPaused {}),
            Action::Stop { id: None } => held(self.queue != QueueState::Stopped, Refusal::AlreadyStopped {}),
            Action::Start {} => held(self.queue != QueueState::Running, Refusal::AlreadyRunning {}),
            Action::Reorder { ids } => {
                let distinct: BTreeSet<&Id> = ids.iter().collect();
                held(!ids.is_empty() && ids.len() <= ITEMS && distinct.len() == ids.len(), Refusal::BadOrder {})?;
                ids.iter().try_for_each(|id| self.known_item(id).map(drop))
            }
            Action::Settings { parallel: None, speed_limit_bytes_s: None } => Err(Refusal::NothingToSet {}),
            Action::Settings { parallel, speed_limit_bytes_s } => {
                parallel.map_or(Ok(()), rules::parallel)?;
                speed_limit_bytes_s.map_or(Ok(()), rules::speed)
            }
            Action::Scan {} => held(self.scanning_since.is_none(), Refusal::AlreadyScanning {}),
            Action::CancelScan {} => held(self.scanning_since.is_some(), Refusal::NotScanning {}),
        }
    }

    fn check_add(&self, action: &Action) -> Result<(), Refusal> {
        let target = rules::target(action)?;
        if let Some(known) = self.known(action) {
            return held(known.asked == asked(action), Refusal::ClientIdUsed {});
        }
        let path = target.path();
        // On some disks names that differ only in case are one.
        let is_same = |item: &Item| item.target.reveal().path().to_lowercase() == path.to_lowercase();
        if self.items.iter().any(|item| !is_given_up(item.status) && is_same(item)) {
            return Err(Refusal::PathTaken {});
        }
        let Action::Add { key, client_id, .. } = action else { return Ok(()) };
        let text = self.items.iter().map(Item::text_bytes).sum::<usize>();
        let more = target.text_bytes() + key.len() + client_id.as_ref().map_or(0, String::len);
        held(self.items.len() < ITEMS && text + more <= TEXT_BYTES, Refusal::QueueFull {})
    }

    /// What was asked before with the id that the client gave.
    pub(crate) fn known(&self, action: &Action) -> Option<&Known> {
        let Action::Add { client_id: Some(client_id), .. } = action else { return None };
        self.known.iter().find(|known| known.client_id == *client_id)
    }

    fn known_item(&self, id: &Id) -> Result<&Item, Refusal> {
        self.item(id).ok_or(Refusal::NoSuchDownload {})
    }

    fn in_status(&self, id: &Id, fits: impl Fn(Status) -> bool) -> Result<(), Refusal> {
        let item = self.known_item(id)?;
        held(fits(item.status), Refusal::WrongStatus { status: item.status })?;
        // Who tries again may find that the file's name was given to another meanwhile.
        let is_same = |other: &&Item| other.id != item.id && other.target.reveal().path() == item.target.reveal().path();
        let is_taken = self.items.iter().filter(is_same).any(|other| !is_given_up(other.status));
        held(!is_given_up(item.status) || !is_taken, Refusal::PathTaken {})
    }

    fn check_tidy(&self, count: usize) -> Result<(), Refusal> {
        held(self.untidy.len() + count <= UNTIDY, Refusal::StillTidying {})
    }
}

/// Whether nothing of it is in the library, nor will be by itself.
fn is_given_up(status: Status) -> bool {
    matches!(status, Status::Failed | Status::Cancelled)
}

/// The hash of an action as JSON, by which it is known again: it is kept, so it depends on nothing but the protocol.
pub(crate) fn asked(action: &Action) -> Hash64 {
    Hash64::of(&serde_json::to_vec(action).expect("an action came as JSON"))
}

fn held(holds: bool, or: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(or) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_known_by_its_json() {
        let json = r#"{"type":"add","url":"http://a/b","key":"k","folder":null,"name":"n","sha256":null,"client_id":"c"}"#;
        let action: Action = serde_json::from_str(json).unwrap();
        assert_eq!(asked(&action), Hash64::of(serde_json::to_string(&action).unwrap().as_bytes()));
        assert_eq!(asked(&action).to_string(), "f44fec99e9cf827c");
    }
}
