//! Giving out the next refresh token.

use counterfoil_core::audit::Actor;
use counterfoil_core::port::{RefreshOutcome, RotateRefresh};
use counterfoil_core::revocation::{Marker, Subject};
use counterfoil_core::session::{Credential, End, EndReason, RefreshState, SessionState};
use counterfoil_core::token::{RefreshVerdict, judge_refresh};

use super::{feed, record, tokens};
use crate::columns::Result;
use crate::error::corrupt;
use crate::writer::Transaction;

pub(super) fn rotate(transaction: &Transaction<'_>, command: &RotateRefresh) -> Result<RefreshOutcome> {
    let connection = transaction.connection;
    let now = command.now;
    let Some(mut session) = record::by_id(connection, command.session)? else {
        return Ok(RefreshOutcome::Unknown);
    };
    let Credential::Recorded(state) = session.credential else { return Ok(RefreshOutcome::Unknown) };
    if session.is_revoked(now) {
        return Ok(RefreshOutcome::Over(session.ended));
    }
    if session.state(now) == SessionState::Expired {
        return Ok(RefreshOutcome::Over(None));
    }
    match judge_refresh(&state, command.presented, now) {
        RefreshVerdict::Rotate { next } => {
            session.credential = Credential::Recorded(RefreshState {
                counter: next,
                rotated_at: now,
                window: state.window,
                token: command.token.id,
                tokens_until: state.tokens_until.max(command.token.expires_at),
            });
            session.last_seen_at = session.last_seen_at.max(now);
            record::update(connection, &session)?;
            tokens::insert(connection, &command.token)?;
            Ok(RefreshOutcome::Rotated { counter: next })
        }
        RefreshVerdict::Converge => {
            let token =
                tokens::by_id(connection, state.token)?.ok_or_else(|| corrupt("a session's newest token"))?;
            Ok(RefreshOutcome::Converged { counter: state.counter, token: Box::new(token.record) })
        }
        RefreshVerdict::Replay => {
            let end = End { at: now, reason: EndReason::RefreshReused, by: Some(Actor::System), note: None };
            let subject = Subject::Session { session: session.id };
            let sequence =
                feed::append(transaction, &subject, &end, Marker::expiry_for_session(&session, now))?;
            record::end_row(connection, session, end)?;
            Ok(RefreshOutcome::Replayed { sequence })
        }
    }
}
