//! Token records.

use counterfoil_core::audit::Actor;
use counterfoil_core::port::TokenListing;
use counterfoil_core::session::End;
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{Digest, SessionId, Timestamp, TokenId, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{feed, record};
use crate::columns::{Result, client, end, id, instant, origin, parsed};

pub(super) fn insert(connection: &Connection, token: &TokenRecord) -> Result<()> {
    let sql = "INSERT INTO tokens (id, session, user, client, issued_at, expires_at, algorithm, key_id, claims, digest,
        address, user_agent, revoked_at, end_reason, ended_by, end_note)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let end = token.revoked.as_ref();
    connection.prepare_cached(sql)?.execute((
        token.id.as_bytes(),
        token.session.as_bytes(),
        token.user.as_bytes(),
        token.client.as_str(),
        token.issued_at.millis(),
        token.expires_at.millis(),
        token.algorithm.as_str(),
        &token.key_id,
        &token.claims,
        token.digest.as_bytes(),
        token.origin.address.map(|address| address.to_string()),
        token.origin.user_agent.as_deref(),
        end.map(|end| end.at.millis()),
        end.map(|end| end.reason.as_str()),
        end.and_then(|end| end.by.as_ref()).map(Actor::to_string),
        end.and_then(|end| end.note.as_deref()),
    ))?;
    Ok(())
}

pub(super) fn by_id(connection: &Connection, id: TokenId) -> Result<Option<TokenListing>> {
    let sql = "SELECT * FROM tokens WHERE id = ?";
    let token = connection.prepare_cached(sql)?.query_row([id.as_bytes()], read).optional()?;
    match token {
        None => Ok(None),
        Some(token) => with_session(connection, &feed::unfinished(connection)?, token).map(Some),
    }
}

/// A token with what its session says about it. A session is never removed before its tokens.
pub(super) fn with_session(
    connection: &Connection,
    unfinished: &[feed::Unfinished],
    record: TokenRecord,
) -> Result<TokenListing> {
    let session = record::row_of(connection, record.session)?;
    let session = session.map(|session| feed::with_unfinished(unfinished, session));
    let generation = session.as_ref().map_or(0, |session| session.generation);
    Ok(TokenListing { record, generation, session_end: session.and_then(|session| session.ended) })
}

/// How many tokens of a session are alive, if the session is.
pub(super) fn count_alive(connection: &Connection, session: SessionId, now: Timestamp) -> Result<u64> {
    let sql = "SELECT COUNT(*) FROM tokens WHERE session = ? AND expires_at > ? AND revoked_at IS NULL";
    let count: i64 =
        connection.prepare_cached(sql)?.query_row((session.as_bytes(), now.millis()), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn end_row(connection: &Connection, id: TokenId, end: &End) -> Result<()> {
    let sql = "UPDATE tokens SET revoked_at = ?, end_reason = ?, ended_by = ?, end_note = ? WHERE id = ?";
    connection.prepare_cached(sql)?.execute((
        end.at.millis(),
        end.reason.as_str(),
        end.by.as_ref().map(Actor::to_string),
        &end.note,
        id.as_bytes(),
    ))?;
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> Result<TokenRecord> {
    Ok(TokenRecord {
        id: id(row, "id", TokenId::from_bytes)?,
        session: id(row, "session", SessionId::from_bytes)?,
        user: id(row, "user", UserId::from_bytes)?,
        client: client(row)?,
        issued_at: instant(row.get("issued_at")?),
        expires_at: instant(row.get("expires_at")?),
        algorithm: parsed(row, "algorithm")?,
        key_id: row.get::<_, String>("key_id")?.into(),
        claims: row.get::<_, String>("claims")?.into(),
        digest: Digest::new(row.get("digest")?),
        origin: origin(row)?,
        revoked: end(row, "revoked_at")?,
    })
}
