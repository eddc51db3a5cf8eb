//! Stateless renewal: a still valid `jwt` token buys a new one, up to the absolute limit counted from `auth_time`, with
//! nothing recorded anywhere.
//!
//! Renewal is where a stateless login can be stopped: of a user or client that was revoked, removed or disabled since the
//! log-in nothing is renewed, so that what is left of it lives no longer than one access token.

use counterfoil_core::revocation::Issued;
use counterfoil_core::session::Origin;
use counterfoil_core::{Mode, SessionId, Timestamp};

use super::SignedIn;
use super::issue_token::Grant;
use super::open_login::Opening;
use crate::check::ReadToken;
use crate::{Authority, Error};

impl Authority {
    /// Renews a stateless token. If the client has become `recorded` since, the login gets a session now.
    ///
    /// # Errors
    /// [`Error::BadCredential`], [`Error::Expired`], [`Error::NotStateless`], [`Error::Revoked`],
    /// [`Error::RenewalOver`].
    pub async fn renew(&self, bearer: &str, origin: &Origin) -> Result<SignedIn, Error> {
        let now = self.0.clock.now();
        let ReadToken { claims, expired } = self.read_token(bearer, now)?;
        if claims.sid.is_some() {
            return Err(Error::NotStateless);
        }
        // As strict as a check is: what is refused there is not brought back to life here.
        if expired || now >= claims.expires_at() {
            return Err(Error::Expired);
        }
        let client = self.application(Some(claims.client_id.as_str())).map_err(|_| Error::Expired)?;
        let auth_time = Timestamp::from_seconds(claims.auth_time);
        let issued = Issued {
            token: Some(claims.jti),
            session: SessionId::least_of(auth_time),
            user: claims.sub,
            client: &client.id,
            generation: claims.generation,
        };
        // As of here nothing covers the login; what is revoked from here on covers what is made of it.
        let as_of = self.0.view.sequence();
        self.stateless_stands(&issued, now)?;
        let user = self.enabled_user(claims.sub).await?;
        let ends_at = auth_time + client.lifetimes.absolute;
        if now >= ends_at {
            return Err(Error::RenewalOver);
        }
        self.0.counters.renewals.add();
        let generation = claims.generation;
        if client.mode == Mode::Recorded {
            let opening = Opening { client: &client, auth_time, generation: as_of, origin };
            return self.open_renewed(&user, opening).await;
        }
        let grant = Grant { client: &client, user: &user, session: None, auth_time, generation, ends_at };
        Ok(SignedIn::Jwt(self.mint(&grant, now)?.sign(self)?))
    }
}
