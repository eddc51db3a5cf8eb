//! Opening a login for a user who proved who they are: what is recorded, and what the client is given, by mode.

use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::account::{Client, User};
use counterfoil_core::credential::{Credential as _, RefreshToken, SessionCookie};
use counterfoil_core::port::Created;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{Credential, End, EndReason, Origin, RefreshState, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{ClientId, Mode, SecretBytes, SessionCard, SessionId, Timestamp, UserCard, UserId};
use zeroize::Zeroizing;

use super::AccessToken;
use super::issue_token::Grant;
use crate::crypto::sha256;
use crate::{Authority, Error};

/// For how long a replaced cookie is honoured, for requests that are under way.
pub(super) const PREVIOUS_HONOURED: Duration = Duration::from_secs(10);
/// How often a log-in that is overtaken by revocations begins anew.
const ATTEMPTS: usize = 3;

/// What a client is given at log-in.
#[derive(Debug)]
pub enum SignedIn {
    /// `cookie`
    Cookie {
        /// The cookie.
        cookie: IssuedCookie,
        /// Who logged in.
        user: Arc<UserCard>,
        /// The session.
        session: SessionCard,
        /// Through which client.
        client_id: ClientId,
    },
    /// `jwt`
    Jwt(AccessToken),
    /// `recorded`
    Recorded {
        /// The access token.
        access: AccessToken,
        /// What buys the next one.
        refresh_token: Zeroizing<String>,
        /// The session.
        session_id: SessionId,
    },
}

/// A session cookie to be set.
#[derive(Debug)]
pub struct IssuedCookie {
    /// Its value.
    pub value: Zeroizing<String>,
    /// For how long the browser should keep it: until the session's absolute end.
    pub max_age: Duration,
}

/// How a login is opened.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a> {
    pub(super) client: &'a Client,
    pub(super) auth_time: Timestamp,
    pub(super) generation: u64,
    pub(super) origin: &'a Origin,
}

impl Authority {
    /// Opens a login. If a revocation overtakes it, looks again whether the user may log in, and opens it after that.
    pub(super) async fn open_login(
        &self,
        mut user: User,
        mut opening: Opening<'_>,
    ) -> Result<(SignedIn, Option<SessionId>), Error> {
        for _ in 0..ATTEMPTS {
            let opened = self.try_open(&Arc::new(user.card()), opening).await?;
            let overtaken_at = if opened.is_none() { Some(self.catch_up().await?) } else { None };
            let again = self.0.stores.accounts.user(user.id).await?;
            let same = |again: &User| again.disabled_at.is_none() && again.password == user.password;
            match (again.filter(same), opened, overtaken_at) {
                (Some(_), Some(opened), _) => return Ok(opened),
                (Some(again), None, Some(sequence)) => {
                    user = again;
                    opening.generation = sequence;
                }
                // The password was changed while the old one was being checked. Whoever changed it ended the sessions
                // that were there; one that came after is ended here.
                (_, Some((_, Some(session))), _) => {
                    let end = Selection::Session(session);
                    self.end(end, EndReason::PasswordChanged, None, None).await?;
                    return Err(Error::Overtaken);
                }
                _ => return Err(Error::Overtaken),
            }
        }
        Err(Error::Overtaken)
    }

    /// Opens a login upon a token that was given out before: what is revoked meanwhile covers it, and it is not tried again
    /// upon a later generation, since nobody has proven anything anew.
    pub(super) async fn open_renewed(
        &self,
        user: &Arc<UserCard>,
        opening: Opening<'_>,
    ) -> Result<SignedIn, Error> {
        match self.try_open(user, opening).await? {
            Some((signed_in, _)) => Ok(signed_in),
            None => Err(Error::Overtaken),
        }
    }

    /// `None` when a revocation overtook it.
    async fn try_open(
        &self,
        user: &Arc<UserCard>,
        opening: Opening<'_>,
    ) -> Result<Option<(SignedIn, Option<SessionId>)>, Error> {
        let now = self.0.clock.now();
        let Opening { client, auth_time, generation, .. } = opening;
        let id = SessionId::generate(self.clock(), self.0.entropy.as_ref());
        match client.mode {
            Mode::Jwt => {
                let ends_at = auth_time + client.lifetimes.absolute;
                let grant = Grant { client, user, session: None, auth_time, generation, ends_at };
                let access = self.mint(&grant, now)?.sign(self)?;
                Ok(Some((SignedIn::Jwt(access), None)))
            }
            Mode::Cookie => {
                let secret = SecretBytes::new(self.0.entropy.bytes());
                let credential = Credential::Cookie { secret: sha256(secret.expose()), previous: None };
                let session = new_session(id, user.id, opening, now, credential);
                let cookie = self.cookie_for(&session, secret, now);
                let (user, card, client_id) = (Arc::clone(user), session.card(), client.id.clone());
                let created = self.0.stores.sessions.create(session, None).await?;
                let signed_in = SignedIn::Cookie { cookie, user, session: card, client_id };
                Ok((created == Created::Done).then_some((signed_in, Some(id))))
            }
            Mode::Recorded => {
                let ends_at = auth_time + client.lifetimes.absolute;
                let grant = Grant { client, user, session: Some(id), auth_time, generation, ends_at };
                let minted = self.mint(&grant, now)?;
                let record: TokenRecord = minted.record(id, opening.origin);
                let credential = Credential::Recorded(RefreshState {
                    counter: 0,
                    rotated_at: now,
                    // A repeat is given the token of before: it has to be one that is still good.
                    window: client.lifetimes.refresh_window.min(client.lifetimes.access),
                    token: record.id,
                    tokens_until: record.expires_at,
                });
                let session = new_session(id, user.id, opening, now, credential);
                let created = self.0.stores.sessions.create(session, Some(record)).await?;
                if created == Created::Overtaken {
                    return Ok(None);
                }
                let refresh_token = RefreshToken { session: id, counter: 0 }.to_text(&self.0.keyring);
                let access = minted.sign(self)?;
                Ok(Some((SignedIn::Recorded { access, refresh_token, session_id: id }, Some(id))))
            }
        }
    }

    pub(super) fn cookie_for(
        &self,
        session: &Session,
        secret: SecretBytes<32>,
        now: Timestamp,
    ) -> IssuedCookie {
        let value = SessionCookie { session: session.id, secret }.to_text(&self.0.keyring);
        IssuedCookie { value, max_age: session.expires_at.since(now) }
    }

    /// Ends the session that a browser came with, if it is the same user's through the same client, a few seconds
    /// ahead. Another user's is left alone: only its own owner ends it.
    pub(super) async fn supersede(&self, cookie: &str, user: UserId, client: &ClientId, by: SessionId) {
        let Ok(cookie) = SessionCookie::parse(cookie, &self.0.keyring) else { return };
        let now = self.0.clock.now();
        let ended = async {
            let Some(session) = self.0.stores.sessions.session(cookie.session).await? else { return Ok(()) };
            let same = session.user == user && session.client == *client && session.id != by;
            if same && session.honours(sha256(cookie.secret.expose()), now) {
                let end =
                    End { at: now + PREVIOUS_HONOURED, reason: EndReason::Superseded, by: None, note: None };
                self.0.stores.sessions.supersede(session.id, end).await?;
                self.0.checks.cookie_replaced(session.id);
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = ended.await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the session before this log-in was not ended"
            );
        }
    }
}

fn new_session(
    id: SessionId,
    user: UserId,
    opening: Opening<'_>,
    now: Timestamp,
    credential: Credential,
) -> Session {
    let Opening { client, auth_time, generation, origin } = opening;
    Session {
        id,
        user,
        client: client.id.clone(),
        auth_time,
        origin: origin.clone(),
        generation,
        last_seen_at: now,
        idle_timeout: client.lifetimes.idle_timeout(client.mode),
        expires_at: auth_time + client.lifetimes.absolute,
        credential,
        ended: None,
    }
}
