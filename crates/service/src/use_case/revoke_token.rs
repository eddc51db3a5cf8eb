//! Token revocation (RFC 7009), for access tokens that are recorded, refresh tokens and session cookies.

use counterfoil_core::account::Client;
use counterfoil_core::audit::Action;
use counterfoil_core::credential::{Credential as _, RefreshToken, SessionCookie};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::EndReason;
use serde_json::json;

use crate::{Authority, By, Error};

impl Authority {
    /// Revokes a token on behalf of an authenticated service. An access token dies alone, whomever it was meant for; a
    /// refresh token and a cookie take their session along (RFC 7009, section 2.1). What is no token of ours is no error
    /// (section 2.2).
    ///
    /// # Errors
    /// [`Error::UnsupportedTokenType`] for a stateless token: saying "revoked" would be a lie.
    pub async fn revoke_token(&self, client: &Client, token: &str, by: &By) -> Result<(), Error> {
        let selection = if let Ok(refresh) = RefreshToken::parse(token, &self.0.keyring) {
            Selection::Session(refresh.session)
        } else if let Ok(cookie) = SessionCookie::parse(token, &self.0.keyring) {
            Selection::Session(cookie.session)
        } else {
            let Ok(claims) = self.read_own_token(token) else { return Ok(()) };
            if claims.expires_at() <= self.0.clock.now() {
                return Ok(());
            }
            if claims.sid.is_none() {
                return Err(Error::UnsupportedTokenType);
            }
            Selection::Token(claims.jti)
        };
        let target = match &selection {
            Selection::Token(id) => id.to_string(),
            Selection::Session(id) => id.to_string(),
            Selection::Sessions { .. } => String::new(),
        };
        let revocation =
            self.end(selection, EndReason::RevokedByClient, Some(by.actor.clone()), None).await?;
        let detail = json!({"client": client.id, "sessions": revocation.counts.sessions});
        self.audit_event(by, Action::Revoked, Some(target), detail).await;
        Ok(())
    }
}
