//! How long a marker is kept: as long as anything lives that it can cover.

use std::time::Duration;

use super::Marker;
use crate::Timestamp;
use crate::account::Lifetimes;
use crate::session::{Credential, Session};

/// No marker is forgotten earlier than this. Copies of cookie sessions, which no token's expiry bounds, live shorter.
const AT_LEAST: Duration = Duration::from_secs(600);

impl Marker {
    /// When the last thing that a session's marker can cover has expired.
    #[must_use]
    pub fn expiry_for_session(session: &Session, now: Timestamp) -> Timestamp {
        match session.credential {
            Credential::Cookie { .. } => Self::expiry_for_token(now, now),
            Credential::Recorded(state) => Self::expiry_for_token(state.tokens_until, now),
        }
    }

    /// When the last thing that the marker of a token which expires then can cover has expired.
    #[must_use]
    pub fn expiry_for_token(expires_at: Timestamp, now: Timestamp) -> Timestamp {
        expires_at.max(now + AT_LEAST)
    }

    /// The same for a marker that covers what is not recorded, stateless tokens: of these only the longest possible life is
    /// known.
    #[must_use]
    pub fn expiry_for_many(now: Timestamp) -> Timestamp {
        now + Lifetimes::MAX_ACCESS + AT_LEAST
    }
}
