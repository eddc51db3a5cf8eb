//! A session's row.

use counterfoil_core::session::{Credential, End, RefreshState, Session};
use counterfoil_core::{ClientId, SessionId, TokenId, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::sql::{select_sessions, session_columns, unfinished_covers, with_marker};
use crate::columns::{
    EndColumns, bytes, digest_opt, duration, end, id, instant, instant_opt, key, millis, number, origin,
    parsed, unsigned,
};
use crate::error::{Result, corrupt};
use crate::lease::Lease;

/// The session as its row tells, and as a marker of many tells whose work is not finished.
pub(super) async fn by_id(lease: &Lease, id: SessionId) -> Result<Option<Session>> {
    let sql = concat!(select_sessions!(), "WHERE s.id = $1");
    lease.query_opt(sql, &[&key(id.as_bytes())]).await?.as_ref().map(read).transpose()
}

/// The same, and nobody else changes it until the end of the transaction.
pub(super) const LOCK: &str = concat!(select_sessions!(), "WHERE s.id = $1 FOR UPDATE OF s");

pub(super) async fn lock(lease: &Lease, id: SessionId) -> Result<Option<Session>> {
    lease.query_opt(LOCK, &[&key(id.as_bytes())]).await?.as_ref().map(read).transpose()
}

pub(super) const INSERT: &str = "INSERT INTO sessions (id, user_id, client_id, auth_time, address, user_agent,
    generation, last_seen_at, idle_timeout, expires_at, over_at, secret, previous, previous_until, counter, rotated_at,
    refresh_window, token_id, tokens_until, ended_at, end_reason, ended_by, end_note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";

/// Adds a session, [`INSERT`] being prepared.
pub(super) async fn insert(
    lease: &Lease,
    statement: &tokio_postgres::Statement,
    session: &Session,
) -> Result<()> {
    let (cookie, refresh) = match &session.credential {
        Credential::Cookie { secret, previous } => (Some((secret, previous)), None),
        Credential::Recorded(state) => (None, Some(state)),
    };
    let previous = cookie.and_then(|(_, previous)| previous.as_ref());
    let end = EndColumns::of(session.ended.as_ref());
    lease
        .run(
            statement,
            &[
                &key(session.id.as_bytes()),
                &key(session.user.as_bytes()),
                &session.client.as_str(),
                &session.auth_time.millis(),
                &session.origin.address.map(|address| address.to_string()),
                &session.origin.user_agent.as_deref(),
                &number(session.generation),
                &session.last_seen_at.millis(),
                &millis(session.idle_timeout),
                &session.expires_at.millis(),
                &session.over_at().millis(),
                &cookie.map(|(secret, _)| bytes(secret)),
                &previous.map(|(digest, _)| bytes(digest)),
                &previous.map(|(_, until)| until.millis()),
                &refresh.map(|state| i64::from(state.counter)),
                &refresh.map(|state| state.rotated_at.millis()),
                &refresh.map(|state| millis(state.window)),
                &refresh.map(|state| key(state.token.as_bytes())),
                &refresh.map(|state| state.tokens_until.millis()),
                &end.at,
                &end.reason,
                &end.by,
                &end.note,
            ],
        )
        .await
        .map(drop)
}

/// Ends these sessions in their records, those that ended before left out; returns how many it were. Whoever calls this
/// holds the locks of their rows.
pub(super) async fn end_rows(lease: &Lease, sessions: &[Uuid], end: &End) -> Result<u64> {
    let sql = "UPDATE sessions SET ended_at = $2, end_reason = $3, ended_by = $4, end_note = $5,
        over_at = LEAST(over_at, $2) WHERE id = ANY($1) AND (ended_at IS NULL OR ended_at > $2)";
    let end = EndColumns::of(Some(end));
    lease.execute(sql, &[&sessions, &end.at, &end.reason, &end.by, &end.note]).await
}

/// A session with what a marker says whose work is not finished.
pub(super) fn read(row: &Row) -> Result<Session> {
    let mut session = read_row(row)?;
    session.ended = with_marker(row, session.ended)?;
    Ok(session)
}

/// The end in a session's record, or that of the marker beside it, whichever came first.
pub(super) fn with_marker(row: &Row, recorded: Option<End>) -> Result<Option<End>> {
    let marker = end(row, ["marker_at", "marker_reason", "marker_by", "marker_note"])?;
    Ok(match (recorded, marker) {
        (Some(recorded), Some(marker)) if marker.at < recorded.at => Some(marker),
        (recorded, marker) => recorded.or(marker),
    })
}

/// A session as its row alone tells.
pub(super) fn read_row(row: &Row) -> Result<Session> {
    let credential = match digest_opt(row, "secret")? {
        Some(secret) => {
            let until = instant_opt(row, "previous_until")?;
            Credential::Cookie { secret, previous: digest_opt(row, "previous")?.zip(until) }
        }
        None => Credential::Recorded(RefreshState {
            counter: u32::try_from(row.try_get::<_, i64>("counter")?).map_err(|_| corrupt("a counter"))?,
            rotated_at: instant(row, "rotated_at")?,
            window: duration(row, "refresh_window")?,
            token: id(row, "token_id", TokenId::from_bytes)?,
            tokens_until: instant(row, "tokens_until")?,
        }),
    };
    Ok(Session {
        id: id(row, "id", SessionId::from_bytes)?,
        user: id(row, "user_id", UserId::from_bytes)?,
        client: parsed::<ClientId>(row, "client_id")?,
        auth_time: instant(row, "auth_time")?,
        origin: origin(row)?,
        generation: unsigned(row, "generation")?,
        last_seen_at: instant(row, "last_seen_at")?,
        idle_timeout: duration(row, "idle_timeout")?,
        expires_at: instant(row, "expires_at")?,
        credential,
        ended: end(row, ["ended_at", "end_reason", "ended_by", "end_note"])?,
    })
}
