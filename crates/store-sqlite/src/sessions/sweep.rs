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
    let (removed, more_to_remove) = remove(connection, horizon(now, keep_after), limit)?;
    let markers = forget(connection, now, limit)?;
    Ok(Swept { ended, removed, markers, more: more_to_end || more_to_remove || markers >= limit })
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
            ended += u32::from(record::end_row(connection, session, end)?);
        }
    }
    let progress = "UPDATE markers SET unfinished = ?, swept_to = COALESCE(?, swept_to) WHERE sequence = ?";
    connection.prepare_cached(progress)?.execute((!complete, reached, sequence))?;
    let more = !complete || !feed::unfinished(connection)?.is_empty();
    Ok((ended, more))
}

/// Removes sessions that are long over, none before its tokens, and tokens that have long expired. No more than `limit`
/// sessions and as many tokens are looked at: one session can have thousands of tokens.
fn remove(connection: &Connection, horizon: i64, limit: u32) -> Result<(u32, bool)> {
    let over = "SELECT id FROM sessions WHERE over_at < ?1 ORDER BY over_at LIMIT ?2";
    let of_sessions = format!(
        "DELETE FROM tokens WHERE id IN
        (SELECT tokens.id FROM ({over}) AS over CROSS JOIN tokens ON tokens.session = over.id LIMIT ?2)"
    );
    let sessions = format!(
        "DELETE FROM sessions WHERE id IN (SELECT over.id FROM ({over}) AS over
        WHERE NOT EXISTS (SELECT 1 FROM tokens WHERE tokens.session = over.id))"
    );
    let tokens = "DELETE FROM tokens WHERE id IN
        (SELECT id FROM tokens WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";
    let delete = |sql: &str, limit: u32| -> Result<u32> {
        let rows = connection.prepare_cached(sql)?.execute((horizon, limit))?;
        Ok(u32::try_from(rows).unwrap_or(u32::MAX))
    };
    let with_session = delete(&of_sessions, limit)?;
    let sessions = delete(&sessions, limit)?;
    let tokens = with_session + delete(tokens, limit.saturating_sub(with_session))?;
    Ok((sessions + tokens, sessions >= limit || tokens >= limit))
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
