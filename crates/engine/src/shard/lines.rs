//! The lines to the other shards: requests that are sent on, answers that come back, and what the connections of others are told.

use super::Shard;
use super::requests::{Asker, Asking};
use crate::code::Code;
use crate::command::Command;
use crate::dialect::native_out as say;
use crate::forward::{Body, Line, Notices, Packet, Parcel, Request, ShardId, Sort, What, home};
use crate::framing::websocket;
use crate::io::{ConnId, Now, Output};
use crate::session::{Phase, Session};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// This shard's ends of all lines, and what it waits for.
pub(super) struct Lines {
    /// By shard; the one to itself is never used.
    lines: Vec<Line>,
    /// What this turn has to tell the connections of each shard.
    notices: Vec<Notices>,
    /// Requests that were sent on and are not answered.
    unanswered: BTreeMap<(ConnId, u64), Unanswered>,
    /// Connections of other shards that lost track of a room that is here, until they are shown it anew.
    lost: BTreeSet<(ConnId, Arc<str>)>,
}

struct Unanswered {
    until_ms: u64,
    reference: Option<String>,
    /// The room it is about; of a request for any room the one that was found, once that is known.
    room: Arc<str>,
    wish: Wish,
    whose: Whose,
}

/// What a request does to whether its connection follows the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// Nothing.
    Neither,
    /// It joins.
    Joins,
    /// It no longer follows.
    Leaves,
    /// It asks for any room, and none is known to be found.
    Seeks,
    /// It asked for any room and follows this one, which the connection followed before or not.
    Found { before: bool },
}

impl Wish {
    fn of(command: &Command<'_>) -> Self {
        match command {
            Command::Join { .. } => Wish::Joins,
            Command::Unsubscribe(_) => Wish::Leaves,
            Command::Find(_) => Wish::Seeks,
            _ => Wish::Neither,
        }
    }

    /// Whether it is about this room in particular, and decides.
    fn decides(self) -> bool {
        matches!(self, Wish::Joins | Wish::Leaves | Wish::Found { .. })
    }

    fn is_find(self) -> bool {
        matches!(self, Wish::Seeks | Wish::Found { .. })
    }
}

/// Who asked something of a room elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A client.
    Clients,
    /// This shard, for a connection.
    Ours,
}

/// Where the frames of one draft lie in the notices to each shard: each is sent once, however many get it.
pub(super) type SentOnce = BTreeMap<(ShardId, usize), Range<usize>>;

impl Lines {
    pub(super) fn new(shards: u16) -> Self {
        let count = usize::from(shards.max(1));
        let lines = std::iter::repeat_with(Line::default).take(count).collect();
        let notices = std::iter::repeat_with(Notices::default).take(count).collect();
        Self { lines, notices, unanswered: BTreeMap::new(), lost: BTreeSet::new() }
    }

    /// Whether a client waits for another shard.
    pub(super) fn awaits_answers(&self) -> bool {
        self.unanswered.values().any(|waits| waits.whose == Whose::Clients)
    }

    /// A frame that is framed already. When so much as the limit is on its way, news is not added to it: whose they are is told
    /// once that they lost track.
    pub(super) fn tell(
        &mut self,
        to: ShardId,
        room: &Arc<str>,
        bytes: &[u8],
        parcel: crate::hall::Parcel,
        sent: &mut SentOnce,
        limit: usize,
    ) {
        let crate::hall::Parcel { conn, number, frame, sort } = parcel;
        let key = (conn, room.clone());
        match sort {
            Sort::News if self.lost.contains(&key) => return,
            Sort::News if self.lines[usize::from(to.0)].bytes() + self.notices[usize::from(to.0)].bytes.len() >= limit => {
                self.lost.insert(key);
                let what = What::Lost(room.clone());
                return self.notices[usize::from(to.0)].parcels.push(Parcel { conn, what });
            }
            Sort::Welcome => drop(self.lost.remove(&key)),
            Sort::News | Sort::Answer | Sort::Anew | Sort::Passing => {}
        }
        let notices = &mut self.notices[usize::from(to.0)];
        if number > 0 && sort == Sort::Welcome {
            notices.parcels.push(Parcel { conn, what: What::Welcomed(room.clone()) });
        }
        if frame.is_empty() {
            return notices.parcels.push(Parcel { conn, what: What::Handled(number) });
        }
        let at = sent.entry((to, frame.start)).or_insert_with(|| {
            let from = notices.bytes.len();
            notices.bytes.extend_from_slice(&bytes[frame]);
            from..notices.bytes.len()
        });
        let at = at.clone();
        let what = if number > 0 { What::Answer(number, at) } else { What::Frame(room.clone(), sort, at) };
        notices.parcels.push(Parcel { conn, what });
    }

    /// An answer that no room is the source of.
    pub(super) fn tell_text(&mut self, to: ShardId, conn: ConnId, number: u64, text: &[u8]) {
        let notices = &mut self.notices[usize::from(to.0)];
        let from = notices.bytes.len();
        websocket::write_text(&mut notices.bytes, text);
        let at = from..notices.bytes.len();
        notices.parcels.push(Parcel { conn, what: What::Answer(number, at) });
    }

    /// The weight of what the other shards may not have heard.
    pub(super) fn unheard(&self) -> usize {
        self.lines.iter().map(Line::bytes).sum()
    }

    /// Asks the room's home to show it anew.
    pub(super) fn ask_anew(&mut self, to: ShardId, conn: ConnId, room: Arc<str>, now_ms: u64, patience_ms: u64) {
        self.line(to).say(Body::Anew(conn, room), now_ms, patience_ms);
    }

    /// Says something that waits for no answer.
    pub(super) fn say(&mut self, to: ShardId, body: Body, now_ms: u64, patience_ms: u64) {
        self.line(to).say(body, now_ms, patience_ms);
    }

    /// A connection of another shard is shown a room anew, or follows it no longer.
    pub(super) fn is_found_again(&mut self, conn: ConnId, room: &Arc<str>) {
        self.lost.remove(&(conn, room.clone()));
    }

    fn line(&mut self, to: ShardId) -> &mut Line {
        &mut self.lines[usize::from(to.0)]
    }
}

impl Shard {
    pub(super) fn is_home_of(&self, room: &str) -> bool {
        self.settings.place.is_home_of(room)
    }

    /// Sends a request to the home of the room it is about.
    pub(super) fn send_on(&mut self, asker: &Asker, room: &str, command: &Command<'_>, text: &str, now: Now) {
        let wish = Wish::of(command);
        let settings = self.settings.clone();
        let is_full = self.lines.line(home(room, settings.place.shards)).bytes() >= settings.limits.forward_bytes;
        let unanswered = self.session(asker.conn).map_or(0, |session| session.unanswered);
        if is_full || unanswered >= settings.limits.forwarded_per_connection {
            return self.fail(asker.conn, 0, asker.reference.as_deref(), Code::TooManyWaiting);
        }
        if matches!(wish, Wish::Joins | Wish::Seeks) && self.follows_enough(asker.conn, room) {
            return self.fail(asker.conn, 0, asker.reference.as_deref(), Code::TooManyFollowed);
        }
        self.say_on(asker, Whose::Clients, room.into(), wish, text.to_owned(), now);
    }

    /// Whether a connection follows as many rooms as it may, those counted that it has asked for. A stand-in could not say: it
    /// knows only the rooms of its shard.
    pub(super) fn follows_enough(&self, conn: ConnId, room: &str) -> bool {
        let Some(session) = self.places.get(&conn).and_then(|place| self.sessions[*place].as_ref()) else { return false };
        let limit = self.settings.limits.rooms_per_connection;
        if session.follows.len() + session.elsewhere.len() + session.unanswered < limit {
            return false;
        }
        let mut rooms: BTreeSet<&str> = session.elsewhere.keys().map(|room| &**room).collect();
        let mut finds = 0;
        for waits in self.lines.unanswered.range((conn, 0)..=(conn, u64::MAX)).map(|(_, waits)| waits) {
            match waits.wish {
                Wish::Seeks | Wish::Found { .. } => finds += 1,
                Wish::Joins => drop(rooms.insert(&waits.room)),
                Wish::Leaves => drop(rooms.remove(&*waits.room)),
                Wish::Neither => {}
            }
        }
        !rooms.contains(room) && session.follows.len() + rooms.len() + finds >= limit
    }

    fn say_on(&mut self, asker: &Asker, whose: Whose, room: Arc<str>, wish: Wish, text: String, now: Now) -> u64 {
        let settings = self.settings.clone();
        let limits = &settings.limits;
        let to = home(&room, settings.place.shards);
        let session = self.session(asker.conn).expect("whoever asks has a session");
        session.unanswered += 1;
        session.sent_on += 1;
        session.stand_ins.insert(to);
        let (number, entropy, purse) = (session.sent_on, session.luck(), session.purse.clone());
        let address = self.limiter.address_of(&purse);
        // The line loses nothing: what the shard itself asks is done before what is asked after it, however late.
        let patience_ms = if whose == Whose::Clients { limits.forward_ms } else { u64::MAX };
        let until_ms = now.mono_ms.saturating_add(patience_ms);
        let (reference, room_asked) = (asker.reference.clone(), room.clone());
        let waits = Unanswered { until_ms, reference, room: room_asked, wish, whose };
        self.lines.unanswered.insert((asker.conn, number), waits);
        let request = Request { conn: asker.conn, number, who: asker.who.clone(), address, entropy, room, text };
        self.lines.line(to).say(Body::Request(request), now.mono_ms, limits.forward_again_ms);
        number
    }

    /// What a client of this shard wants is wanted of all shards; it is answered here.
    pub(super) fn tell_all_shards(&mut self, asker: &Asker, text: &str, now: Now) {
        let place = self.settings.place;
        if asker.number > 0 {
            return;
        }
        for to in (0..place.shards).map(ShardId).filter(|to| *to != place.shard) {
            let names = (0_u32..).map(|number| format!("at-{number}"));
            let name = names.into_iter().find(|name| home(name, place.shards) == to).expect("some name lives there");
            let asker = Asker { reference: None, ..asker.clone() };
            self.say_on(&asker, Whose::Ours, name.into(), Wish::Neither, text.to_owned(), now);
        }
    }

    pub(super) fn forwarded(&mut self, from: ShardId, packet: &Packet, now: Now) {
        let patience_ms = self.settings.limits.forward_again_ms;
        let Some(body) = self.lines.line(from).hear(packet, now.mono_ms, patience_ms) else { return };
        match &*body {
            Body::Request(request) => self.is_asked(from, request, now),
            Body::Gone(conn) => self.closed(*conn),
            Body::Anew(conn, room) => self.is_to_show_anew(*conn, room, now),
            Body::Notices(notices) => self.is_told(notices, now),
            Body::Holds(..) | Body::HoldsNot(..) | Body::Replaced(_) => self.hears_who_holds(from, &body),
        }
    }

    /// A connection of another shard asks something of a room that is here.
    fn is_asked(&mut self, from: ShardId, request: &Request, now: Now) {
        if self.session(request.conn).is_none() {
            let mut session = Session::standing_in(from, request, now.mono_ms, &self.settings.limits);
            self.limiter.arrive(&mut session.purse, request.address);
            self.seat_session(session);
        }
        if let Some(session) = self.session(request.conn) {
            // By a newer token they may be allowed more, or less.
            session.who = Some(request.who.clone());
        }
        let asking = Asking { text: &request.text, number: request.number, room: Some(&request.room), found: None };
        self.request(request.conn, asking, now);
    }

    /// What rooms elsewhere have to say to connections that are here.
    fn is_told(&mut self, notices: &Notices, now: Now) {
        for Parcel { conn, what } in &notices.parcels {
            let frame = match what {
                What::Frame(room, sort, frame) => {
                    let place = self.places.get(conn).copied();
                    if let Some(place) =
                        place.filter(|_| self.session(*conn).is_some_and(|session| !session.deaf.contains_key(room)))
                    {
                        self.queue(place, room, *sort, &notices.bytes[frame.clone()]);
                    }
                    None
                }
                What::Welcomed(room) => {
                    if let Some(place) = self.places.get(conn).copied() {
                        self.queue(place, room, Sort::Welcome, b"");
                    }
                    None
                }
                // An answer that comes after its time was given another one instead.
                What::Answer(number, frame) => (self.is_answered(*conn, *number, now) == Some(Whose::Clients)).then_some(frame),
                What::Handled(number) => {
                    self.is_answered(*conn, *number, now);
                    None
                }
                What::Follows(room, number) => {
                    self.follows_elsewhere(*conn, room, *number, now);
                    None
                }
                What::Lost(room) => {
                    if self.session(*conn).is_some_and(|session| !session.deaf.contains_key(room)) {
                        self.lost_on_the_way(*conn, room, now);
                    }
                    None
                }
                What::FollowsNot(room) => {
                    if let Some(session) = self.session(*conn) {
                        session.elsewhere.remove(room);
                    }
                    self.track_out(*conn, room);
                    None
                }
            };
            let Some(bytes) = frame.map(|frame| &notices.bytes[frame.clone()]) else { continue };
            let Some(session) = self.session(*conn).filter(|session| session.phase != Phase::Closing) else { continue };
            session.out.extend_from_slice(bytes);
            self.writable.push(*conn);
            self.counts.frames[1] += 1;
        }
    }

    /// A connection follows a room elsewhere, by its request of this number.
    fn follows_elsewhere(&mut self, conn: ConnId, room: &Arc<str>, number: u64, now: Now) {
        let Some(session) = self.session(conn) else { return };
        let before = session.elsewhere.insert(room.clone(), number).is_some();
        let is_deaf_after = session.deaf.get(room).is_some_and(|until| *until >= number);
        match self.lines.unanswered.get_mut(&(conn, number)) {
            // It will stop following at once, for an earlier request that was given up: so this one is, too.
            Some(waits) if waits.wish.is_find() && is_deaf_after => {
                let reference = waits.reference.take();
                self.lines.unanswered.remove(&(conn, number));
                if let Some(session) = self.session(conn) {
                    session.unanswered -= 1;
                }
                self.fail(conn, 0, reference.as_deref(), Code::RoomNotReached);
            }
            Some(waits) if waits.wish.is_find() => (waits.room, waits.wish) = (room.clone(), Wish::Found { before }),
            Some(_) => {}
            None if is_deaf_after => {}
            None => self.follows_unasked(conn, room.clone(), before, number, now),
        }
    }

    /// It asked for any room and was told that none answered: it is taken out of the one it came into. If it followed that one
    /// before, it is told so; else it never heard that room's name, which may not be durable.
    fn follows_unasked(&mut self, conn: ConnId, room: Arc<str>, before: bool, number: u64, now: Now) {
        if before {
            self.say(conn, 0, |out| say::left(out, &room, Code::RoomNotReached.as_str()));
        }
        self.stop_listening(conn, room, number, now);
    }

    /// Whose request this was, if anybody still waits for it.
    fn is_answered(&mut self, conn: ConnId, number: u64, now: Now) -> Option<Whose> {
        let waits = self.lines.unanswered.remove(&(conn, number))?;
        let session = self.session(conn)?;
        session.unanswered -= 1;
        if session.deaf.get(&waits.room) != Some(&number) {
            return Some(waits.whose);
        }
        session.deaf.remove(&waits.room);
        if session.elsewhere.get(&waits.room).is_some_and(|by| *by < number) {
            // The newer wish failed, so what was given up is still in force.
            self.stop_listening(conn, waits.room, number, now);
        }
        Some(waits.whose)
    }

    /// A room elsewhere has not answered in time. What became of the request is not known; to ask again with its id is safe. Of a
    /// room that was to be joined or not to be followed nothing more is heard.
    pub(super) fn give_up_on_unanswered(&mut self, now: Now) {
        let is_late = |_: &(ConnId, u64), waits: &mut Unanswered| waits.until_ms <= now.mono_ms;
        let late: Vec<_> = self.lines.unanswered.extract_if(.., is_late).collect();
        for ((conn, number), waits) in late {
            let Some(session) = self.session(conn) else { continue };
            session.unanswered -= 1;
            match waits.wish {
                Wish::Found { before } => self.follows_unasked(conn, waits.room, before, number, now),
                Wish::Joins | Wish::Leaves => self.stop_listening(conn, waits.room, number, now),
                Wish::Neither | Wish::Seeks => {}
            }
            self.fail(conn, 0, waits.reference.as_deref(), Code::RoomNotReached);
        }
    }

    /// What the room says until it has heard that the connection no longer follows, or the next wish after this one, is not
    /// passed on.
    fn stop_listening(&mut self, conn: ConnId, room: Arc<str>, after: u64, now: Now) {
        let mut of_conn = self.lines.unanswered.range((conn, after)..=(conn, u64::MAX));
        let next = of_conn.find(|(_, waits)| waits.wish.decides() && waits.room == room).map(|((_, number), _)| *number);
        let number = next.unwrap_or_else(|| self.unsubscribe_for(conn, &room, now));
        if let Some(session) = self.session(conn) {
            session.deaf.insert(room, number);
        }
    }

    fn unsubscribe_for(&mut self, conn: ConnId, room: &Arc<str>, now: Now) -> u64 {
        let Some(who) = self.session(conn).and_then(|session| session.who.clone()) else { return 0 };
        let text = format!("{{\"type\":\"unsubscribe\",\"payload\":{{\"room_id\":\"{room}\"}}}}");
        let asker = Asker { conn, who, number: 0, reference: None, found: None };
        self.say_on(&asker, Whose::Ours, room.clone(), Wish::Leaves, text, now)
    }

    /// A connection goes: the shards that keep a stand-in for it are told.
    pub(super) fn is_gone(&mut self, conn: ConnId) {
        let Some(session) = self.session(conn) else { return };
        let stand_ins = std::mem::take(&mut session.stand_ins);
        let sent_on = session.sent_on;
        let patience_ms = self.settings.limits.forward_again_ms;
        for to in stand_ins {
            self.lines.line(to).say(Body::Gone(conn), self.now.mono_ms, patience_ms);
        }
        if sent_on > 0 {
            self.lines.unanswered.extract_if((conn, 0)..=(conn, u64::MAX), |_, _| true).for_each(drop);
        }
    }

    /// A connection follows a room from here on, by its request of this number, or no longer.
    pub(super) fn tell_who_follows(&mut self, conn: ConnId, at: usize, by: Option<u64>) {
        let Some(to) = self.session(conn).and_then(|session| session.stands_for) else { return };
        let room: Arc<str> = self.hall(at).name.clone();
        self.lines.is_found_again(conn, &room);
        let what = by.map_or(What::FollowsNot(room.clone()), |number| What::Follows(room, number));
        self.lines.notices[usize::from(to.0)].parcels.push(Parcel { conn, what });
    }

    /// A connection no longer follows a room.
    pub(super) fn forget_room(&mut self, conn: ConnId, at: usize) {
        let Some(session) = self.session(conn) else { return };
        let before = session.follows.len();
        session.follows.retain(|room| *room != at);
        if session.follows.len() < before {
            self.tell_who_follows(conn, at, None);
            if let Some(room) = self.halls[at].as_ref().map(|hall| hall.name.clone()) {
                self.track_out(conn, &room);
            }
        }
    }

    pub(super) fn lines_due_ms(&self) -> Option<u64> {
        self.lines.lines.iter().filter_map(Line::due_ms).min()
    }

    pub(super) fn say_again(&mut self, now: Now) {
        let patience_ms = self.settings.limits.forward_again_ms;
        self.lines.lines.iter_mut().for_each(|line| line.is_due(now.mono_ms, patience_ms));
    }

    /// Hands out what this turn has to say to other shards.
    pub(super) fn forward(&mut self) {
        let patience_ms = self.settings.limits.forward_again_ms;
        for (number, line) in (0..).zip(&mut self.lines.lines) {
            let notices = &mut self.lines.notices[usize::from(number)];
            if !notices.parcels.is_empty() {
                line.say(Body::Notices(std::mem::take(notices)), self.now.mono_ms, patience_ms);
            }
            self.outputs.extend(line.leaves().map(|packet| Output::Forward { to: ShardId(number), packet }));
        }
    }
}
