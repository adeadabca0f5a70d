//! A chunk: some records of one room, one after another, as JSON that a person can read, a record a line.
//!
//! There is one way to write a chunk, and reading takes no other: whichever byte of it was changed, either the line no longer
//! reads as that record was written, or the record is another one, which whoever plays it finds.

use super::row::damaged;
use parlour_engine::store::ReadError;
use parlour_room::{Cause, Hash64, Record};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

const BEGIN: &str = "[\n";
const BETWEEN: &str = ",\n";
const END: &str = "\n]";

/// One record as it stands in a chunk and in an export. Its input stands there as the JSON it is; where it is none, as `text`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    seq: u64,
    at_ms: u64,
    ts_ms: u64,
    #[serde(borrow)]
    cause: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    input: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    hash: Cow<'a, str>,
}

/// A record on one line, without the line's end.
pub fn line(record: &Record) -> String {
    let input = object(&record.input);
    let line = Line {
        seq: record.seq,
        at_ms: record.at_ms,
        ts_ms: record.ts_ms,
        cause: record.cause.as_str().into(),
        input,
        text: input.is_none().then_some(Cow::Borrowed(&*record.input)),
        hash: record.hash.to_string().into(),
    };
    serde_json::to_string(&line).expect("numbers and texts can be written")
}

/// The input as JSON, if it is an object on one line and nothing else.
fn object(input: &str) -> Option<&RawValue> {
    let is_one_line = input.starts_with('{') && !input.contains('\n');
    let raw = is_one_line.then(|| serde_json::from_str::<&RawValue>(input).ok()).flatten()?;
    (raw.get() == input).then_some(raw)
}

/// Puts a line behind what is in a body; an empty one is begun. The body must be closed before it is stored.
pub(super) fn add(body: &mut String, line: &str) {
    body.push_str(if body.is_empty() { BEGIN } else { BETWEEN });
    body.push_str(line);
}

/// What closes a body.
pub(super) fn close(body: &mut String) {
    body.push_str(END);
}

/// A stored body, open again for more; `None` if it does not end as one.
pub(super) fn reopen(mut body: String) -> Option<String> {
    let length = body.strip_suffix(END)?.len();
    body.truncate(length);
    Some(body)
}

/// How long a body would be with this line and its end.
pub(super) fn length_with(body: &str, line: &str) -> usize {
    body.len() + BETWEEN.len() + line.len() + END.len()
}

/// The records of a body that is said to begin with number `first`. A line that cannot be read is named by the number after
/// that of the line before it.
pub(super) fn read(body: &[u8], first: u64, records: &mut Vec<Record>) -> Result<(), ReadError> {
    let inner = body.strip_prefix(BEGIN.as_bytes()).ok_or_else(|| damaged(first, "its chunk does not begin as one"))?;
    let mut lines = inner.split(|byte| *byte == b'\n');
    let mut expected = first;
    let mut again = Vec::new();
    loop {
        let text = lines.next().unwrap_or_default();
        let more = text.strip_suffix(b",");
        let record = parse(more.unwrap_or(text), &mut again).map_err(|what| damaged(expected, what))?;
        let seq = record.seq;
        expected = seq.saturating_add(1);
        records.push(record);
        if more.is_none() {
            let is_end = lines.next() == Some(b"]") && lines.next().is_none();
            return if is_end { Ok(()) } else { Err(damaged(seq, "its chunk does not go on or end as one")) };
        }
    }
}

fn parse(text: &[u8], again: &mut Vec<u8>) -> Result<Record, String> {
    let line: Line<'_> = serde_json::from_slice(text).map_err(|_| "it is not what a line of a chunk is".to_owned())?;
    again.clear();
    serde_json::to_writer(&mut *again, &line).expect("numbers and texts can be written");
    if again != text {
        return Err("it is not written as it was".to_owned());
    }
    let cause = Cause::parse(&line.cause).ok_or_else(|| format!("the cause cannot be {:?}", line.cause))?;
    let hash = Hash64::parse(&line.hash).ok_or_else(|| format!("the hash is not 16 hex digits: {:?}", line.hash))?;
    let input = match (line.input, line.text) {
        (Some(input), None) if object(input.get()).is_some() => input.get().to_owned(),
        (None, Some(text)) if object(&text).is_none() => text.into_owned(),
        _ => return Err("its input does not stand as it was written".to_owned()),
    };
    Ok(Record { seq: line.seq, at_ms: line.at_ms, ts_ms: line.ts_ms, cause, input, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64, input: &str) -> Record {
        Record { seq, at_ms: seq * 3, ts_ms: 1_700_000_000_000, cause: Cause::Action, input: input.to_owned(), hash: Hash64(seq) }
    }

    fn body(records: &[Record]) -> String {
        let mut body = String::new();
        records.iter().for_each(|record| add(&mut body, &line(record)));
        close(&mut body);
        body
    }

    #[test]
    fn a_chunk_gives_back_what_was_put_in_whatever_it_is() {
        let inputs = [
            "{}",
            r#"{"type":"say","text":"a,\n]\"é房"}"#,
            "null",
            "[1]",
            "\"x\"",
            "{\"a\": 1}",
            " {}",
            "{}\n",
            "",
            "{",
            "\0\u{1f600}",
        ];
        let records: Vec<Record> = (1..).zip(inputs).map(|(seq, input)| record(seq, input)).collect();
        let body = body(&records);
        let mut again = Vec::new();
        read(body.as_bytes(), 1, &mut again).unwrap();
        assert_eq!(again, records);
        assert!(body.contains(r#""cause":"action","input":{"type":"say""#), "JSON stands there as JSON: {body}");
        serde_json::from_str::<serde_json::Value>(&body).unwrap();
    }

    /// Each byte in turn becomes each of some others. What is still read must be another record, and at its place.
    #[test]
    fn any_byte_that_is_changed_is_found_at_its_record() {
        let inputs = [r#"{"user":"ada","action":{"type":"write","text":"x y"}}"#, "no JSON \\ \"", r#"{"n":[1,2]}"#];
        let records: Vec<Record> = (7..).zip(inputs).map(|(seq, input)| record(seq, input)).collect();
        let whole = body(&records);
        let mut changes = 0;
        for at in 0..whole.len() {
            // What stands between two belongs to the first of them.
            let begun = whole[..at].matches("\n{").count() + usize::from(whole[at..].starts_with("{\"seq"));
            let seq = 6 + u64::try_from(begun.max(1)).unwrap();
            for byte in (0..8).map(|bit| whole.as_bytes()[at] ^ (1 << bit)).chain(*b"\n ,]}{\"0") {
                let mut bytes = whole.clone().into_bytes();
                if std::mem::replace(&mut bytes[at], byte) == byte {
                    continue;
                }
                changes += 1;
                let mut found = Vec::new();
                let seen = match read(&bytes, 7, &mut found) {
                    Err(ReadError::Damaged { seq, .. }) => seq,
                    Err(other) => panic!("{other}"),
                    Ok(()) => 7 + found.iter().zip(&records).position(|(found, record)| found != record).unwrap() as u64,
                };
                let around = &whole[at.saturating_sub(9)..][..18.min(whole.len() - at)];
                let is_between = [seq, seq + 1].contains(&seen) && whole[at..].starts_with(['\n', ',']);
                assert!(seen == seq || is_between, "byte {at} of record {seq} to {byte:#x} is found at {seen}: {around}");
            }
        }
        println!("{changes} changes");
    }
}
