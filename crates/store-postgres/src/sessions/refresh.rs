//! Giving out the next refresh token.

use counterfoil_core::audit::Actor;
use counterfoil_core::port::{RefreshOutcome, RotateRefresh};
use counterfoil_core::revocation::{Marker, Subject};
use counterfoil_core::session::{Credential, End, EndReason, RefreshState, Session, SessionState};
use counterfoil_core::token::{RefreshVerdict, judge_refresh};

use super::{feed, record, tokens};
use crate::columns::key;
use crate::error::{Result, corrupt};
use crate::lease::Lease;
use crate::pool::Pool;

/// What can change of a recorded session at a refresh.
const UPDATE: &str =
    "UPDATE sessions SET last_seen_at = $2, over_at = $3, counter = $4, rotated_at = $5, token_id = $6,
    tokens_until = $7 WHERE id = $1";

/// Two round trips: the locked record, then what changes of it and the commit.
pub(super) async fn rotate(pool: &Pool, command: &RotateRefresh) -> Result<RefreshOutcome> {
    let lease = &pool.get().await?;
    let lock = lease.prepare(record::LOCK).await?;
    let id = key(command.session.as_bytes());
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&id];
    let (begun, found) = tokio::join!(biased; lease.begin(), lease.run(&lock, &params));
    begun?;
    let session = found?.first().map(record::read).transpose()?;
    let outcome = judge(lease, session, command).await?;
    // What changed something has committed it.
    if !matches!(outcome, RefreshOutcome::Rotated { .. } | RefreshOutcome::Replayed { .. }) {
        lease.rollback().await?;
    }
    Ok(outcome)
}

async fn judge(lease: &Lease, session: Option<Session>, command: &RotateRefresh) -> Result<RefreshOutcome> {
    let now = command.now;
    let Some(session) = session else { return Ok(RefreshOutcome::Unknown) };
    let Credential::Recorded(state) = session.credential else { return Ok(RefreshOutcome::Unknown) };
    if session.is_revoked(now) {
        return Ok(RefreshOutcome::Over(session.ended));
    }
    if session.state(now) == SessionState::Expired {
        return Ok(RefreshOutcome::Over(None));
    }
    match judge_refresh(&state, command.presented, now) {
        RefreshVerdict::Rotate { next } => {
            next_one(lease, session, state, next, command).await?;
            Ok(RefreshOutcome::Rotated { counter: next })
        }
        RefreshVerdict::Converge => {
            let token = tokens::by_id(lease, state.token).await?;
            let token = token.ok_or_else(|| corrupt("a session's newest token"))?;
            Ok(RefreshOutcome::Converged { counter: state.counter, token: Box::new(token.record) })
        }
        RefreshVerdict::Replay => {
            let end = End { at: now, reason: EndReason::RefreshReused, by: Some(Actor::System), note: None };
            record::end_rows(lease, &[key(session.id.as_bytes())], &end).await?;
            let subject = Subject::Session { session: session.id };
            let sequence =
                feed::append(lease, &subject, &end, Marker::expiry_for_session(&session, now)).await?;
            lease.commit().await?;
            Ok(RefreshOutcome::Replayed { sequence })
        }
    }
}

async fn next_one(
    lease: &Lease,
    mut session: Session,
    state: RefreshState,
    next: u32,
    command: &RotateRefresh,
) -> Result<()> {
    let tokens_until = state.tokens_until.max(command.token.expires_at);
    session.credential = Credential::Recorded(RefreshState {
        counter: next,
        rotated_at: command.now,
        window: state.window,
        token: command.token.id,
        tokens_until,
    });
    session.last_seen_at = session.last_seen_at.max(command.now);
    let update = lease.prepare(UPDATE).await?;
    let insert = lease.prepare(tokens::INSERT).await?;
    let changed: [&(dyn tokio_postgres::types::ToSql + Sync); 7] = [
        &key(session.id.as_bytes()),
        &session.last_seen_at.millis(),
        &session.over_at().millis(),
        &i64::from(next),
        &command.now.millis(),
        &key(command.token.id.as_bytes()),
        &tokens_until.millis(),
    ];
    let (updated, inserted, committed) = tokio::join!(biased;
        lease.run(&update, &changed), tokens::insert(lease, &insert, &command.token), lease.commit());
    updated?;
    inserted?;
    committed
}
