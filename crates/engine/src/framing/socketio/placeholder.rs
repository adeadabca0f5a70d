//! `bytes -> framing`: whether what stands in a payload for attachments stands for attachments that there are.

use super::Fault;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Checks every placeholder of a payload with so many attachments.
pub(super) fn check(payload: &str, attachments: usize) -> Result<(), Fault> {
    let mut json = serde_json::Deserializer::from_str(payload);
    Look { attachments }.deserialize(&mut json).map(|_| ()).map_err(|_| Fault::Attachments)
}

#[derive(Clone, Copy)]
struct Look {
    attachments: usize,
}

/// What of a value matters to the object around it.
enum Seen {
    True,
    Number(u64),
    Other,
}

impl<'de> DeserializeSeed<'de> for Look {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Seen, E> {
        Ok(if value { Seen::True } else { Seen::Other })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Seen, E> {
        Ok(Seen::Number(value))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Seen, A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(Seen::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen, A::Error> {
        let (mut is_placeholder, mut number) = (false, Seen::Other);
        while let Some(key) = map.next_key::<String>()? {
            let seen = map.next_value_seed(self)?;
            match key.as_str() {
                "_placeholder" => is_placeholder = matches!(seen, Seen::True),
                "num" => number = seen,
                _ => {}
            }
        }
        let stands_for_one = matches!(number, Seen::Number(n) if usize::try_from(n).is_ok_and(|n| n < self.attachments));
        if is_placeholder && !stands_for_one { Err(A::Error::custom("no such attachment")) } else { Ok(Seen::Other) }
    }
}
