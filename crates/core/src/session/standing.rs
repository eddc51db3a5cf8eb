//! How a session stands for a store that keeps it: rules that every store has to share.

use super::{EndReason, Session, SessionState};
use crate::Timestamp;
use crate::revocation::Issued;

impl Session {
    /// What a marker needs to know of it.
    #[must_use]
    pub fn issued(&self) -> Issued<'_> {
        Issued {
            token: None,
            session: self.id,
            user: self.user,
            client: &self.client,
            generation: self.generation,
        }
    }

    /// Whether a revocation has ended it. One counts from when it was made, whatever the clock of the node that made it
    /// said: only being superseded can lie ahead.
    #[must_use]
    pub fn is_revoked(&self, now: Timestamp) -> bool {
        self.ended.as_ref().is_some_and(|end| end.at <= now || end.reason != EndReason::Superseded)
    }

    /// Whether commands may still change it.
    #[must_use]
    pub fn goes_on(&self, now: Timestamp) -> bool {
        self.state(now) == SessionState::Alive && !self.is_revoked(now)
    }

    /// When it is over, as far as can be told now: by this sessions are counted and swept.
    #[must_use]
    pub fn over_at(&self) -> Timestamp {
        let deadline = self.idle_deadline();
        self.ended.as_ref().map_or(deadline, |end| end.at.min(deadline))
    }
}
