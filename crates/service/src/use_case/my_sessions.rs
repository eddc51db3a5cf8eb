//! My sessions: what a user sees and ends of their own.

use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::port::SessionFilter;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{EndReason, Origin, SessionState};
use counterfoil_core::{Page, PageRequest, SessionId};
use serde_json::json;

use super::{RevocationReport, SessionView};
use crate::check::Caller;
use crate::{Authority, By, Error};

impl Authority {
    /// A page of the caller's sessions that are alive, newest first, this one marked.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn my_sessions(
        &self,
        caller: &Caller,
        page: PageRequest<SessionId>,
    ) -> Result<Page<SessionView, SessionId>, Error> {
        let filter = SessionFilter {
            user: Some(caller.user_id()),
            state: Some(SessionState::Alive),
            ..SessionFilter::default()
        };
        let mut page = self.list_sessions(&filter, page).await?;
        for view in &mut page.items {
            view.current = Some(view.id) == caller.session_id();
        }
        Ok(page)
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not theirs.
    pub async fn end_my_session(
        &self,
        caller: &Caller,
        session: SessionId,
        origin: &Origin,
    ) -> Result<RevocationReport, Error> {
        let found = self.0.stores.sessions.session(session).await?;
        found.filter(|found| found.user == caller.user_id()).ok_or(Error::NotFound)?;
        self.end_mine(caller, Selection::Session(session), origin).await
    }

    /// Ends all the caller's sessions but this one. A stateless token cannot be told from a copy of it: with one, this login
    /// is not renewed either.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn end_my_other_sessions(
        &self,
        caller: &Caller,
        origin: &Origin,
    ) -> Result<RevocationReport, Error> {
        let others = Selection::user_except(caller.user_id(), caller.session_id());
        self.end_mine(caller, others, origin).await
    }

    async fn end_mine(
        &self,
        caller: &Caller,
        selection: Selection,
        origin: &Origin,
    ) -> Result<RevocationReport, Error> {
        let started = self.0.clock.now();
        let actor = Actor::User(caller.user_id());
        let reason = EndReason::RevokedByUser;
        let revocation = self.end(selection.clone(), reason, Some(actor.clone()), None).await?;
        let target = match selection {
            Selection::Session(session) => session.to_string(),
            _ => caller.user_id().to_string(),
        };
        let by = By { actor, address: origin.address };
        let detail = json!({"sessions": revocation.counts.sessions, "tokens": revocation.counts.tokens});
        self.audit_event(&by, Action::Revoked, Some(target), detail).await;
        self.report(&selection, revocation, started).await
    }
}
