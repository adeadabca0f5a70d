//! A queue at a table, driven by hand.

use parlour_downloads::{Action, Disk, Downloads, Event, Fetched, Id, Signal, View};
use parlour_room::{
    Acted, Hash64, JobFault, Joined, Joining, Opening, Played, Rejected, Room, Seat, Seed, Stamp, Table, Viewer, Who,
};
use serde_json::Value;

pub(crate) const ADA: Viewer = Viewer::Seat(Seat(0));

pub(crate) struct Queue {
    pub(crate) table: Table<Downloads>,
    now_ms: u64,
    /// What a member heard, and what a spectator heard.
    pub(crate) heard: [Vec<Event>; 2],
}

impl Queue {
    pub(crate) fn open(config: Value) -> Self {
        let config = config.to_string();
        let opening =
            Opening { name: "q", by: "ada", id: None, body: Hash64(0), seed: Seed::new([7; 32]), config: &config, after: 0 };
        let (table, _) = Table::open(Stamp { at_ms: 0, ts_ms: 0 }, opening).expect("a good configuration");
        let mut queue = Self { table, now_ms: 0, heard: Default::default() };
        let who = Who { user: "ada", name: "ada", bot: false };
        let joined = queue.table.join(queue.stamp(), Joining { who, bot: None, seat: None, nonce: None });
        assert!(matches!(joined, Ok(Joined::Played(..))));
        queue
    }

    fn stamp(&self) -> Stamp {
        Stamp { at_ms: self.now_ms, ts_ms: self.now_ms }
    }

    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.now_ms += ms;
    }

    /// Plays an action, or says the refusal's code.
    pub(crate) fn act(&mut self, action: &Action) -> Result<(), String> {
        let json = serde_json::to_string(action).expect("JSON");
        match self.table.act(self.stamp(), "ada", None, &json) {
            Ok(Acted::Played(_, played)) => self.hear(&played),
            Ok(Acted::Before(_)) => panic!("no message ids here"),
            Err(Rejected::Illegal(refusal)) => return Err(refusal.code),
            Err(other) => panic!("{other:?} after {json}"),
        }
        Ok(())
    }

    /// Adds a download of this name; its id.
    pub(crate) fn add(&mut self, name: &str) -> Id {
        self.act(&add(name)).expect("it can be added");
        self.items().last().expect("it is there").id.clone()
    }

    pub(crate) fn open_jobs(&self) -> Vec<String> {
        self.table.about().jobs.keys().cloned().collect()
    }

    /// A job answers.
    pub(crate) fn answer(&mut self, job: &str, signal: &Signal) {
        let since = self.table.about().jobs.get(job).expect("the job is open").since;
        let result = serde_json::to_string(signal).expect("JSON");
        let played = self.table.answer(self.stamp(), job, since, &result).expect("the rules play it").expect("it is open");
        self.hear(&played);
    }

    /// A job will never answer.
    pub(crate) fn lose(&mut self, job: &str) {
        let since = self.table.about().jobs.get(job).expect("the job is open").since;
        let played = self.table.job_failed(self.stamp(), job, since, JobFault::Panicked).expect("the rules play it");
        self.hear(&played.expect("it is open"));
    }

    pub(crate) fn complete(&mut self, id: &Id, percent: u32) {
        let disk = Disk { percent, is_nearly_full: percent >= 90 };
        let outcome = Fetched::Complete { bytes: 10, sha256: "0".repeat(64) };
        self.answer(&format!("fetch-{id}"), &Signal::Fetched { id: id.clone(), outcome, disk: Some(disk) });
    }

    fn hear(&mut self, played: &Played) {
        for told in &played.told {
            for (heard, viewer) in self.heard.iter_mut().zip([ADA, Viewer::Spectator]) {
                if let Some(body) = told.heard_by(viewer, 0) {
                    heard.push(serde_json::from_str(body.get()).expect("an event"));
                }
            }
        }
    }

    pub(crate) fn view(&self) -> View {
        self.table.state().view(ADA)
    }

    pub(crate) fn items(&self) -> Vec<parlour_downloads::ItemView> {
        self.view().items
    }
}

pub(crate) fn add(name: &str) -> Action {
    let url = format!("http://files.example/{name}");
    Action::Add { url, key: "show".to_owned(), folder: None, name: None, sha256: None, client_id: None }
}
