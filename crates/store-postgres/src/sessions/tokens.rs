//! Token records.

use counterfoil_core::port::TokenListing;
use counterfoil_core::session::End;
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{SessionId, Timestamp, TokenId, UserId};
use tokio_postgres::{Row, Statement};
use uuid::Uuid;

use super::record;
use super::sql::{unfinished_covers, with_marker};
use crate::columns::{EndColumns, bytes, digest, end, id, instant, key, origin, parsed, unsigned};
use crate::error::Result;
use crate::lease::Lease;

/// Tokens with what their sessions, and the markers whose work is not finished, say about them. A session is never removed
/// before its tokens.
macro_rules! select_tokens {
    () => {
        concat!(
            "SELECT t.id, t.session_id, t.user_id, t.client_id, t.issued_at, t.expires_at, t.algorithm, t.key_id,
            t.claims, t.digest, t.address, t.user_agent, t.revoked_at, t.end_reason, t.ended_by, t.end_note,
            COALESCE(s.generation, 0) AS generation, s.ended_at AS session_ended_at, s.end_reason AS session_reason,
            s.ended_by AS session_by, s.end_note AS session_note, marker_at, marker_reason, marker_by, marker_note
            FROM tokens t LEFT JOIN sessions s ON s.id = t.session_id",
            with_marker!()
        )
    };
}
pub(super) use select_tokens;

pub(super) const INSERT: &str =
    "INSERT INTO tokens (id, session_id, user_id, client_id, issued_at, expires_at,
    algorithm, key_id, claims, digest, address, user_agent, revoked_at, end_reason, ended_by, end_note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// Adds a token, [`INSERT`] being prepared.
pub(super) async fn insert(lease: &Lease, statement: &Statement, token: &TokenRecord) -> Result<()> {
    let end = EndColumns::of(token.revoked.as_ref());
    lease
        .run(
            statement,
            &[
                &key(token.id.as_bytes()),
                &key(token.session.as_bytes()),
                &key(token.user.as_bytes()),
                &token.client.as_str(),
                &token.issued_at.millis(),
                &token.expires_at.millis(),
                &token.algorithm.as_str(),
                &&*token.key_id,
                &&*token.claims,
                &bytes(&token.digest),
                &token.origin.address.map(|address| address.to_string()),
                &token.origin.user_agent.as_deref(),
                &end.at,
                &end.reason,
                &end.by,
                &end.note,
            ],
        )
        .await
        .map(drop)
}

pub(super) async fn by_id(lease: &Lease, id: TokenId) -> Result<Option<TokenListing>> {
    let sql = concat!(select_tokens!(), "WHERE t.id = $1");
    lease.query_opt(sql, &[&key(id.as_bytes())]).await?.as_ref().map(read).transpose()
}

/// The session of a token.
pub(super) async fn session_of(lease: &Lease, token: TokenId) -> Result<Option<SessionId>> {
    let row =
        lease.query_opt("SELECT session_id FROM tokens WHERE id = $1", &[&key(token.as_bytes())]).await?;
    row.map(|row| id(&row, "session_id", SessionId::from_bytes)).transpose()
}

/// How many tokens of these sessions are alive, if the sessions are.
pub(super) async fn count_alive(lease: &Lease, sessions: &[Uuid], now: Timestamp) -> Result<u64> {
    if sessions.is_empty() {
        return Ok(0);
    }
    let sql =
        "SELECT count(*) FROM tokens WHERE session_id = ANY($1) AND expires_at > $2 AND revoked_at IS NULL";
    unsigned(&lease.query_one(sql, &[&sessions, &now.millis()]).await?, "count")
}

pub(super) async fn end_row(lease: &Lease, id: TokenId, end: &End) -> Result<()> {
    let sql =
        "UPDATE tokens SET revoked_at = $2, end_reason = $3, ended_by = $4, end_note = $5 WHERE id = $1";
    let end = EndColumns::of(Some(end));
    lease.execute(sql, &[&key(id.as_bytes()), &end.at, &end.reason, &end.by, &end.note]).await.map(drop)
}

pub(super) fn read(row: &Row) -> Result<TokenListing> {
    let session_end = end(row, ["session_ended_at", "session_reason", "session_by", "session_note"])?;
    let record = TokenRecord {
        id: id(row, "id", TokenId::from_bytes)?,
        session: id(row, "session_id", SessionId::from_bytes)?,
        user: id(row, "user_id", UserId::from_bytes)?,
        client: parsed(row, "client_id")?,
        issued_at: instant(row, "issued_at")?,
        expires_at: instant(row, "expires_at")?,
        algorithm: parsed(row, "algorithm")?,
        key_id: row.try_get::<_, String>("key_id")?.into(),
        claims: row.try_get::<_, String>("claims")?.into(),
        digest: digest(row, "digest")?,
        origin: origin(row)?,
        revoked: end(row, ["revoked_at", "end_reason", "ended_by", "end_note"])?,
    };
    Ok(TokenListing {
        record,
        generation: unsigned(row, "generation")?,
        session_end: record::with_marker(row, session_end)?,
    })
}
