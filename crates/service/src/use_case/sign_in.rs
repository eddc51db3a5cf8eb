//! Logging in with a password.

use counterfoil_core::UserId;
use counterfoil_core::account::{Email, PasswordHash, User, UserChange, normalise_password};
use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::session::Origin;
use serde_json::json;

use super::SignedIn;
use super::open_login::Opening;
use crate::hashing::Verdict;
use crate::{Authority, By, Error};

/// What somebody logs in with.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// The client, or the built-in one.
    pub client: Option<&'a str>,
    /// The session cookie that came along: a log-in replaces the session of the same user and client.
    pub replaces: Option<&'a str>,
}

impl Authority {
    /// Logs a user in, in the client's mode.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] for an unknown user, a wrong password and a disabled account alike, after the
    /// same time; [`Error::UnknownClient`], [`Error::NotAnApplication`], [`Error::Busy`], [`Error::Overtaken`],
    /// [`Error::TokenTooLarge`].
    pub async fn sign_in(&self, sign_in: SignIn<'_>, origin: &Origin) -> Result<SignedIn, Error> {
        let client = self.application(sign_in.client)?;
        // Taken before anything is looked at: what is revoked from here on covers the login that is being made.
        let generation = self.0.view.sequence();
        let user = match sign_in.email.parse::<Email>() {
            Ok(email) => self.0.stores.accounts.user_by_email(&email).await?,
            Err(_) => None,
        };
        let verdict = self.prove_password(user.as_ref(), sign_in.password).await?;
        let user = match (verdict, user) {
            (Verdict::Right | Verdict::RightButOutdated, Some(user)) if user.disabled_at.is_none() => user,
            (_, user) => {
                self.0.counters.sign_in_failures.add();
                // Noted for unknown users too: what is written down takes time, and that must tell nothing.
                self.note_failure(user.map(|user| user.id), origin).await;
                return Err(Error::InvalidCredentials);
            }
        };
        let opening = Opening { client: &client, auth_time: self.0.clock.now(), generation, origin };
        let (signed_in, session) = self.open_login(user.clone(), opening).await?;
        if let (Some(replaced), Some(session)) = (sign_in.replaces, session) {
            self.supersede(replaced, user.id, &client.id, session).await;
        }
        if verdict == Verdict::RightButOutdated {
            self.upgrade_hash(&user, sign_in.password).await;
        }
        self.0.counters.sign_ins.add();
        let by = By { actor: Actor::User(user.id), address: origin.address };
        let detail = json!({"client": client.id, "mode": client.mode});
        self.audit_event(&by, Action::LoggedIn, session.map(|id| id.to_string()), detail).await;
        Ok(signed_in)
    }

    /// The address that an unknown user gave is not noted: it may be a password, typed into the wrong field.
    pub(super) async fn note_failure(&self, user: Option<UserId>, origin: &Origin) {
        let by = By { actor: user.map_or(Actor::System, Actor::User), address: origin.address };
        self.audit_event(&by, Action::LoginFailed, user.map(|user| user.to_string()), json!({})).await;
    }

    /// Hashes the password anew under the parameters that are configured now. If it cannot be done at this moment, the
    /// next log-in does it.
    async fn upgrade_hash(&self, user: &User, password: &str) {
        let upgraded = async {
            let hash = self.0.hashing.hash(normalise_password(password)?).await?;
            let before: PasswordHash = user.password.clone().ok_or(Error::NotFound)?;
            let change = UserChange::Rehash(before, hash);
            self.0.stores.accounts.change_user(user.id, change, self.0.clock.now()).await?;
            Ok::<(), Error>(())
        };
        if let Err(error) = upgraded.await {
            tracing::info!(user = %user.id, error = &error as &dyn std::error::Error, "password hash not upgraded yet");
        }
    }
}
