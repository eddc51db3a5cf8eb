//! The set-up link: whoever holds the data folder can make an administrator, once for each link, within an hour.

use std::time::Duration;

use counterfoil_core::account::User;
use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::credential::{Credential as _, SetupSecret};
use counterfoil_core::port::UserFilter;
use counterfoil_core::session::Origin;
use counterfoil_core::{Digest, PageRequest, SecretBytes, Timestamp};
use serde_json::json;
use zeroize::Zeroizing;

use super::{NewUser, SignUp};
use crate::crypto::sha256;
use crate::{Authority, By, Error};

/// How long a link can be used.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

impl Authority {
    /// Makes a fresh link; the one before is refused from now on.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn new_setup_link(&self, by: &By) -> Result<Zeroizing<String>, Error> {
        let secret = SecretBytes::new(self.0.entropy.bytes());
        let expires_at = self.0.clock.now() + LIFETIME;
        self.0.stores.accounts.put_setup_link(sha256(secret.expose()), expires_at).await?;
        self.audit_event(by, Action::SetupLink, None, json!({"expires_at": expires_at})).await;
        let token = SetupSecret(secret).to_text(&self.0.keyring);
        Ok(Zeroizing::new(format!("{}/setup?token={}", self.0.issuer, *token)))
    }

    /// Whether there is an administrator who can log in.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn has_administrator(&self) -> Result<bool, Error> {
        let filter = UserFilter { admin: Some(true), disabled: Some(false), text: None };
        Ok(!self.0.stores.accounts.users(&filter, PageRequest::new(1, None)).await?.items.is_empty())
    }

    /// Takes back a link that is out: there is an administrator now. Another one is made by whoever asks for it.
    pub(super) async fn withdraw_setup_link(&self) -> Result<(), Error> {
        Ok(self.0.stores.accounts.put_setup_link(Digest::new([0; 32]), Timestamp::EPOCH).await?)
    }

    /// Whether a link's token can still be used.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn setup_link_is_good(&self, token: &str) -> Result<bool, Error> {
        let Ok(digest) = self.setup_digest(token) else { return Ok(false) };
        Ok(self.0.stores.accounts.has_setup_link(digest, self.0.clock.now()).await?)
    }

    /// Makes an administrator and uses the link up.
    ///
    /// # Errors
    /// [`Error::InvalidSetupLink`], and those of [`Authority::add_user`], which leave the link as it is.
    pub async fn set_up(&self, token: &str, sign_up: SignUp, origin: &Origin) -> Result<User, Error> {
        let digest = self.setup_digest(token)?;
        if !self.setup_link_is_good(token).await? {
            return Err(Error::InvalidSetupLink);
        }
        // All that can be refused or fail is done before the link is used up.
        let SignUp { email, password, name } = sign_up;
        if self.user_by_email(&email).await.is_ok() {
            return Err(Error::EmailTaken);
        }
        let new = NewUser { email, password: Some(password), name, admin: true };
        let user = self.prepare_user(new).await?;
        if !self.0.stores.accounts.take_setup_link(digest, self.0.clock.now()).await? {
            return Err(Error::InvalidSetupLink);
        }
        let user = self.keep_user(user, |id| By { actor: Actor::User(id), address: origin.address }).await?;
        let by = By { actor: Actor::User(user.id), address: origin.address };
        self.audit_event(&by, Action::SetupLink, Some(user.id.to_string()), json!({"used": true})).await;
        Ok(user)
    }

    fn setup_digest(&self, token: &str) -> Result<Digest, Error> {
        let secret = SetupSecret::parse(token, &self.0.keyring).map_err(|_| Error::InvalidSetupLink)?;
        Ok(sha256(secret.0.expose()))
    }
}
