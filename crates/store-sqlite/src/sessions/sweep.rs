//! Work that can wait: ending what a marker of many covers, removing what is long over, forgetting markers.

use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::port::Swept;
use counterfoil_core::session::Session;
use rusqlite::Connection;

use super::{feed, record};
use crate::columns::{Result, number};
use crate::writer::Transaction;

/// The newest token of a session is needed while a refresh can converge on it: at most five minutes.
const KEEP_AT_LEAST: Duration = Duration::from_secs(600);

fn horizon(now: Timestamp, keep_after: Timestamp) -> i64 {
    keep_after.min(now - KEEP_AT_LEAST).millis()
}

/// Whether there is anything to do, by a look at the first entry of each index.
pub(super) fn is_due(connection: &Connection, now: Timestamp, keep_after: Timestamp) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM markers WHERE unfinished = 1)
        OR EXISTS (SELECT 1 FROM markers WHERE expires_at <= :now)
        OR EXISTS (SELECT 1 FROM sessions WHERE over_at < :horizon)
        OR EXISTS (SELECT 1 FROM tokens WHERE expires_at < :horizon)";
    let horizon = horizon(now, keep_after);
    let params = rusqlite::named_params! { ":now": now.millis(), ":horizon": horizon };
    connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))
}

pub(super) fn sweep(
    transaction: &Transaction<'_>,
    now: Timestamp,
    keep_after: Timestamp,
    limit: u32,
) -> Result<Swept> {
    let connection = transaction.connection;
    let (ended, more_to_end) = finish_oldest(connection, limit)?;
    let horizon = horizon(now, keep_after);
    let removed = remove(connection, horizon, limit)?;
    let markers = forget(connection, now, limit)?;
    let more = more_to_end || removed >= limit || markers >= limit;
    Ok(Swept { ended, removed, markers, more })
}

/// Ends what the oldest unfinished marker covers, among the next sessions that were not looked at for it. Later markers
/// wait, so that a session covered by two is told the first one's reason.
fn finish_oldest(connection: &Connection, limit: u32) -> Result<(u32, bool)> {
    let Some(oldest) = feed::unfinished(connection)?.into_iter().next() else { return Ok((0, false)) };
    let sequence = number(oldest.marker.sequence);
    let swept_to: Vec<u8> = connection
        .prepare_cached("SELECT swept_to FROM markers WHERE sequence = ?")?
        .query_row([sequence], |row| row.get(0))?;
    let sql = "SELECT * FROM sessions WHERE id > ? ORDER BY id LIMIT ?";
    let mut statement = connection.prepare_cached(sql)?;
    let sessions: Vec<Session> =
        statement.query_map((swept_to, limit), record::read)?.collect::<Result<_>>()?;
    let reached = sessions.last().map(|session| *session.id.as_bytes());
    let complete = sessions.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    let mut ended = 0;
    for session in sessions {
        if let Some(end) = oldest.end_of(&session) {
            ended += u32::from(session.ended.is_none());
            record::end_row(connection, session, end)?;
        }
    }
    let progress = "UPDATE markers SET unfinished = ?, swept_to = COALESCE(?, swept_to) WHERE sequence = ?";
    connection.prepare_cached(progress)?.execute((!complete, reached, sequence))?;
    let more = !complete || !feed::unfinished(connection)?.is_empty();
    Ok((ended, more))
}

fn remove(connection: &Connection, horizon: i64, limit: u32) -> Result<u32> {
    let of_sessions =
        "DELETE FROM tokens WHERE session IN (SELECT id FROM sessions WHERE over_at < ? LIMIT ?)";
    connection.prepare_cached(of_sessions)?.execute((horizon, limit))?;
    let sessions = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE over_at < ? LIMIT ?)";
    let sessions = connection.prepare_cached(sessions)?.execute((horizon, limit))?;
    let tokens = "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE expires_at < ? LIMIT ?)";
    let tokens = connection.prepare_cached(tokens)?.execute((horizon, limit))?;
    Ok(u32::try_from(sessions.max(tokens)).unwrap_or(u32::MAX))
}

fn forget(connection: &Connection, now: Timestamp, limit: u32) -> Result<u32> {
    let sql = "DELETE FROM markers WHERE sequence IN
        (SELECT sequence FROM markers WHERE expires_at <= ? AND unfinished = 0 LIMIT ?) RETURNING sequence";
    let mut statement = connection.prepare_cached(sql)?;
    let forgotten: Vec<i64> =
        statement.query_map((now.millis(), limit), |row| row.get(0))?.collect::<Result<_>>()?;
    if let Some(highest) = forgotten.iter().max() {
        connection.prepare_cached("UPDATE feed SET forgotten = MAX(forgotten, ?)")?.execute([highest])?;
    }
    Ok(u32::try_from(forgotten.len()).unwrap_or(u32::MAX))
}
