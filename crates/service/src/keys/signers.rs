//! The signing keys in memory: opened once, replaced as a whole when they change.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::account::{ClientKind, KeyAlgorithm, KeyState, StoredKey};
use counterfoil_core::port::KeyTransition;
use counterfoil_jose::{Algorithm, JwkSet, KeySet, SigningKey};
use serde::Serialize;

use super::lifecycle::{Occasion, Wanted, settle};
use crate::crypto::sha256;
use crate::{Authority, Error};

/// For how long a copy of the JWK set may be used. A key is published long before it signs.
const JWKS_MAX_AGE: Duration = Duration::from_secs(300);

/// The keys of this node.
#[derive(Default)]
pub(crate) struct Signers(RwLock<Arc<Ring>>);

/// One state of the keys.
#[derive(Default)]
pub(crate) struct Ring {
    stored: Vec<StoredKey>,
    by_id: HashMap<String, Arc<SigningKey>>,
    active: HashMap<KeyAlgorithm, Arc<SigningKey>>,
    pub(crate) verifying: KeySet,
    jwks: Arc<JwksDocument>,
}

/// The published JWK set (RFC 7517, section 5).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct JwksDocument {
    /// The JSON.
    pub body: Arc<[u8]>,
    /// A strong entity tag of it, with its quotes.
    pub etag: String,
    /// For how long a copy may be used.
    pub max_age: Duration,
}

/// A signing key, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct KeyView {
    /// The `kid`.
    pub id: String,
    /// The `alg`.
    pub algorithm: KeyAlgorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it signs, or signed.
    pub activated_at: Option<Timestamp>,
    /// Until when it is published, once it is retiring.
    pub published_until: Option<Timestamp>,
}

impl Ring {
    /// The key that signs for an algorithm.
    pub(crate) fn active(&self, algorithm: KeyAlgorithm) -> Result<Arc<SigningKey>, Error> {
        self.active
            .get(&algorithm)
            .cloned()
            .ok_or_else(|| Error::internal(format!("no active {algorithm} key")))
    }

    /// The key of that id, while it is published.
    pub(crate) fn by_id(&self, id: &str) -> Option<Arc<SigningKey>> {
        self.by_id.get(id).cloned()
    }
}

impl Signers {
    pub(crate) fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Authority {
    /// The signing keys and their states.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyView> {
        let view = |key: &StoredKey| KeyView {
            id: key.id.clone(),
            algorithm: key.algorithm,
            state: key.state,
            created_at: key.created_at,
            activated_at: key.activated_at,
            published_until: key.published_until,
        };
        self.0.signers.ring().stored.iter().map(view).collect()
    }

    /// The published keys: next, active and retiring.
    #[must_use]
    pub fn jwks(&self) -> Arc<JwksDocument> {
        Arc::clone(&self.0.signers.ring().jwks)
    }

    /// Makes, rotates and removes keys as it is due.
    pub(crate) async fn settle_keys(&self) -> Result<(), Error> {
        self.change_keys(Occasion::Routine(self.0.settings.key_rotation), None).await
    }

    /// The same, and sees to it that there are keys of an algorithm before anybody needs them.
    pub(crate) async fn settle_keys_for(&self, algorithm: KeyAlgorithm) -> Result<(), Error> {
        self.change_keys(Occasion::Routine(self.0.settings.key_rotation), Some(algorithm)).await
    }

    pub(crate) async fn rotate_now(&self, algorithm: Option<KeyAlgorithm>) -> Result<(), Error> {
        self.change_keys(Occasion::Rotation(algorithm), None).await
    }

    async fn change_keys(&self, occasion: Occasion, soon: Option<KeyAlgorithm>) -> Result<(), Error> {
        loop {
            let stored = self.0.stores.accounts.signing_keys().await?;
            let now = self.0.clock.now();
            let clients = self.0.accounts.clients();
            let applications = clients.values().filter(|client| client.kind == ClientKind::Application);
            let in_use: BTreeSet<KeyAlgorithm> =
                applications.map(|client| client.algorithm).chain(soon).collect();
            let mut replacement = Vec::new();
            for wanted in settle(&stored, &in_use, occasion, now) {
                replacement.push(match wanted {
                    Wanted::Kept(key) => key,
                    Wanted::New(algorithm, state) => self.make_key(algorithm, state, now).await?,
                });
            }
            if replacement.len() == stored.len() && replacement.iter().all(|key| stored.contains(key)) {
                break;
            }
            // Another node may have been faster; then the decision is made anew upon its keys. An operator's rotation
            // is not repeated on top of another's.
            if self
                .0
                .stores
                .accounts
                .change_signing_keys(KeyTransition { expected: stored, replacement })
                .await?
            {
                break;
            }
            if matches!(occasion, Occasion::Rotation(_)) {
                return Err(Error::Conflict);
            }
        }
        self.load_keys().await
    }

    async fn make_key(
        &self,
        algorithm: KeyAlgorithm,
        state: KeyState,
        now: Timestamp,
    ) -> Result<StoredKey, Error> {
        // RSA takes long enough to hold other tasks up.
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(jose_algorithm(algorithm))).await;
        let key = made.map_err(Error::internal)?.map_err(Error::internal)?;
        let private = key.to_pkcs8().map_err(Error::internal)?;
        Ok(StoredKey {
            id: key.key_id().to_owned(),
            algorithm,
            state,
            sealed_private_key: self.0.keyring.seal(key.key_id(), &private)?,
            created_at: now,
            activated_at: (state == KeyState::Active).then_some(now),
            published_until: None,
        })
    }

    /// Opens the stored keys, those that are held already excepted.
    pub(crate) async fn load_keys(&self) -> Result<(), Error> {
        let stored = self.0.stores.accounts.signing_keys().await?;
        let before = self.0.signers.ring();
        let mut ring = Ring::default();
        let mut verifying = Vec::new();
        let mut published = Vec::new();
        for key in &stored {
            let signer = match before.by_id(&key.id) {
                Some(signer) => signer,
                None => {
                    let private = self.0.keyring.open(&key.id, &key.sealed_private_key)?;
                    let signer = SigningKey::from_pkcs8(jose_algorithm(key.algorithm), &private);
                    Arc::new(signer.map_err(Error::internal)?)
                }
            };
            verifying.push(signer.verifying_key().map_err(Error::internal)?);
            published.push(signer.jwk().clone());
            if key.state == KeyState::Active {
                ring.active.insert(key.algorithm, Arc::clone(&signer));
            }
            ring.by_id.insert(key.id.clone(), signer);
        }
        let body = serde_json::to_vec(&JwkSet { keys: published }).map_err(Error::internal)?;
        let etag = format!("\"{:.32}\"", sha256(&body).to_string());
        ring.jwks = Arc::new(JwksDocument { body: body.into(), etag, max_age: JWKS_MAX_AGE });
        ring.verifying = KeySet::new(verifying);
        ring.stored = stored;
        *self.0.signers.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }
}

const fn jose_algorithm(algorithm: KeyAlgorithm) -> Algorithm {
    match algorithm {
        KeyAlgorithm::Es256 => Algorithm::Es256,
        KeyAlgorithm::EdDsa => Algorithm::EdDsa,
        KeyAlgorithm::Rs256 => Algorithm::Rs256,
    }
}
