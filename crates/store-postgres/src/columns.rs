//! Values as columns have them, and back.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use counterfoil_core::audit::Actor;
use counterfoil_core::session::{End, EndReason, Origin};
use counterfoil_core::{Digest, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::{Error, Result, corrupt};

/// The largest uuid: a bound that bounds nothing.
pub(crate) const MAX: Uuid = Uuid::max();

pub(crate) fn instant(row: &Row, column: &str) -> Result<Timestamp> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

pub(crate) fn instant_opt(row: &Row, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.try_get::<_, Option<i64>>(column)?.map(Timestamp::from_millis))
}

pub(crate) fn millis(duration: Duration) -> i64 {
    // No longer than the calendar, so that PostgreSQL can add it to an instant.
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(Timestamp::MAX.millis())
}

pub(crate) fn duration(row: &Row, column: &str) -> Result<Duration> {
    let millis: i64 = row.try_get(column)?;
    Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(row: &Row, column: &str) -> Result<u64> {
    u64::try_from(row.try_get::<_, i64>(column)?).map_err(|_| corrupt("a negative number"))
}

pub(crate) fn parsed<T: FromStr>(row: &Row, column: &str) -> Result<T> {
    row.try_get::<_, &str>(column)?.parse().map_err(|_| corrupt("a word"))
}

pub(crate) fn parsed_opt<T: FromStr>(row: &Row, column: &str) -> Result<Option<T>> {
    match row.try_get::<_, Option<&str>>(column)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| corrupt("a word")),
    }
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(row.try_get(column)?).map_err(|_| corrupt("JSON"))
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Broken(error.into()))
}

pub(crate) fn key(bytes: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*bytes)
}

pub(crate) fn id<T>(row: &Row, column: &str, from: impl FnOnce([u8; 16]) -> T) -> Result<T> {
    Ok(from(row.try_get::<_, Uuid>(column)?.into_bytes()))
}

pub(crate) fn id_opt<T>(row: &Row, column: &str, from: impl FnOnce([u8; 16]) -> T) -> Result<Option<T>> {
    Ok(row.try_get::<_, Option<Uuid>>(column)?.map(|uuid| from(uuid.into_bytes())))
}

pub(crate) fn digest(row: &Row, column: &str) -> Result<Digest> {
    digest_opt(row, column)?.ok_or_else(|| corrupt("a digest"))
}

pub(crate) fn digest_opt(row: &Row, column: &str) -> Result<Option<Digest>> {
    let Some(bytes) = row.try_get::<_, Option<&[u8]>>(column)? else { return Ok(None) };
    bytes.try_into().map(|bytes| Some(Digest::new(bytes))).map_err(|_| corrupt("a digest"))
}

pub(crate) fn bytes(digest: &Digest) -> &[u8] {
    digest.as_bytes().as_slice()
}

pub(crate) fn origin(row: &Row) -> Result<Origin> {
    let user_agent: Option<String> = row.try_get("user_agent")?;
    Ok(Origin {
        address: parsed_opt::<IpAddr>(row, "address")?,
        user_agent: user_agent.map(String::into_boxed_str),
    })
}

/// The four columns of an end.
pub(crate) struct EndColumns<'a> {
    pub(crate) at: Option<i64>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) by: Option<String>,
    pub(crate) note: Option<&'a str>,
}

impl<'a> EndColumns<'a> {
    pub(crate) fn of(end: Option<&'a End>) -> Self {
        Self {
            at: end.map(|end| end.at.millis()),
            reason: end.map(|end| end.reason.as_str()),
            by: end.and_then(|end| end.by.as_ref()).map(Actor::to_string),
            note: end.and_then(|end| end.note.as_deref()),
        }
    }
}

/// The end in the columns of these names: of the instant, the reason, the actor and the note.
pub(crate) fn end(row: &Row, [at, reason, by, note]: [&str; 4]) -> Result<Option<End>> {
    let Some(at) = instant_opt(row, at)? else { return Ok(None) };
    Ok(Some(End {
        at,
        reason: parsed::<EndReason>(row, reason)?,
        by: parsed_opt::<Actor>(row, by)?,
        note: row.try_get(note)?,
    }))
}
