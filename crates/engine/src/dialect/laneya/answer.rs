//! Responses: their four statuses, and what they carry.

use crate::dialect::frame;
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Success,
    /// No request, or none of this room.
    Invalid,
    /// The rules, or the server, do not allow it.
    Illegal,
    /// The server could not do it now.
    Internal,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Invalid => "invalid",
            Self::Illegal => "illegal",
            Self::Internal => "internal",
        }
    }

    /// What a native failure is here.
    fn of(failure: &frame::Answer<'_>) -> Self {
        match (&*failure.kind, &*failure.code) {
            ("invalid", _) | (_, "id_reused") => Self::Invalid,
            ("limited" | "unavailable" | "internal", _) => Self::Internal,
            _ => Self::Illegal,
        }
    }
}

/// A response but for its key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: Status,
    /// JSON, as who said `hello` is told it.
    data: String,
    /// What of it others are told, where that is less.
    brief: Option<String>,
}

impl Answer {
    pub(super) fn success(data: &Value) -> Self {
        Self { status: Status::Success, data: data.to_string(), brief: None }
    }

    pub(super) fn done() -> Self {
        Self { status: Status::Success, data: "{}".to_owned(), brief: None }
    }

    pub(super) fn failed(status: Status, code: &str, message: &str) -> Self {
        Self::with(status, message, json!({"code": code, "message": message}))
    }

    /// What was refused natively.
    pub(super) fn refused(failure: &frame::Answer<'_>) -> Self {
        let (status, data) = told(failure);
        Self::with(status, &failure.message, data)
    }

    /// What the server said of a native request.
    pub(super) fn of(answer: &frame::Answer<'_>) -> Self {
        if answer.status != "ok" {
            return Self::refused(answer);
        }
        if answer.results.is_empty() {
            return Self::done();
        }
        let results = answer.results.iter().map(|result| match &*result.status {
            "ok" => json!({"status": Status::Success.as_str(), "data": {}}),
            _ => {
                let (status, data) = told(result);
                json!({"status": status.as_str(), "data": data})
            }
        });
        Self::success(&json!({"results": results.collect::<Vec<_>>()}))
    }

    fn with(status: Status, message: &str, data: Value) -> Self {
        Self { status, data: data.to_string(), brief: Some(json!({"message": message}).to_string()) }
    }

    /// The message. Clients of the original know of failures their `message` alone.
    pub(super) fn text(&self, key: &str, is_new: bool) -> String {
        let data = self.brief.as_ref().filter(|_| !is_new).unwrap_or(&self.data);
        format!(r#"{{"type":"response","key":{key},"status":"{}","data":{data}}}"#, self.status.as_str())
    }

    pub(super) fn len(&self) -> usize {
        self.data.len() + self.brief.as_ref().map_or(0, String::len)
    }
}

/// What is told of a native failure.
fn told(failure: &frame::Answer<'_>) -> (Status, Value) {
    let mut data = Map::from_iter([
        ("code".to_owned(), Value::from(&*failure.code)),
        ("message".to_owned(), Value::from(&*failure.message)),
    ]);
    data.extend(failure.retry_after_ms.map(|wait| ("retry_after_ms".to_owned(), wait.into())));
    data.extend(failure.failed_action.map(|action| ("failed_action".to_owned(), action.into())));
    (Status::of(failure), Value::Object(data))
}
