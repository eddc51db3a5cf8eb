//! Values as columns have them, and back.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use counterfoil_core::audit::Actor;
use counterfoil_core::session::{End, EndReason, Origin};
use counterfoil_core::{ClientId, Digest, Timestamp};
use rusqlite::Row;

use crate::error::corrupt;

pub(crate) type Result<T> = rusqlite::Result<T>;

pub(crate) fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn instant_opt(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(instant))
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn duration(row: &Row<'_>, column: &str) -> Result<Duration> {
    let millis: i64 = row.get(column)?;
    Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(row: &Row<'_>, column: &str) -> Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| corrupt("a negative number"))
}

pub(crate) fn parsed<T: FromStr>(row: &Row<'_>, column: &str) -> Result<T> {
    row.get_ref(column)?.as_str().ok().and_then(|text| text.parse().ok()).ok_or_else(|| corrupt("a word"))
}

pub(crate) fn parsed_opt<T: FromStr>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    match row.get_ref(column)?.as_str_or_null().map_err(|_| corrupt("a word"))? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| corrupt("a word")),
    }
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    let text = row.get_ref(column)?;
    text.as_str().ok().and_then(|text| serde_json::from_str(text).ok()).ok_or_else(|| corrupt("JSON"))
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

pub(crate) fn id<T>(row: &Row<'_>, column: &str, from: impl FnOnce([u8; 16]) -> T) -> Result<T> {
    row.get::<_, [u8; 16]>(column).map(from)
}

pub(crate) fn digest_opt(row: &Row<'_>, column: &str) -> Result<Option<Digest>> {
    Ok(row.get::<_, Option<[u8; 32]>>(column)?.map(Digest::new))
}

pub(crate) fn client(row: &Row<'_>) -> Result<ClientId> {
    parsed(row, "client")
}

pub(crate) fn origin(row: &Row<'_>) -> Result<Origin> {
    let user_agent: Option<String> = row.get("user_agent")?;
    Ok(Origin {
        address: parsed_opt::<IpAddr>(row, "address")?,
        user_agent: user_agent.map(String::into_boxed_str),
    })
}

/// The end in the columns `ended_at` or `revoked_at`, `end_reason`, `ended_by`, `end_note`.
pub(crate) fn end(row: &Row<'_>, at: &str) -> Result<Option<End>> {
    let Some(at) = instant_opt(row, at)? else { return Ok(None) };
    Ok(Some(End {
        at,
        reason: parsed::<EndReason>(row, "end_reason")?,
        by: parsed_opt::<Actor>(row, "ended_by")?,
        note: row.get("end_note")?,
    }))
}
