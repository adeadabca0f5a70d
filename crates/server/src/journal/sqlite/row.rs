//! What stands in a row, and what in it cannot be.

use parlour_engine::store::ReadError;
use parlour_room::{Cause, Hash64, Record};
use rusqlite::types::ValueRef;
use rusqlite::{ErrorCode, Row};

pub(super) const RECORD: &str = "SELECT seq, at_ms, ts_ms, cause, input, hash FROM log WHERE rowid = ?1 AND room = ?2";

/// A row of the log. A number that cannot be read is taken to be the expected one.
pub(super) fn record(row: &Row<'_>, expected: u64) -> Result<Record, ReadError> {
    let seq = number(row, 0, expected, "the number")?;
    let cause = text(row, 3, seq, "the cause")?;
    let cause = Cause::parse(cause).ok_or_else(|| damaged(seq, format!("the cause cannot be {cause:?}")))?;
    let hash = text(row, 5, seq, "the hash")?;
    let hash = Hash64::parse(hash).ok_or_else(|| damaged(seq, format!("the hash is not 16 hex digits: {hash:?}")))?;
    Ok(Record {
        seq,
        at_ms: number(row, 1, seq, "the room time")?,
        ts_ms: number(row, 2, seq, "the time")?,
        cause,
        input: text(row, 4, seq, "the input")?.to_owned(),
        hash,
    })
}

pub(super) fn number(row: &Row<'_>, column: usize, seq: u64, what: &str) -> Result<u64, ReadError> {
    match row.get_ref(column).map_err(failed(seq))? {
        ValueRef::Integer(value) => u64::try_from(value).map_err(|_| damaged(seq, format!("{what} cannot be {value}"))),
        other => Err(damaged(seq, format!("{what} is not a number but {}", other.data_type()))),
    }
}

pub(super) fn text<'a>(row: &'a Row<'_>, column: usize, seq: u64, what: &str) -> Result<&'a str, ReadError> {
    match row.get_ref(column).map_err(failed(seq))? {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(|_| damaged(seq, format!("{what} is not UTF-8"))),
        other => Err(damaged(seq, format!("{what} is not text but {}", other.data_type()))),
    }
}

pub(super) fn damaged(seq: u64, what: impl Into<String>) -> ReadError {
    ReadError::Damaged { seq, what: what.into() }
}

/// A page that SQLite cannot read is damage; anything else may pass.
pub(super) fn failed(seq: u64) -> impl Fn(rusqlite::Error) -> ReadError {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(seq, error.to_string()),
        _ => ReadError::Failed(error.to_string()),
    }
}
