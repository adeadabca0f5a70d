//! What actions do, and people who come and go.

use crate::action::Action;
use crate::event::Event;
use crate::limits::{MARKS, MESSAGES, WRITERS};
use crate::pulse::Ring;
use crate::state::{Chat, Message, Person, Role};
use parlour_room::{Seat, Turn, Who};
use rpds::RedBlackTreeMapSync as Map;
use std::sync::Arc;
use std::time::Duration;

/// The clock that rings when the first who is silenced may speak again.
const MUTE: &str = "mute";

impl Chat {
    pub(crate) fn comes(&mut self, who: Who<'_>, seat: Seat, turn: &mut Turn<Self>) {
        let (user, name) = (who.user.to_owned(), who.name.to_owned());
        let person = Person { user, name, since_ms: turn.now_ms(), is_bot: who.bot };
        self.people.insert_mut(seat, Arc::new(person));
        self.pass_on(turn);
    }

    pub(crate) fn play(&mut self, seat: Seat, action: Action, turn: &mut Turn<Self>) {
        let me = self.people.get(&seat).expect("who acts is here").clone();
        let by = me.user.clone();
        match action {
            Action::Chat { content, reply_to } => self.say(me, content, reply_to, turn),
            Action::Edit { message, content } => self.edit(message, content, turn),
            Action::Delete { message } => self.delete(message, by, turn),
            Action::Read { up_to } => self.read(seat, by, up_to, turn),
            Action::SetRole { user, role } => self.takes_role(user, role, Some(by), turn),
            Action::Kick { user } => {
                turn.tell(Event::Kicked { user: user.clone(), by });
                self.send_away(&user, "kicked", turn);
            }
            Action::Ban { user } => {
                self.banned.insert_mut(user.clone());
                self.invited.as_mut().map(|invited| invited.remove(&user));
                turn.tell(Event::Banned { user: user.clone(), by: by.clone() });
                if self.role_of(&user) != Role::Member {
                    self.takes_role(user.clone(), Role::Member, Some(by), turn);
                }
                self.send_away(&user, "banned", turn);
                turn.send_away(&user, "banned");
            }
            Action::Invite { user } => {
                self.invited.as_mut().map(|invited| invited.insert(user.clone()));
                turn.tell(Event::Invited { user, by });
            }
            Action::Unban { user } => {
                self.banned.remove_mut(&user);
                turn.tell(Event::Unbanned { user, by });
            }
            Action::Mute { user, seconds } => {
                self.muted.insert(user.clone(), turn.now_ms().saturating_add(u64::from(seconds) * 1000));
                turn.tell(Event::Muted { user, seconds, by });
                self.set_mute_clock(turn);
            }
            Action::Unmute { user } => {
                self.muted.remove(&user);
                turn.tell(Event::Unmuted { user, by: Some(by) });
                self.set_mute_clock(turn);
            }
            Action::SlowMode { seconds } => {
                self.slow = seconds;
                if seconds == 0 {
                    self.wrote = Map::default();
                }
                turn.tell(Event::SlowMode { seconds, by });
            }
            Action::SetTopic { text } => {
                self.topic.clone_from(&text);
                turn.tell(Event::TopicChanged { text, by });
            }
        }
    }

    /// Those whose time is over may speak again.
    pub(crate) fn unmute_over(&mut self, turn: &mut Turn<Self>) {
        let now_ms = turn.now_ms();
        let over: Vec<String> =
            self.muted.iter().filter(|(_, until_ms)| **until_ms <= now_ms).map(|(user, _)| user.clone()).collect();
        for user in over {
            self.muted.remove(&user);
            turn.tell(Event::Unmuted { user, by: None });
        }
        self.set_mute_clock(turn);
    }

    fn set_mute_clock(&self, turn: &mut Turn<Self>) {
        match self.muted.values().min() {
            Some(first_ms) => turn.clock(MUTE, Duration::from_millis(first_ms.saturating_sub(turn.now_ms())), Ring::Unmute),
            None => turn.stop_clock(MUTE),
        }
    }

    fn say(&mut self, me: Arc<Person>, content: String, reply_to: Option<u64>, turn: &mut Turn<Self>) {
        let number = turn.next_number();
        self.wrote_now(&me.user, turn.now_ms());
        self.count = self.count.saturating_add(1);
        if self.messages.len() >= MESSAGES {
            self.messages.pop_front();
        }
        let (from, from_name) = (me.user.clone(), me.name.clone());
        self.messages.push_back(Message { number, by: me, reply_to, edits: Vec::new(), is_deleted: false });
        turn.tell(Event::Chat { message: number, from, from_name, content, reply_to, edited: false });
    }

    /// While the room is slow it is remembered who wrote when, for as long as that matters.
    fn wrote_now(&mut self, user: &str, now_ms: u64) {
        if self.slow == 0 || self.role_of(user) > Role::Member {
            return;
        }
        if self.wrote.size() >= WRITERS {
            let slow_ms = u64::from(self.slow) * 1000;
            let is_over = |(_, wrote_ms): &(&String, &u64)| wrote_ms.saturating_add(slow_ms) <= now_ms;
            let over: Vec<String> = self.wrote.iter().filter(is_over).map(|(user, _)| user.clone()).collect();
            for user in over {
                self.wrote.remove_mut(&user);
            }
        }
        if self.wrote.size() >= WRITERS {
            let oldest = self.wrote.iter().min_by_key(|(_, wrote_ms)| **wrote_ms).map(|(user, _)| user.clone());
            oldest.map(|user| self.wrote.remove_mut(&user));
        }
        self.wrote.insert_mut(user.to_owned(), now_ms);
    }

    fn edit(&mut self, number: u64, content: String, turn: &mut Turn<Self>) {
        let edit = turn.next_number();
        let Some(message) = self.message_mut(number) else { return };
        message.edits.push(edit);
        let Person { user: from, name: from_name, .. } = (*message.by).clone();
        let reply_to = message.reply_to;
        turn.tell(Event::Edited { message: number, by: from.clone(), content: content.clone() });
        turn.replace(number, Event::Chat { message: number, from, from_name, content, reply_to, edited: true });
    }

    /// From now on the history tells in its place, and in the place of its changes, that it was taken back.
    fn delete(&mut self, number: u64, by: String, turn: &mut Turn<Self>) {
        let Some(message) = self.message_mut(number) else { return };
        message.is_deleted = true;
        let edits = std::mem::take(&mut message.edits);
        let deleted = Event::Deleted { message: number, by };
        turn.tell(deleted.clone());
        for number in edits.into_iter().chain([number]) {
            turn.replace(number, deleted.clone());
        }
    }

    /// Marks only go forward. Who may know of them is told, and nobody else hears that there was anything.
    fn read(&mut self, seat: Seat, user: String, up_to: u64, turn: &mut Turn<Self>) {
        let marks = self.marks.reveal();
        if marks.get(&user).is_some_and(|mark| *mark >= up_to) {
            return;
        }
        if marks.size() >= MARKS {
            let kept = |person: &Arc<Person>| marks.get(&person.user).map(|mark| (person.user.clone(), *mark));
            *self.marks.reveal_mut() = self.people.values().filter_map(kept).collect();
        }
        self.marks.reveal_mut().insert_mut(user.clone(), up_to);
        let event = Event::Read { user, up_to };
        if self.shares_marks() {
            let seats: Vec<Seat> = self.people.keys().copied().collect();
            turn.tell_some(&seats, event);
        } else {
            turn.tell_only(seat, event);
        }
    }

    fn send_away(&mut self, user: &str, reason: &str, turn: &mut Turn<Self>) {
        if let Some(seat) = self.seat_of(user) {
            self.leaves(seat, turn);
            turn.remove(seat, reason);
        }
    }
}
