//! What the use cases share: the stores, the keys, the view, and the copies that are kept in memory.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::account::{Client, Installation, PasswordPolicy};
use counterfoil_core::audit::{Action, Actor, Event};
use counterfoil_core::port::{AccountStore, SessionStore};
use counterfoil_core::{Clock, Entropy};
use serde::Serialize;
use serde_json::Value;

use crate::accounts::Accounts;
use crate::check::Checks;
use crate::crypto::Keyring;
use crate::feed::{LiveView, VerifierRegistry};
use crate::hashing::HashingPool;
use crate::keys::Signers;
use crate::statistics::Counters;
use crate::{Error, MasterKey, Settings, Statistics};

/// The two ports that an authority stands on.
#[derive(Clone)]
pub struct Stores {
    /// Users, clients, keys.
    pub accounts: Arc<dyn AccountStore>,
    /// Sessions, token records, markers.
    pub sessions: Arc<dyn SessionStore>,
}

/// The authority. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Authority(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) stores: Stores,
    pub(crate) settings: Settings,
    pub(crate) issuer: String,
    pub(crate) keyring: Keyring,
    pub(crate) hashing: HashingPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) accounts: Accounts,
    pub(crate) signers: Signers,
    pub(crate) view: LiveView,
    pub(crate) verifiers: VerifierRegistry,
    pub(crate) checks: Checks,
    pub(crate) counters: Counters,
}

/// Who acts, for the audit log.
#[derive(Clone, Debug)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub address: Option<IpAddr>,
}

/// Whether the authority can do its work.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// Whether it can.
    pub ready: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Milliseconds since the view of the feed was last confirmed to be complete.
    pub view_age_ms: Option<u64>,
    /// The number of the newest marker applied.
    pub sequence: u64,
    /// Markers held.
    pub markers: usize,
    /// Passwords that wait or are being hashed.
    pub hashing_queue: usize,
}

impl Authority {
    /// Opens an authority on its stores: at the very first time, makes the built-in client and the signing keys.
    ///
    /// # Errors
    /// [`Error::MasterKey`] for another master key than the installation's, [`Error::IssuerChanged`] for another
    /// issuer, [`Error::Store`] when a store fails.
    pub async fn open(
        stores: Stores,
        settings: Settings,
        master_key: &MasterKey,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let keyring = Keyring::derive(master_key)?;
        let issuer = install(&stores, &settings, &keyring, clock.as_ref()).await?;
        let hashing = HashingPool::start(settings.hashing, Arc::clone(&entropy))?;
        let authority = Self(Arc::new(Inner {
            accounts: Accounts::new(settings.cache_entries),
            signers: Signers::default(),
            view: LiveView::new(settings.view.limit),
            verifiers: VerifierRegistry::default(),
            checks: Checks::new(settings.cache_entries),
            counters: Counters::default(),
            stores,
            settings,
            issuer,
            keyring,
            hashing,
            clock,
            entropy,
        }));
        authority.load_accounts().await?;
        authority.settle_keys().await?;
        authority.catch_up().await?;
        Ok(authority)
    }

    /// Catches up with whatever other processes wrote, and returns the number of the newest marker applied.
    ///
    /// # Errors
    /// [`Error::Store`] when a store does not answer.
    pub async fn synchronise(&self) -> Result<u64, Error> {
        self.follow_accounts().await?;
        self.catch_up().await
    }

    /// The `iss` of every token, and the URL that people use.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Whether people use HTTPS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.issuer.starts_with("https://")
    }

    /// The clock that decides.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// Whether it can do its work.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let now = self.0.clock.now();
        let fresh = self.0.view.is_fresh(now);
        Readiness {
            ready: fresh,
            reason: (!fresh)
                .then(|| "the view of the revocation feed is too old: the store does not answer".to_owned()),
            view_age_ms: self.0.view.age(now).map(millis),
            sequence: self.0.view.sequence(),
            markers: self.0.view.len(),
            hashing_queue: self.0.hashing.load(),
        }
    }

    /// What was counted since the start, and how things stand.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Statistics {
            hashing_queue: number(self.0.hashing.load()),
            view_sequence: self.0.view.sequence(),
            view_markers: number(self.0.view.len()),
            view_age_ms: self.0.view.age(self.0.clock.now()).map_or(u64::MAX, millis),
            verifiers_connected: number(self.0.verifiers.connected()),
            cached_credentials: number(self.0.checks.len()),
            ..self.0.counters.read()
        }
    }

    pub(crate) fn password_policy(&self) -> PasswordPolicy {
        PasswordPolicy { min_length: self.0.settings.password_min_length }
    }

    /// Writes to the audit log. The deed is done by then: a log that fails must not undo it, so it is reported instead.
    pub(crate) async fn audit_event(&self, by: &By, action: Action, target: Option<String>, detail: Value) {
        let event = Event {
            at: self.0.clock.now(),
            actor: by.actor.clone(),
            action,
            target,
            detail,
            address: by.address,
        };
        if let Err(error) = self.0.stores.accounts.append_audit(event).await {
            tracing::error!(
                action = action.as_str(),
                error = &error as &dyn std::error::Error,
                "audit entry lost"
            );
        }
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Settles the issuer, and notices a wrong master key before anything is signed or sealed with it.
async fn install(
    stores: &Stores,
    settings: &Settings,
    keyring: &Keyring,
    clock: &dyn Clock,
) -> Result<String, Error> {
    let configured = settings.public_url.as_deref();
    let wished = configured.unwrap_or(&settings.fallback_issuer);
    check_issuer(wished)?;
    let now = clock.now();
    let issuer = if settings.fix_issuer { wished } else { configured.unwrap_or_default() }.to_owned();
    let first = Installation { issuer, master_key_check: keyring.check(), created_at: now };
    let installed = stores.accounts.install(first).await?;
    if installed.master_key_check != keyring.check() {
        return Err(Error::MasterKey);
    }
    if stores.accounts.clients().await?.is_empty() {
        stores.accounts.create_client(Client::built_in(now)).await?;
    }
    if installed.issuer.is_empty() {
        if settings.fix_issuer {
            stores.accounts.change_issuer(wished).await?;
        }
        return Ok(wished.to_owned());
    }
    match configured {
        Some(configured) if configured != installed.issuer => {
            if !settings.change_issuer {
                let configured = configured.to_owned();
                return Err(Error::IssuerChanged { stored: installed.issuer, configured });
            }
            stores.accounts.change_issuer(configured).await?;
            Ok(configured.to_owned())
        }
        _ => Ok(installed.issuer),
    }
}

/// An issuer that URLs can be built upon and cookies be set for: scheme, host, perhaps a port, and nothing else.
fn check_issuer(issuer: &str) -> Result<(), Error> {
    let authority = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    match authority {
        Some(authority) if !authority.is_empty() && authority.bytes().all(plain) => Ok(()),
        _ => Err(Error::InvalidIssuer(issuer.to_owned())),
    }
}
