//! Rotation of the signing keys by an operator. Nobody is logged out by it.

use counterfoil_core::account::KeyAlgorithm;
use counterfoil_core::audit::Action;
use serde_json::json;

use crate::{Authority, By, Error, KeyView};

impl Authority {
    /// Lets the next key sign, and retires the one that signed, of one algorithm or of all.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an algorithm that no client uses, [`Error::Conflict`] when another node rotated at the
    /// same moment.
    pub async fn rotate_keys(&self, algorithm: Option<KeyAlgorithm>, by: &By) -> Result<Vec<KeyView>, Error> {
        let used = |wanted| self.keys().iter().any(|key| key.algorithm == wanted);
        if algorithm.is_some_and(|wanted| !used(wanted)) {
            return Err(Error::NotFound);
        }
        self.rotate_now(algorithm).await?;
        let target = algorithm.map(|algorithm| algorithm.to_string());
        self.audit_event(by, Action::KeysRotated, target, json!({})).await;
        Ok(self.keys())
    }
}
