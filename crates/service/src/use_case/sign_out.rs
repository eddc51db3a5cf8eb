//! Logging out: destroyed on both sides where the server has a side, and said honestly where it has none.

use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::credential::{Credential as _, SessionCookie};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{EndReason, Origin};
use counterfoil_core::{SessionId, Timestamp, UserId};
use serde_json::json;

use crate::check::Presented;
use crate::crypto::sha256;
use crate::{Authority, By, Error};

/// What a log-out did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// Whether a session was ended. `false` for a stateless token, and for a login that was over before.
    pub revoked: bool,
    /// Until when a copy of the stateless token works on.
    pub valid_until: Option<Timestamp>,
    /// The number of the marker.
    pub sequence: Option<u64>,
}

const NOTHING: SignedOut = SignedOut { revoked: false, valid_until: None, sequence: None };

impl Authority {
    /// Ends the login of a credential. One that has expired still ends its session.
    ///
    /// # Errors
    /// [`Error::BadCredential`] for what is no credential of ours.
    pub async fn sign_out(&self, presented: Presented<'_>, origin: &Origin) -> Result<SignedOut, Error> {
        let now = self.0.clock.now();
        match presented {
            Presented::Cookie(text) => {
                let bad = Error::BadCredential { code: "malformed_cookie" };
                let cookie = SessionCookie::parse(text, &self.0.keyring).map_err(|_| bad)?;
                let session = self.0.stores.sessions.session(cookie.session).await?;
                let honoured = |secret| session.filter(|session| session.honours(secret, now));
                match honoured(sha256(cookie.secret.expose())) {
                    Some(session) => self.end_login(session.id, session.user, origin).await,
                    None => Ok(NOTHING),
                }
            }
            Presented::Bearer(text) => {
                let claims = self.read_own_token(text)?;
                match claims.sid {
                    Some(session) => self.end_login(session, claims.sub, origin).await,
                    None if claims.expires_at() <= now => Ok(NOTHING),
                    None => Ok(SignedOut { valid_until: Some(claims.expires_at()), ..NOTHING }),
                }
            }
        }
    }

    async fn end_login(&self, session: SessionId, user: UserId, origin: &Origin) -> Result<SignedOut, Error> {
        let actor = Actor::User(user);
        let selection = Selection::Session(session);
        let revocation = self.end(selection, EndReason::LoggedOut, Some(actor.clone()), None).await?;
        if revocation.counts.sessions == 0 {
            return Ok(NOTHING);
        }
        let by = By { actor, address: origin.address };
        self.audit_event(&by, Action::LoggedOut, Some(session.to_string()), json!({})).await;
        Ok(SignedOut { revoked: true, sequence: Some(revocation.sequence), ..NOTHING })
    }
}
