//! What a client says: an object with exactly the five fields of a request.

use super::names::{self, DIRECTIONS};
use crate::limits::LANEYA_KEY_BYTES;
use parlour_room::Hash64;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A request that is one by its form.
#[derive(Debug)]
pub(super) struct Request {
    /// As it came.
    pub(super) key: String,
    pub(super) user: String,
    pub(super) action: String,
    /// An object, as it came.
    pub(super) data: String,
}

impl Default for Request {
    fn default() -> Self {
        Self { key: "null".to_owned(), user: String::new(), action: String::new(), data: String::new() }
    }
}

impl Request {
    pub(super) fn len(&self) -> usize {
        size_of::<Self>() + self.key.len() + self.user.len() + self.action.len() + self.data.len()
    }

    /// What has to be the same where the key is.
    pub(super) fn body(&self) -> Hash64 {
        Hash64::of(format!("{}\0{}\0{}", self.user, self.action, self.data).as_bytes())
    }
}

/// Reads one. An error has its key, as far as that can be read, and says what is wrong.
pub(super) fn read(text: &str) -> Result<Request, (String, &'static str)> {
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(text) else {
        return Err(("null".to_owned(), "A message is a JSON object in UTF-8."));
    };
    let key = match fields.key {
        Some(key) if key.get().len() <= LANEYA_KEY_BYTES => key.get().to_owned(),
        Some(_) => return Err(("null".to_owned(), "The key is too long.")),
        None => return Err(("null".to_owned(), "The key is missing.")),
    };
    let text = |field: Option<&RawValue>| serde_json::from_str::<String>(field?.get()).ok();
    let data = fields.data.filter(|data| data.get().starts_with('{'));
    let why = match (text(fields.kind), text(fields.user), text(fields.action), data) {
        _ if fields.is_odd => "A request has the fields type, key, user, action and data, each once, and no other.",
        (Some(kind), ..) if kind != names::REQUEST => "The type of a message is request.",
        (Some(_), Some(user), Some(action), Some(data)) if !user.is_empty() => {
            return Ok(Request { key, user, action, data: data.get().to_owned() });
        }
        (Some(_), Some(_), Some(_), None) => "The data of a request is an object.",
        (None, ..) => "A request has the type request.",
        _ => "user and action are strings that are not empty.",
    };
    Err((key, why))
}

/// The data of `move`, as the original has it.
pub(super) fn is_move(data: &str) -> bool {
    direction(data).is_some()
}

/// Where to.
pub(super) fn direction(data: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Move {
        direction: String,
    }
    let Move { direction } = serde_json::from_str(data).ok()?;
    DIRECTIONS.contains(&direction.as_str()).then_some(direction)
}

/// The data of `get_map`: whichever map is named, it is the one where one is.
pub(super) fn is_get_map(data: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct GetMap<'a> {
        #[serde(borrow, default, rename = "map_id")]
        _map: Option<&'a RawValue>,
    }
    serde_json::from_str::<GetMap<'_>>(data).is_ok()
}

/// Data without fields.
pub(super) fn is_empty(data: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    serde_json::from_str::<Nothing>(data).is_ok()
}

/// An action of the room with its data, as the room knows it. A `type` among the data makes it none, because it is there twice.
pub(super) fn natively(action: &str, data: &str) -> Box<RawValue> {
    let name = serde_json::to_string(action).expect("a string is JSON");
    let fields = data[1..].trim_start();
    let comma = if fields.starts_with('}') { "" } else { "," };
    RawValue::from_string(format!(r#"{{"type":{name}{comma}{fields}"#)).expect("an object with one more field is one")
}

/// The data of `batch`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchData<'a> {
    #[serde(borrow)]
    actions: Vec<BatchAction<'a>>,
    #[serde(default)]
    atomic: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchAction<'a> {
    action: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A batch: whether it is atomic, and its actions as the room knows them.
pub(super) fn batch(data: &str) -> Option<(bool, Vec<Box<RawValue>>)> {
    let batch: BatchData<'_> = serde_json::from_str(data).ok()?;
    let action = |one: &BatchAction<'_>| {
        let is_sound = one.data.get().starts_with('{') && (one.action != names::MOVE || is_move(one.data.get()));
        is_sound.then(|| natively(&one.action, one.data.get()))
    };
    Some((batch.atomic, batch.actions.iter().map(action).collect::<Option<_>>()?))
}

/// The fields of an object, as they came.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a RawValue>,
    key: Option<&'a RawValue>,
    user: Option<&'a RawValue>,
    action: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    /// There are others, or one is there twice.
    is_odd: bool,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            let place = match name.as_str() {
                "type" => &mut fields.kind,
                "key" => &mut fields.key,
                "user" => &mut fields.user,
                "action" => &mut fields.action,
                "data" => &mut fields.data,
                _ => {
                    fields.is_odd = true;
                    continue;
                }
            };
            fields.is_odd |= place.replace(value).is_some();
        }
        Ok(fields)
    }
}
