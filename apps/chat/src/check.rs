//! What is legal.

use crate::action::Action;
use crate::limits::{BANS, EDITS, INVITED, MUTE_SECONDS, MUTES, ROLES, SLOW_SECONDS, USER_BYTES};
use crate::refusal::Refusal;
use crate::state::{Chat, Message, Role};
use crate::text::{check_content, check_topic};
use parlour_room::Seat;

impl Chat {
    pub(crate) fn check_action(&self, by: Seat, action: &Action) -> Result<(), Refusal> {
        let me = &self.people.get(&by).ok_or(Refusal::NotHere)?.user;
        match action {
            Action::Chat { content, reply_to } => {
                self.may_write(me)?;
                check_content(content)?;
                reply_to.map_or(Ok(()), |message| self.touchable(message).map(drop))
            }
            Action::Edit { message, content } => {
                self.may_write(me)?;
                check_content(content)?;
                let message = self.touchable(*message)?;
                if message.by.user != *me {
                    return Err(Refusal::NotYours);
                }
                if message.edits.len() < EDITS { Ok(()) } else { Err(Refusal::TooManyEdits) }
            }
            Action::Delete { message } => {
                let message = self.touchable(*message)?;
                if message.by.user == *me || self.role_of(me) >= Role::Moderator { Ok(()) } else { Err(Refusal::NotYours) }
            }
            Action::Read { up_to } => {
                if (1..=self.last()).contains(up_to) {
                    Ok(())
                } else {
                    Err(Refusal::NoSuchMessage)
                }
            }
            Action::SetRole { user, role } => self.may_set_role(me, user, *role),
            Action::Kick { user } => {
                self.may_discipline(me, user)?;
                self.seat_of(user).map(drop).ok_or(Refusal::NotHere)
            }
            Action::Ban { user } => {
                self.may_discipline(me, user)?;
                if user.is_empty() || user.len() > USER_BYTES {
                    return Err(Refusal::NotHere);
                }
                if self.banned.size() < BANS || self.banned.contains(user) { Ok(()) } else { Err(Refusal::TooMany) }
            }
            Action::Invite { user } => {
                self.is_moderator(me)?;
                let invited = self.invited.as_ref().ok_or(Refusal::NotPrivate)?;
                if user.is_empty() || user.len() > USER_BYTES {
                    return Err(Refusal::NotHere);
                }
                if invited.len() < INVITED || invited.contains(user) { Ok(()) } else { Err(Refusal::TooMany) }
            }
            Action::Unban { user } => {
                self.is_moderator(me)?;
                if self.banned.contains(user) { Ok(()) } else { Err(Refusal::NotBanned) }
            }
            Action::Mute { user, seconds } => {
                self.may_discipline(me, user)?;
                if !(1..=MUTE_SECONDS).contains(seconds) {
                    return Err(Refusal::BadSeconds { least: 1, most: MUTE_SECONDS });
                }
                self.seat_of(user).ok_or(Refusal::NotHere)?;
                if self.muted.len() < MUTES || self.muted.contains_key(user) { Ok(()) } else { Err(Refusal::TooMany) }
            }
            Action::Unmute { user } => {
                self.is_moderator(me)?;
                if self.muted.contains_key(user) { Ok(()) } else { Err(Refusal::NotMuted) }
            }
            Action::SlowMode { seconds } => {
                self.is_moderator(me)?;
                if *seconds <= SLOW_SECONDS { Ok(()) } else { Err(Refusal::BadSeconds { least: 0, most: SLOW_SECONDS }) }
            }
            Action::SetTopic { text } => {
                self.is_moderator(me)?;
                check_topic(text)
            }
        }
    }

    /// What is legal in a while, and when.
    pub(crate) fn check_time(&self, by: Seat, action: &Action, now_ms: u64) -> Result<(), Refusal> {
        let Some(person) = self.people.get(&by) else { return Ok(()) };
        let writes = matches!(action, Action::Chat { .. } | Action::Edit { .. });
        if let Some(until_ms) = self.muted.get(&person.user).filter(|_| writes) {
            return Err(Refusal::Muted { retry_after_ms: until_ms.saturating_sub(now_ms).max(1) });
        }
        let says = matches!(action, Action::Chat { .. }) && self.role_of(&person.user) == Role::Member;
        let wrote_ms = self.wrote.get(&person.user).filter(|_| says && self.slow > 0);
        let again_ms = wrote_ms.map_or(0, |wrote_ms| wrote_ms.saturating_add(u64::from(self.slow) * 1000));
        if again_ms > now_ms { Err(Refusal::SlowMode { retry_after_ms: again_ms - now_ms }) } else { Ok(()) }
    }

    fn may_write(&self, me: &str) -> Result<(), Refusal> {
        // When that is over is known where the time is; see `check_time`.
        if self.muted.contains_key(me) { Err(Refusal::Muted { retry_after_ms: 1000 }) } else { Ok(()) }
    }

    /// A message that is there and can still be touched.
    fn touchable(&self, number: u64) -> Result<&Message, Refusal> {
        match self.message(number) {
            Some(message) if message.is_deleted => Err(Refusal::WasDeleted),
            Some(message) => Ok(message),
            None if (1..self.oldest()).contains(&number) => Err(Refusal::TooOld),
            None => Err(Refusal::NoSuchMessage),
        }
    }

    fn is_moderator(&self, me: &str) -> Result<(), Refusal> {
        if self.role_of(me) >= Role::Moderator { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    fn may_discipline(&self, me: &str, user: &str) -> Result<(), Refusal> {
        self.is_moderator(me)?;
        if self.role_of(user) < self.role_of(me) && user != me { Ok(()) } else { Err(Refusal::NotBelowYou) }
    }

    fn may_set_role(&self, me: &str, user: &str, role: Role) -> Result<(), Refusal> {
        if self.role_of(me) < Role::Owner {
            return Err(Refusal::NotAllowed);
        }
        let before = self.role_of(user);
        if before == Role::Member && self.seat_of(user).is_none() {
            return Err(Refusal::NotHere);
        }
        let has_another = self.owners().any(|owner| owner != user);
        if before == Role::Owner && role != Role::Owner && !has_another {
            return Err(Refusal::LastOwner);
        }
        let is_one_more = before == Role::Member && role != Role::Member;
        if is_one_more && self.roles.len() >= ROLES { Err(Refusal::TooMany) } else { Ok(()) }
    }
}
