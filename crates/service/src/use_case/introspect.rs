//! Introspection (RFC 7662): what a token is worth at this moment.

use counterfoil_core::credential::{Credential as _, RefreshToken, SessionCookie};
use counterfoil_core::session::{Credential, Session, SessionState};
use counterfoil_core::token::AccessClaims;
use counterfoil_core::{ClientId, Mode, SessionId, UserId};
use serde::Serialize;

use crate::check::Presented;
use crate::{Authority, Error};

/// The answer (RFC 7662, section 2.2).
#[derive(Clone, Debug, Default, Serialize)]
pub struct Introspection {
    /// Whether it would be accepted.
    pub active: bool,
    /// `access_token`, `refresh_token` or `session`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// How the login is carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<UserId>,
    /// The client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// When it expires, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// The access token's other claims.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Box<AccessClaims>>,
}

impl Authority {
    /// What a token is worth. Anything that would be refused is `active: false`, and nothing more is told.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Stale`].
    pub async fn introspect(&self, token: &str) -> Result<Introspection, Error> {
        let answer = if token.starts_with(RefreshToken::PREFIX) {
            self.introspect_refresh_token(token).await
        } else if token.starts_with(SessionCookie::PREFIX) {
            self.introspect_cookie(token).await
        } else {
            self.introspect_access_token(token).await
        };
        match answer {
            Ok(answer) => Ok(answer),
            Err(Error::BadCredential { .. } | Error::Expired | Error::Revoked { .. }) => {
                Ok(Introspection::default())
            }
            Err(error) => Err(error),
        }
    }

    async fn introspect_access_token(&self, token: &str) -> Result<Introspection, Error> {
        let caller = self.check(Presented::Bearer(token)).await?;
        let claims = self.read_token(token, self.0.clock.now())?.claims;
        Ok(Introspection {
            active: true,
            token_type: Some("access_token"),
            mode: Some(caller.principal.mode),
            claims: Some(Box::new(claims)),
            ..Introspection::default()
        })
    }

    async fn introspect_cookie(&self, token: &str) -> Result<Introspection, Error> {
        let caller = self.check(Presented::Cookie(token)).await?;
        let session = match caller.session_id() {
            Some(id) => self.0.stores.sessions.session(id).await?,
            None => None,
        };
        Ok(session.map_or_else(Introspection::default, |session| of_session(&session, "session")))
    }

    async fn introspect_refresh_token(&self, token: &str) -> Result<Introspection, Error> {
        let bad = Error::BadCredential { code: "malformed_refresh_token" };
        let presented = RefreshToken::parse(token, &self.0.keyring).map_err(|_| bad)?;
        let session = self.0.stores.sessions.session(presented.session).await?.ok_or(Error::Expired)?;
        let Credential::Recorded(state) = session.credential else { return Ok(Introspection::default()) };
        let alive =
            session.state(self.0.clock.now()) == SessionState::Alive && presented.counter >= state.counter;
        if !alive || self.enabled_user(session.user).await.is_err() {
            return Ok(Introspection::default());
        }
        Ok(of_session(&session, "refresh_token"))
    }
}

fn of_session(session: &Session, token_type: &'static str) -> Introspection {
    Introspection {
        active: true,
        token_type: Some(token_type),
        mode: Some(session.mode()),
        sub: Some(session.user),
        client_id: Some(session.client.clone()),
        sid: Some(session.id),
        exp: Some(session.idle_deadline().seconds()),
        claims: None,
    }
}
