//! How a session stands: as its record tells, and as open markers of many tell whose work is not finished.

use counterfoil_core::Timestamp;
use counterfoil_core::account::Lifetimes;
use counterfoil_core::session::{Credential, End, EndReason, Session, SessionState};
use std::time::Duration;

use crate::feed::Open;

/// No marker is forgotten earlier than this. Copies of cookie sessions, which no token's expiry bounds, live shorter.
pub(super) const AT_LEAST: Duration = Duration::from_secs(600);

/// A session as it will be once the work of the markers is finished.
pub(super) fn with_open(open: &[Open], mut session: Session) -> Session {
    let end = open.iter().find_map(|open| open.end_of(&session));
    if let Some(end) = end
        && ends_earlier(&session, &end)
    {
        session.ended = Some(end);
    }
    session
}

/// Whether an end is earlier than what the record tells: the first one stays.
pub(super) fn ends_earlier(session: &Session, end: &End) -> bool {
    session.ended.as_ref().is_none_or(|before| before.at > end.at)
}

/// Whether a revocation has ended it. One counts from when it was made, whatever the clock of the node that made it
/// said: only being superseded can lie ahead.
pub(super) fn is_revoked(session: &Session, now: Timestamp) -> bool {
    session.ended.as_ref().is_some_and(|end| end.at <= now || end.reason != EndReason::Superseded)
}

/// Whether commands may still change it.
pub(super) fn goes_on(session: &Session, now: Timestamp) -> bool {
    session.state(now) == SessionState::Alive && !is_revoked(session, now)
}

/// When it is over, as far as can be told now.
pub(super) fn over_at(session: &Session) -> Timestamp {
    let deadline = session.idle_deadline();
    session.ended.as_ref().map_or(deadline, |end| end.at.min(deadline))
}

/// When the last thing that a session's marker can cover has expired.
pub(super) fn marker_expiry(session: &Session, now: Timestamp) -> Timestamp {
    let tokens = match session.credential {
        Credential::Cookie { .. } => now,
        Credential::Recorded(state) => state.tokens_until,
    };
    tokens.max(now + AT_LEAST)
}

/// When the last thing that a token's marker can cover has expired.
pub(super) fn token_marker_expiry(expires_at: Timestamp, now: Timestamp) -> Timestamp {
    expires_at.max(now + AT_LEAST)
}

/// The same for a marker that covers what is not recorded: of that only the longest possible life is known.
pub(super) fn marker_of_many_expiry(now: Timestamp) -> Timestamp {
    now + Lifetimes::MAX_ACCESS + AT_LEAST
}
