//! Who is calling? The hot path.
//!
//! A credential seen before costs a digest, a probe of a cache, and, only if the feed or the accounts moved since, a probe
//! of the view. One seen for the first time costs its signature or one look-up. Garbage costs neither.

mod caller;
mod checks;
mod cookie;
mod token;

pub use caller::{Caller, CallerCredential, Presented, TokenCard};
pub(crate) use checks::{Checked, Checks};
pub(crate) use token::ReadToken;

use std::sync::{Arc, LazyLock};

use counterfoil_core::revocation::Issued;
use counterfoil_core::session::{End, EndReason, Session, SessionState};
use counterfoil_core::{SessionId, Timestamp};

use serde_json::{Map, Value};

use crate::settings::PastLimit;
use crate::{Authority, Error};

impl Authority {
    /// Who is calling?
    ///
    /// # Errors
    /// [`Error::BadCredential`], [`Error::Expired`], [`Error::Revoked`], [`Error::Stale`] when the view is too old and
    /// the store does not answer, [`Error::Store`] when a look-up failed.
    pub async fn check(&self, presented: Presented<'_>) -> Result<Caller, Error> {
        let outcome = match presented {
            Presented::Cookie(text) => self.check_cookie(text).await,
            Presented::Bearer(text) => self.check_bearer(text).await,
        };
        if outcome.is_err() {
            self.0.counters.checks_refused.add();
        }
        outcome
    }

    /// Whether the caller may administer. Nowhere else is a checked stateless token held to the view; here it is, since
    /// only this server serves administrators, and their rights must end with a revocation.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Revoked`], [`Error::Stale`].
    pub fn require_administrator(&self, caller: &Caller) -> Result<(), Error> {
        if !caller.is_admin() {
            return Err(Error::Forbidden);
        }
        match &caller.credential {
            CallerCredential::Token(token) if caller.session_id().is_none() => {
                let issued = Issued {
                    token: Some(token.id),
                    session: SessionId::least_of(token.auth_time),
                    user: caller.user_id(),
                    client: &caller.principal.client_id,
                    generation: token.generation,
                };
                self.stateless_stands(&issued, self.0.clock.now())
            }
            _ => Ok(()),
        }
    }

    /// Whether no revocation covers a stateless login, as far as a view that can be trusted tells.
    pub(crate) fn stateless_stands(&self, issued: &Issued<'_>, now: Timestamp) -> Result<(), Error> {
        if !self.0.view.is_fresh(now) {
            return Err(Error::Stale);
        }
        match self.0.view.covers(issued) {
            (Some(reason), _) => Err(Error::Revoked { reason }),
            (None, _) => Ok(()),
        }
    }

    /// Whether a checked credential still stands: not expired, not covered by a marker, upon a view that can be trusted.
    async fn stands(&self, checked: &Checked, now: Timestamp) -> Result<(), Error> {
        if now >= checked.expires_at() {
            return Err(Error::Expired);
        }
        let Some(issued) = checked.issued() else { return Ok(()) };
        if !self.0.view.is_fresh(now) {
            return self.ask_store(checked, now).await;
        }
        if checked.confirmed_sequence() == self.0.view.sequence() {
            return Ok(());
        }
        match self.0.view.covers(&issued) {
            (Some(reason), _) => Err(Error::Revoked { reason }),
            (None, sequence) => {
                checked.confirm(sequence);
                Ok(())
            }
        }
    }

    /// What to do past the view's limit.
    async fn ask_store(&self, checked: &Checked, now: Timestamp) -> Result<(), Error> {
        let (PastLimit::AskThenRefuse, Some(issued)) = (self.0.settings.view.past_limit, checked.issued())
        else {
            return Err(Error::Stale);
        };
        let session = self.0.stores.sessions.session(issued.session).await.map_err(|_| Error::Stale)?;
        alive(session.as_ref(), now)?;
        let Some(token) = issued.token else { return Ok(()) };
        let listing = self.0.stores.sessions.token(token).await.map_err(|_| Error::Stale)?;
        match listing.and_then(|listing| listing.record.revoked) {
            Some(End { reason, .. }) => Err(Error::Revoked { reason }),
            None => Ok(()),
        }
    }
}

/// Claims to keep. Most clients have none, and what is kept of none is one for all.
fn shared(claims: Map<String, Value>) -> Arc<Map<String, Value>> {
    static NONE: LazyLock<Arc<Map<String, Value>>> = LazyLock::new(Arc::default);
    if claims.is_empty() { Arc::clone(&NONE) } else { Arc::new(claims) }
}

/// Whether a session's record says that it can be used.
fn alive(session: Option<&Session>, now: Timestamp) -> Result<&Session, Error> {
    let session = session.ok_or(Error::Expired)?;
    match session.state(now) {
        SessionState::Alive => Ok(session),
        SessionState::Expired => Err(Error::Expired),
        SessionState::Ended => {
            let reason = session.ended.as_ref().map_or(EndReason::LoggedOut, |end| end.reason);
            Err(Error::Revoked { reason })
        }
    }
}
