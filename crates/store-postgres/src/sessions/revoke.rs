//! Revocation: the marker, and with it, where they are of one user, the records.

use counterfoil_core::port::{Counts, Revocation, Revoke};
use counterfoil_core::revocation::{Marker, Plan, Subject};
use counterfoil_core::session::{End, Session};
use counterfoil_core::token::TokenState;
use counterfoil_core::{Timestamp, TokenId, UserId};
use uuid::Uuid;

use super::sql::{select_sessions, session_columns, unfinished_covers, with_marker};
use super::{count, feed, record, tokens};
use crate::columns::key;
use crate::error::Result;
use crate::lease::Lease;
use crate::locks;
use crate::pool::Pool;

/// Appends the marker or markers and, where they are of one user, ends the records. Records of many are neither ended
/// nor counted here.
pub(super) async fn revoke(pool: &Pool, command: &Revoke) -> Result<Revocation> {
    revoke_on(&pool.get().await?, command).await
}

/// The same, on this connection.
pub(super) async fn revoke_on(lease: &Lease, command: &Revoke) -> Result<Revocation> {
    lease.begin().await?;
    let done = revoke_in(lease, command).await?;
    lease.commit().await?;
    Ok(done)
}

async fn revoke_in(lease: &Lease, command: &Revoke) -> Result<Revocation> {
    let now = command.now;
    let end = End { at: now, reason: command.reason, by: command.by.clone(), note: command.note.clone() };
    match command.selection.plan() {
        Plan::Mark(Subject::Token { token }) => revoke_token(lease, token, &end).await,
        Plan::Mark(Subject::Session { session }) => {
            let found = record::lock(lease, session).await?;
            let going_on = found.filter(|session| !session.is_revoked(now));
            end_each(lease, going_on.as_slice(), &end).await
        }
        Plan::Mark(Subject::User { user, except }) => {
            // Before the records are looked for: a log-in that is under way is among them, or sees the marker.
            lease.query(locks::NO_LOG_IN, &[]).await?;
            let mut sessions = lock_not_ended_of(lease, user, now).await?;
            sessions.retain(|session| Some(session.id) != except);
            let counts = end_records(lease, &sessions, &end).await?;
            // Stateless tokens of the user are not recorded: only their longest possible life is known.
            let expires_at = Marker::expiry_for_many(now);
            let sequence = feed::append(lease, &Subject::User { user, except }, &end, expires_at).await?;
            Ok(Revocation { counts, sequence })
        }
        Plan::Enumerate { user } => {
            let mut sessions = lock_not_ended_of(lease, user, now).await?;
            sessions.retain(|session| command.selection.selects(session.id, session.user, &session.client));
            end_each(lease, &sessions, &end).await
        }
        Plan::Mark(subject @ (Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. })) => {
            // A log-in that is under way is recorded before the marker is there, so that the sweep passes it.
            lease.query(locks::NO_LOG_IN, &[]).await?;
            let expires_at = Marker::expiry_for_many(now);
            let sequence = feed::append(lease, &subject, &end, expires_at).await?;
            Ok(Revocation { counts: Counts::default(), sequence })
        }
    }
}

async fn revoke_token(lease: &Lease, token: TokenId, end: &End) -> Result<Revocation> {
    // The lock of its session is that of its tokens too: none of them is counted by two.
    let Some(session) = tokens::session_of(lease, token).await? else { return nothing(lease).await };
    record::lock(lease, session).await?;
    let found = tokens::by_id(lease, token).await?;
    let alive =
        found.filter(|found| found.record.state(found.session_end.as_ref(), end.at) == TokenState::Alive);
    let Some(found) = alive else { return nothing(lease).await };
    tokens::end_row(lease, token, end).await?;
    let expires_at = Marker::expiry_for_token(found.record.expires_at, end.at);
    let sequence = feed::append(lease, &Subject::Token { token }, end, expires_at).await?;
    Ok(Revocation { counts: Counts { sessions: 0, tokens: 1 }, sequence })
}

async fn nothing(lease: &Lease) -> Result<Revocation> {
    Ok(Revocation { counts: Counts::default(), sequence: feed::head(lease).await?.sequence })
}

/// A marker for each session, and its end.
async fn end_each(lease: &Lease, sessions: &[Session], end: &End) -> Result<Revocation> {
    if sessions.is_empty() {
        return nothing(lease).await;
    }
    let counts = end_records(lease, sessions, end).await?;
    let markers: Vec<(Uuid, Timestamp)> = sessions
        .iter()
        .map(|session| (key(session.id.as_bytes()), Marker::expiry_for_session(session, end.at)))
        .collect();
    let sequence = feed::append_each(lease, &markers, end).await?;
    Ok(Revocation { counts, sequence })
}

/// Ends the records, and counts what was alive.
async fn end_records(lease: &Lease, sessions: &[Session], end: &End) -> Result<Counts> {
    let counts = count::these(lease, sessions, end.at).await?;
    let ids: Vec<Uuid> = sessions.iter().map(|session| key(session.id.as_bytes())).collect();
    if !ids.is_empty() {
        record::end_rows(lease, &ids, end).await?;
    }
    Ok(counts)
}

/// A user's sessions that no revocation has ended, and nobody else changes them until the end of the transaction. Those
/// that have expired are among them: by the clock of another node they may not have, and what was revoked must never be
/// used again.
async fn lock_not_ended_of(lease: &Lease, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let sql = concat!(
        select_sessions!(),
        "WHERE s.user_id = $1 AND (s.ended_at IS NULL OR s.ended_at > $2) ORDER BY s.id FOR UPDATE OF s"
    );
    let rows = lease.query(sql, &[&key(user.as_bytes()), &now.millis()]).await?;
    let mut sessions = rows.iter().map(record::read).collect::<Result<Vec<_>>>()?;
    sessions.retain(|session| !session.is_revoked(now));
    Ok(sessions)
}
