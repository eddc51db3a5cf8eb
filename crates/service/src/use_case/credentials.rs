//! Passwords: making, proving again, changing.

use std::time::Duration;

use counterfoil_core::account::{PasswordHash, User, UserChange, normalise_password};
use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::port::RotateSecret;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{EndReason, Origin};
use counterfoil_core::{SecretBytes, SessionId};
use serde_json::json;

use super::open_login::PREVIOUS_HONOURED;
use super::{IssuedCookie, RevocationReport};
use crate::check::Caller;
use crate::crypto::sha256;
use crate::hashing::Verdict;
use crate::{Authority, By, Error};

/// What the change of a password did.
#[derive(Debug)]
pub struct PasswordChanged {
    /// What became of the other sessions.
    pub report: RevocationReport,
    /// The next cookie of a caller who came with one.
    pub cookie: Option<IssuedCookie>,
}

impl Authority {
    /// Checks and hashes a new password.
    pub(super) async fn hash_new_password(&self, password: &str) -> Result<PasswordHash, Error> {
        let password = self.password_policy().check(password)?;
        self.counted(self.0.hashing.hash(password).await)
    }

    /// Whether a password is the user's; with no user, takes as long and says no.
    pub(super) async fn prove_password(&self, user: Option<&User>, password: &str) -> Result<Verdict, Error> {
        // What cannot be anybody's password is hashed all the same, cut: the answer takes as long as any.
        let (password, possible) = match normalise_password(password) {
            Ok(password) => (password, true),
            Err(_) => (zeroize::Zeroizing::new(String::new()), false),
        };
        let hash = user.and_then(|user| user.password.as_ref());
        let verdict = self.counted(self.0.hashing.verify(password, hash).await)?;
        Ok(if possible { verdict } else { Verdict::Wrong })
    }

    fn counted<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if matches!(outcome, Err(Error::Busy { .. })) {
            self.0.counters.hashing_rejected.add();
        }
        outcome
    }

    /// The user proves once more who they are: the session's cookie gets a new secret, the old one is honoured for a
    /// few seconds, and the log-in counts as recent again.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::Busy`], [`Error::Expired`] when the session ended meanwhile,
    /// [`Error::BadCredential`] for a caller without a cookie.
    pub async fn reauthenticate(
        &self,
        caller: &Caller,
        password: &str,
        origin: &Origin,
    ) -> Result<IssuedCookie, Error> {
        let session = caller.session_id().filter(|_| caller.by_cookie());
        let session = session.ok_or(Error::BadCredential { code: "not_a_cookie_session" })?;
        self.prove_again(caller, password, origin).await?;
        self.replace_cookie(session, PREVIOUS_HONOURED).await?.ok_or(Error::Expired)
    }

    /// `None` when the session ended meanwhile.
    async fn replace_cookie(
        &self,
        session: SessionId,
        honoured: Duration,
    ) -> Result<Option<IssuedCookie>, Error> {
        let now = self.0.clock.now();
        let secret = SecretBytes::new(self.0.entropy.bytes());
        let command = RotateSecret {
            session,
            secret: sha256(secret.expose()),
            previous_until: now + honoured,
            auth_time: now,
            now,
        };
        let rotated = self.0.stores.sessions.rotate_secret(command).await?;
        self.0.checks.cookie_replaced(session);
        Ok(rotated.map(|session| self.cookie_for(&session, secret, now)))
    }

    /// Changes the caller's password and ends all their other sessions. A cookie is replaced. Stateless logins, the caller's
    /// own among them, are not renewed any more.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::Password`], [`Error::Busy`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
        origin: &Origin,
    ) -> Result<PasswordChanged, Error> {
        let started = self.0.clock.now();
        self.password_policy().check(new)?;
        self.prove_again(caller, current, origin).await?;
        let hash = self.hash_new_password(new).await?;
        let id = caller.user_id();
        let now = self.0.clock.now();
        self.0
            .stores
            .accounts
            .change_user(id, UserChange::Password(hash), now)
            .await?
            .ok_or(Error::NotFound)?;
        self.follow_accounts().await?;
        let others = Selection::user_except(id, caller.session_id());
        let actor = Actor::User(id);
        let revocation =
            self.end(others.clone(), EndReason::PasswordChanged, Some(actor.clone()), None).await?;
        let by = By { actor, address: origin.address };
        self.audit_event(&by, Action::UserChanged, Some(id.to_string()), json!({"change": "password"})).await;
        let cookie = match caller.session_id().filter(|_| caller.by_cookie()) {
            // Somebody else may have the cookie: that is why passwords are changed.
            Some(session) => self.replace_cookie(session, Duration::ZERO).await?,
            None => None,
        };
        Ok(PasswordChanged { report: self.report(&others, revocation, started).await?, cookie })
    }

    async fn prove_again(&self, caller: &Caller, password: &str, origin: &Origin) -> Result<(), Error> {
        let user = self.0.stores.accounts.user(caller.user_id()).await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        match self.prove_password(user.as_ref(), password).await? {
            Verdict::Right | Verdict::RightButOutdated => Ok(()),
            Verdict::Wrong => {
                self.note_failure(Some(caller.user_id()), origin).await;
                Err(Error::InvalidCredentials)
            }
        }
    }
}
