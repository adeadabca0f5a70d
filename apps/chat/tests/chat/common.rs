//! A room at a table, and people who talk in it.

use parlour_chat::Chat;
use parlour_room::table::Played;
use parlour_room::{Acted, Hash64, Joined, Joining, Opening, Rejected, Seat, Seed, Stamp, Table, Viewer, Who};
use serde_json::{Value, json};

pub(crate) struct Desk {
    pub(crate) table: Table<Chat>,
    pub(crate) now_ms: u64,
    /// What was told last.
    pub(crate) played: Option<Played>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(&json!({}))
    }

    pub(crate) fn with(config: &Value) -> Self {
        Self::try_with(config).expect("the configuration is fine")
    }

    pub(crate) fn try_with(config: &Value) -> Result<Self, Rejected> {
        let config = config.to_string();
        let seed = Seed::derived(&[7; 32], 0);
        let opening = Opening { name: "talk", by: "parlour", id: None, body: Hash64(0), seed, config: &config, after: 0 };
        let (table, _) = Table::open(Stamp { at_ms: 0, ts_ms: 0 }, opening)?;
        Ok(Self { table, now_ms: 0, played: None })
    }

    /// A room in which these are, in this order; the first owns it.
    pub(crate) fn of(users: &[&str]) -> Self {
        let mut desk = Self::new();
        users.iter().for_each(|user| {
            desk.comes(user);
        });
        desk
    }

    fn stamp(&self) -> Stamp {
        Stamp { at_ms: self.now_ms, ts_ms: 1_000_000 + self.now_ms }
    }

    pub(crate) fn who(user: &str) -> Who<'_> {
        Who { user, name: user, bot: false }
    }

    pub(crate) fn comes(&mut self, user: &str) -> Seat {
        let joining = Joining { who: Self::who(user), bot: None, seat: None, nonce: None };
        match self.table.join(self.stamp(), joining).expect("there is room") {
            Joined::Already(seat) => seat,
            Joined::Played(seat, played) => {
                self.played = Some(played);
                seat
            }
        }
    }

    pub(crate) fn goes(&mut self, user: &str) {
        self.played = Some(self.table.leave(self.stamp(), user, "left").expect("they are here"));
    }

    /// The server says whether somebody is connected; what everybody was told then.
    pub(crate) fn is_here(&mut self, user: &str, here: bool) -> Vec<Value> {
        let played = self.table.present(self.stamp(), user, here).expect("the rules stand it");
        played.iter().flat_map(public).collect()
    }

    /// Who owns the room.
    pub(crate) fn owners(&self) -> Vec<String> {
        let view = self.view("");
        let roles = view["roles"].as_array().expect("a list").iter().filter(|holder| holder["role"] == "owner");
        roles.map(|holder| holder["user"].as_str().expect("an id").to_owned()).collect()
    }

    /// What everybody was told by an action, or its refusal.
    pub(crate) fn does(&mut self, user: &str, action: Value) -> Result<Vec<Value>, Value> {
        match self.table.act(self.stamp(), user, None, &action.to_string()) {
            Ok(Acted::Played(_, played)) => {
                let told = public(&played);
                self.played = Some(played);
                Ok(told)
            }
            Ok(Acted::Before(_)) => panic!("it has no id"),
            Err(Rejected::Illegal(refusal)) => {
                let mut why: Value = refusal.details.map_or(json!({}), |details| serde_json::from_str(&details).expect("JSON"));
                why["code"] = refusal.code.into();
                Err(why)
            }
            Err(other) => Err(json!({"code": format!("{other:?}")})),
        }
    }

    /// Something that must be legal; what everybody was told.
    pub(crate) fn tells(&mut self, user: &str, action: Value) -> Vec<Value> {
        self.does(user, action.clone()).unwrap_or_else(|why| panic!("{user} may not {action}: {why}"))
    }

    /// The code of a refusal.
    pub(crate) fn refused(&mut self, user: &str, action: Value) -> String {
        let why = self.does(user, action.clone()).expect_err("it is refused");
        why["code"].as_str().expect("a code").to_owned()
    }

    /// Says something; the message's number.
    pub(crate) fn says(&mut self, user: &str, content: &str) -> u64 {
        let told = self.tells(user, json!({"type": "chat", "content": content}));
        told[0]["message"].as_u64().expect("a number")
    }

    /// Time goes on, and the clock rings.
    pub(crate) fn passes(&mut self, ms: u64) -> Vec<Value> {
        self.now_ms += ms;
        let mut told = Vec::new();
        while let Some(played) = self.table.fire(self.stamp()).expect("the rules stand it") {
            told.extend(public(&played));
            self.played = Some(played);
        }
        told
    }

    /// Who has a seat.
    pub(crate) fn members(&self) -> Vec<&str> {
        self.table.about().members.keys().map(String::as_str).collect()
    }

    pub(crate) fn view(&self, user: &str) -> Value {
        let viewer = self.table.about().members.get(user).map_or(Viewer::Spectator, |member| Viewer::Seat(member.seat));
        serde_json::from_str(&self.table.view_json(viewer).expect("a view")).expect("JSON")
    }

    /// What somebody who comes back after public event `n` is told.
    pub(crate) fn missed(&self, n: u64) -> Vec<Value> {
        use parlour_room::stream::Missed;
        match self.table.about().streams.missed(Viewer::Spectator, 0, n, None) {
            Missed::Events(events) => events.iter().map(|told| value(told.body.get())).collect(),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn public(played: &Played) -> Vec<Value> {
    played.told.iter().filter(|told| told.seat.is_none()).map(|told| value(told.body.get())).collect()
}

pub(crate) fn value(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}
