//! Clients, as administrators make and change them, and their authentication.

use std::sync::Arc;

use counterfoil_core::account::{Client, ClientChange, ClientKind};
use counterfoil_core::audit::Action;
use counterfoil_core::credential::{ClientSecret, Credential as _};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::EndReason;
use counterfoil_core::{ClientId, Digest, Mode, SecretBytes};
use serde_json::json;
use zeroize::Zeroizing;

use super::RevocationReport;
use crate::crypto::sha256;
use crate::{Authority, By, Error};

/// A client to be made.
pub struct NewClient {
    /// Its name in the protocol; a random one if none is given.
    pub id: Option<ClientId>,
    /// Its name for people.
    pub name: String,
    /// A service with a secret of its own, or an application.
    pub service: bool,
    /// Everything that differs from the defaults.
    pub change: ClientChange,
}

impl Authority {
    /// Makes a client. A service's secret is in the answer, and nowhere else.
    ///
    /// # Errors
    /// [`Error::Client`], [`Error::ClientTaken`], [`Error::TokenTooLarge`].
    pub async fn add_client(
        &self,
        new: NewClient,
        by: &By,
    ) -> Result<(Arc<Client>, Option<Zeroizing<String>>), Error> {
        let now = self.0.clock.now();
        let id = new.id.unwrap_or_else(|| ClientId::generate(self.clock(), self.0.entropy.as_ref()));
        let mut client =
            Client::application(id.clone(), &new.name, Mode::Recorded, now).changed(new.change, now);
        let mut secret = None;
        if new.service {
            let (digest, text) = self.make_client_secret();
            client.kind = ClientKind::Service;
            client.secret = Some(digest);
            secret = Some(text);
        }
        client.validate()?;
        self.check_token_size(&client)?;
        if !self.0.stores.accounts.create_client(client).await? {
            return Err(Error::ClientTaken);
        }
        self.clients_changed().await?;
        let client = self.client(&id)?;
        let detail = json!({"name": client.name, "kind": client.kind, "mode": client.mode});
        self.audit_event(by, Action::ClientCreated, Some(id.to_string()), detail).await;
        Ok((client, secret))
    }

    /// Changes a client. Sessions go on in the mode that they began in; tokens follow at their next renewal.
    ///
    /// # Errors
    /// [`Error::UnknownClient`], [`Error::Client`], [`Error::TokenTooLarge`], [`Error::Conflict`].
    pub async fn edit_client(
        &self,
        id: &ClientId,
        change: ClientChange,
        by: &By,
    ) -> Result<Arc<Client>, Error> {
        let before = self.client(id)?;
        let client = Client::clone(&before).changed(change, self.0.clock.now());
        client.validate()?;
        self.check_token_size(&client)?;
        if client.algorithm != before.algorithm {
            self.settle_keys_for(client.algorithm).await?;
        }
        self.replace(&before, client).await?;
        let client = self.client(id)?;
        let detail = json!({"mode": client.mode, "lifetimes": client.lifetimes, "audience": client.audience});
        self.audit_event(by, Action::ClientChanged, Some(id.to_string()), detail).await;
        Ok(client)
    }

    /// Removes a client and ends all its sessions. The built-in client stays.
    ///
    /// # Errors
    /// [`Error::UnknownClient`], [`Error::BuiltInClient`].
    pub async fn delete_client(&self, id: &ClientId, by: &By) -> Result<RevocationReport, Error> {
        let started = self.0.clock.now();
        if id.as_str() == ClientId::DEFAULT {
            return Err(Error::BuiltInClient);
        }
        if !self.0.stores.accounts.delete_client(id).await? {
            return Err(Error::UnknownClient);
        }
        self.clients_changed().await?;
        let selection =
            Selection::Sessions { user: None, client: Some(id.clone()), begun_before: None, except: None };
        let actor = Some(by.actor.clone());
        let revocation = self.end(selection.clone(), EndReason::ClientDeleted, actor, None).await?;
        let detail = json!({"sessions": revocation.counts.sessions});
        self.audit_event(by, Action::ClientDeleted, Some(id.to_string()), detail).await;
        self.report(&selection, revocation, started).await
    }

    /// Gives a service another secret. The one before is refused at once.
    ///
    /// # Errors
    /// [`Error::UnknownClient`], [`Error::NotAService`] for an application, which has none.
    pub async fn rotate_client_secret(&self, id: &ClientId, by: &By) -> Result<Zeroizing<String>, Error> {
        let before = self.client(id)?;
        if before.kind != ClientKind::Service {
            return Err(Error::NotAService);
        }
        let (digest, text) = self.make_client_secret();
        let now = self.0.clock.now();
        let client = Client { secret: Some(digest), updated_at: now, ..Client::clone(&before) };
        self.replace(&before, client).await?;
        self.audit_event(by, Action::ClientChanged, Some(id.to_string()), json!({"secret": "rotated"})).await;
        Ok(text)
    }

    /// A service proves who it is (RFC 6749, section 2.3.1).
    ///
    /// # Errors
    /// [`Error::InvalidClient`], whatever is wrong.
    pub fn authenticate_client(&self, id: &str, secret: &str) -> Result<Arc<Client>, Error> {
        let presented = ClientSecret::parse(secret, &self.0.keyring).map_err(|_| Error::InvalidClient)?;
        let id: ClientId = id.parse().map_err(|_| Error::InvalidClient)?;
        let client = self.client(&id).map_err(|_| Error::InvalidClient)?;
        let good = client.secret == Some(sha256(presented.0.expose()));
        if good { Ok(client) } else { Err(Error::InvalidClient) }
    }

    async fn replace(&self, before: &Client, client: Client) -> Result<(), Error> {
        if !self.0.stores.accounts.replace_client(before, client).await? {
            return Err(Error::Conflict);
        }
        self.clients_changed().await
    }

    /// Takes the change in, and sees to it that there is a key for what clients sign with now.
    async fn clients_changed(&self) -> Result<(), Error> {
        self.follow_accounts().await?;
        self.settle_keys().await
    }

    /// Fails for a client whose usual token would not fit.
    fn check_token_size(&self, client: &Client) -> Result<(), Error> {
        let bytes = self.token_size(client);
        if bytes > counterfoil_core::token::MAX_TOKEN_BYTES {
            Err(Error::TokenTooLarge { bytes })
        } else {
            Ok(())
        }
    }

    fn make_client_secret(&self) -> (Digest, Zeroizing<String>) {
        let secret = SecretBytes::new(self.0.entropy.bytes());
        (sha256(secret.expose()), ClientSecret(secret).to_text(&self.0.keyring))
    }
}
