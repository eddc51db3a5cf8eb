//! Passwords: making, proving again, changing.

use counterfoil_core::account::{PasswordHash, User, UserChange, normalise_password};
use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::port::RotateSecret;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::{EndReason, Origin};
use counterfoil_core::{Mode, SecretBytes, Timestamp};
use serde_json::json;

use super::open_login::PREVIOUS_HONOURED;
use super::{IssuedCookie, RevocationReport};
use crate::check::Caller;
use crate::crypto::sha256;
use crate::hashing::Verdict;
use crate::{Authority, By, Error};

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
        let now = self.0.clock.now();
        let secret = SecretBytes::new(self.0.entropy.bytes());
        let command = RotateSecret {
            session,
            secret: sha256(secret.expose()),
            previous_until: now + PREVIOUS_HONOURED,
            auth_time: now,
            now,
        };
        let rotated = self.0.stores.sessions.rotate_secret(command).await?.ok_or(Error::Expired)?;
        self.0.checks.forget_cookie(session);
        Ok(self.cookie_for(&rotated, secret, now))
    }

    /// Changes the caller's password and ends all their other sessions.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::Password`], [`Error::Busy`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
        origin: &Origin,
    ) -> Result<RevocationReport, Error> {
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
        let others = Selection::Sessions {
            user: Some(id),
            client: None,
            begun_before: None,
            except: caller.session_id().filter(|_| caller.principal.mode != Mode::Jwt),
        };
        let actor = Actor::User(id);
        let revocation =
            self.end(others.clone(), EndReason::PasswordChanged, Some(actor.clone()), None).await?;
        let by = By { actor, address: origin.address };
        self.audit_event(&by, Action::UserChanged, Some(id.to_string()), json!({"change": "password"})).await;
        self.report(&others, revocation, started).await
    }

    async fn prove_again(
        &self,
        caller: &Caller,
        password: &str,
        origin: &Origin,
    ) -> Result<Timestamp, Error> {
        let user = self.0.stores.accounts.user(caller.user_id()).await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        match self.prove_password(user.as_ref(), password).await? {
            Verdict::Right | Verdict::RightButOutdated => Ok(self.0.clock.now()),
            Verdict::Wrong => {
                self.note_failure(Some(caller.user_id()), origin).await;
                Err(Error::InvalidCredentials)
            }
        }
    }
}
