//! The last requests of a connection by their keys: the same again is answered the same, and done once.

use super::answer::{Answer, Status};
use super::request::Request;
use crate::limits::{LANEYA_ANSWER_BYTES, LANEYA_KEYS};
use parlour_room::Hash64;
use std::collections::{BTreeMap, VecDeque};

/// What is known of a key.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    /// Nothing until now.
    New,
    /// The same was asked before.
    Same,
    /// It stands for another request.
    Other,
}

#[derive(Debug, Default)]
pub(super) struct Keys {
    known: BTreeMap<String, (Hash64, Option<Answer>)>,
    /// From the oldest to the newest.
    order: VecDeque<String>,
}

impl Keys {
    /// Looks a request up, and remembers it if it is new.
    pub(super) fn look(&mut self, request: &Request) -> Known {
        let body = request.body();
        match self.known.get(&request.key) {
            Some((before, _)) if *before == body => Known::Same,
            Some(_) => Known::Other,
            None => {
                self.known.insert(request.key.clone(), (body, None));
                self.order.push_back(request.key.clone());
                if self.order.len() > LANEYA_KEYS
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.known.remove(&oldest);
                }
                Known::New
            }
        }
    }

    /// What the same was answered before, where that is kept.
    pub(super) fn answer(&self, request: &Request) -> Option<Answer> {
        self.known.get(&request.key)?.1.clone()
    }

    /// A request was answered. One that the server could not do now may be asked again.
    pub(super) fn answered(&mut self, request: &Request, answer: &Answer) {
        if answer.status == Status::Internal {
            self.forget(&request.key);
        } else if answer.len() <= LANEYA_ANSWER_BYTES
            && let Some((_, kept)) = self.known.get_mut(&request.key)
        {
            *kept = Some(answer.clone());
        }
    }

    /// The key is as if it had never come.
    pub(super) fn forget(&mut self, key: &str) {
        if self.known.remove(key).is_some() {
            self.order.retain(|known| known != key);
        }
    }
}
