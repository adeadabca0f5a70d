//! Actions nobody listed: anything its JSON Schema allows, made of words and numbers that occur in the game and of others.

use crate::Dice;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Nested deeper than this, a guess comes to an end.
const DEPTH: u32 = 12;
/// So many words and numbers of a game are remembered.
const WORDS: usize = 600;

/// Makes values of a schema.
pub(super) struct Guesser {
    schema: Value,
    words: Vec<String>,
    numbers: Vec<u64>,
}

impl Guesser {
    pub(super) fn new(schema: Value) -> Self {
        Self { schema, words: Vec::new(), numbers: Vec::new() }
    }

    /// From now on also words and numbers of these values are used.
    pub(super) fn hear(&mut self, values: &[Value]) {
        let (mut words, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        values.iter().for_each(|value| gather(value, &mut words, &mut numbers));
        self.words = words.into_iter().collect();
        self.numbers = numbers.into_iter().collect();
    }

    /// Any value of the schema.
    pub(super) fn guess(&self, dice: &mut Dice) -> Value {
        self.value(&self.schema, DEPTH, dice)
    }

    fn value(&self, schema: &Value, depth: u32, dice: &mut Dice) -> Value {
        let Value::Object(fields) = schema else { return self.any(dice) };
        if let Some(to) = fields.get("$ref").and_then(Value::as_str) {
            let target = self.schema.pointer(to.trim_start_matches('#')).unwrap_or(&Value::Null);
            return if depth == 0 { Value::Null } else { self.value(target, depth - 1, dice) };
        }
        if let Some(only) = fields.get("const") {
            return only.clone();
        }
        let list = |name: &str| fields.get(name).and_then(Value::as_array);
        if let Some(one) = list("enum").and_then(|all| dice.pick(all)) {
            return one.clone();
        }
        // What stands beside the alternatives (a tag, say) is of the value as well.
        let alternatives = ["oneOf", "anyOf", "allOf"].into_iter().find_map(list);
        let chosen = alternatives.and_then(|all| dice.pick(all)).map(|one| self.value(one, depth.saturating_sub(1), dice));
        let kind = match fields.get("type") {
            Some(Value::String(kind)) => Some(kind.as_str()),
            Some(Value::Array(kinds)) => dice.pick(kinds).and_then(Value::as_str),
            _ => None,
        };
        match (kind, chosen) {
            (Some("object"), chosen) => self.object(fields, chosen, depth, dice),
            (None, Some(chosen)) if fields.contains_key("properties") => self.object(fields, Some(chosen), depth, dice),
            (_, Some(chosen)) => chosen,
            (Some("array"), None) => self.array(fields, depth, dice),
            (Some("integer"), None) => self.integer(fields, dice),
            (Some("string"), None) => Value::String(self.word(dice)),
            (Some("boolean"), None) => Value::Bool(dice.coin()),
            (Some("null"), None) => Value::Null,
            (Some("number"), None) => json!(dice.below(1000)),
            (_, None) => self.any(dice),
        }
    }

    fn object(&self, schema: &Map<String, Value>, base: Option<Value>, depth: u32, dice: &mut Dice) -> Value {
        let mut object = if let Some(Value::Object(base)) = base { base } else { Map::new() };
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if required.contains(&name.as_str()) || dice.coin() {
                object.insert(name.clone(), self.value(field, depth.saturating_sub(1), dice));
            }
        }
        if let Some(more @ Value::Object(_)) = schema.get("additionalProperties") {
            for _ in 0..dice.below(3) {
                object.insert(self.word(dice), self.value(more, depth.saturating_sub(1), dice));
            }
        }
        Value::Object(object)
    }

    fn array(&self, schema: &Map<String, Value>, depth: u32, dice: &mut Dice) -> Value {
        let nothing = Value::Bool(true);
        let heads: &[Value] = schema.get("prefixItems").and_then(Value::as_array).map_or(&[], Vec::as_slice);
        let items = schema.get("items").unwrap_or(&nothing);
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let least = bound("minItems").unwrap_or(0);
        let most = bound("maxItems").unwrap_or(least + 4).min(least + 4);
        let len = least + dice.below(most.saturating_sub(least) + 1);
        let all = (0..len).map(|at| {
            let item = usize::try_from(at).ok().and_then(|at| heads.get(at)).unwrap_or(items);
            if depth == 0 { Value::Null } else { self.value(item, depth - 1, dice) }
        });
        Value::Array(all.collect())
    }

    fn integer(&self, schema: &Map<String, Value>, dice: &mut Dice) -> Value {
        let format = schema.get("format").and_then(Value::as_str).unwrap_or("int64");
        let is_unsigned = format.starts_with("uint");
        let bits: u32 = format.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(64);
        let greatest = schema.get("maximum").and_then(Value::as_u64);
        let greatest = greatest.unwrap_or(u64::MAX >> (64 - bits.clamp(8, 64) + u32::from(!is_unsigned)));
        match dice.below(8) {
            0 => json!(greatest),
            1 => json!(0),
            2 if !is_unsigned => json!(-i64::try_from(dice.below(20)).expect("below 20")),
            2 | 3 => json!(dice.below(greatest.max(1))),
            4 | 5 => json!(dice.pick(&self.numbers).copied().unwrap_or(1).min(greatest)),
            _ => json!(dice.below(6).min(greatest)),
        }
    }

    fn word(&self, dice: &mut Dice) -> String {
        match (dice.below(8), dice.pick(&self.words)) {
            (0, _) => String::new(),
            (1, _) => "\u{0}\u{202e}\u{1f0a1} \"\\".to_owned(),
            (2, _) | (_, None) => format!("w{}", dice.below(1000)),
            (_, Some(word)) => word.clone(),
        }
    }

    fn any(&self, dice: &mut Dice) -> Value {
        match dice.below(5) {
            0 => Value::Null,
            1 => json!([]),
            2 => json!({}),
            3 => json!(dice.below(100)),
            _ => Value::String(self.word(dice)),
        }
    }
}

fn gather(value: &Value, words: &mut BTreeSet<String>, numbers: &mut BTreeSet<u64>) {
    match value {
        Value::String(word) if words.len() < WORDS => drop(words.insert(word.clone())),
        Value::Number(number) if numbers.len() < WORDS => numbers.extend(number.as_u64()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, words, numbers)),
        Value::Object(fields) => {
            for (key, field) in fields {
                if words.len() < WORDS {
                    words.insert(key.clone());
                }
                gather(field, words, numbers);
            }
        }
        _ => {}
    }
}
