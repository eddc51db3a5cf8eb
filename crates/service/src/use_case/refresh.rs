//! Refreshing a `recorded` login (RFC 6749, section 6; RFC 9700, section 4.14.2).

use counterfoil_core::SessionId;
use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::credential::{Credential as _, RefreshToken};
use counterfoil_core::port::{RefreshOutcome, RotateRefresh};
use counterfoil_core::session::{EndReason, Origin, Session};
use serde_json::json;
use zeroize::Zeroizing;

use super::AccessToken;
use super::issue_token::Grant;
use crate::{Authority, By, Error};

/// What a refresh gives.
#[derive(Debug)]
pub struct Refreshed {
    /// The access token.
    pub access: AccessToken,
    /// The refresh token to use next.
    pub refresh_token: Zeroizing<String>,
    /// The session.
    pub session_id: SessionId,
    /// How it came about.
    pub cause: RefreshCause,
}

/// How an answer to a refresh came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshCause {
    /// The refresh token was the newest.
    Rotated,
    /// The refresh token had been used a moment ago: the same answer once more.
    Converged,
}

impl RefreshCause {
    /// The stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Converged => "converged",
        }
    }
}

const UNKNOWN: Error = Error::InvalidGrant { cause: "unknown_token" };
const ENDED: Error = Error::InvalidGrant { cause: "session_ended" };
const EXPIRED: Error = Error::InvalidGrant { cause: "session_expired" };

impl Authority {
    /// Gives out the next access and refresh token of a session.
    ///
    /// # Errors
    /// [`Error::InvalidGrant`] with the cause: `unknown_token` (not ours, or not this client's), `session_ended`,
    /// `session_expired`, `refresh_token_reused` (somebody has a copy; the session is over).
    pub async fn refresh(
        &self,
        text: &str,
        client_id: Option<&str>,
        origin: &Origin,
    ) -> Result<Refreshed, Error> {
        // A token that we did not make asks no store.
        let presented = RefreshToken::parse(text, &self.0.keyring).map_err(|_| UNKNOWN)?;
        let session = self.0.stores.sessions.session(presented.session).await?.ok_or(EXPIRED)?;
        if client_id.is_some_and(|id| id != session.client.as_str()) {
            return Err(UNKNOWN);
        }
        let client = self.client(&session.client).map_err(|_| ENDED)?;
        let user = self.0.stores.accounts.user(session.user).await?;
        let user = user.filter(|user| user.disabled_at.is_none()).ok_or(ENDED)?.card();
        let now = self.0.clock.now();
        let grant = Grant {
            client: &client,
            user: &user,
            session: Some(session.id),
            auth_time: session.auth_time,
            // The session's own: whatever revoked it, or revokes it at this moment, covers the new token too.
            generation: session.generation,
            ends_at: session.expires_at,
        };
        let minted = self.mint(&grant, now)?;
        let token = minted.record(session.id, origin);
        let command = RotateRefresh { session: session.id, presented: presented.counter, token, now };
        let answer = |access, counter, cause| Refreshed {
            access,
            refresh_token: RefreshToken { session: session.id, counter }.to_text(&self.0.keyring),
            session_id: session.id,
            cause,
        };
        match self.0.stores.sessions.rotate_refresh(command).await? {
            RefreshOutcome::Rotated { counter } => {
                self.0.counters.refreshes_rotated.add();
                Ok(answer(minted.sign(self)?, counter, RefreshCause::Rotated))
            }
            RefreshOutcome::Converged { counter, token } => {
                self.0.counters.refreshes_converged.add();
                Ok(answer(self.sign_again(&token, now)?, counter, RefreshCause::Converged))
            }
            RefreshOutcome::Replayed { .. } => {
                self.catch_up().await?;
                self.note_theft(&session, origin).await;
                Err(Error::InvalidGrant { cause: "refresh_token_reused" })
            }
            RefreshOutcome::Over(Some(end)) if end.reason == EndReason::RefreshReused => {
                Err(Error::InvalidGrant { cause: "refresh_token_reused" })
            }
            RefreshOutcome::Over(Some(_)) => Err(ENDED),
            RefreshOutcome::Over(None) => Err(EXPIRED),
            RefreshOutcome::Unknown => Err(UNKNOWN),
        }
    }

    async fn note_theft(&self, session: &Session, origin: &Origin) {
        self.0.counters.refreshes_replayed.add();
        tracing::warn!(session = %session.id, user = %session.user, "a refresh token was used twice: session ended");
        let by = By { actor: Actor::User(session.user), address: origin.address };
        let detail = json!({"client": session.client});
        self.audit_event(&by, Action::RefreshReused, Some(session.id.to_string()), detail).await;
    }
}
