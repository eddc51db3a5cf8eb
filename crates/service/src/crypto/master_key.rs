//! The one secret that an installation cannot do without: 32 random bytes, from which every other key is derived.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::{Entropy, SecretBytes};
use zeroize::Zeroizing;

/// The master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterKey(SecretBytes<32>);

/// Text that is no master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes in base64, as `openssl rand -base64 32` prints them")]
pub struct MasterKeyError;

impl MasterKey {
    /// A new random key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(SecretBytes::new(entropy.bytes()))
    }

    /// Reads base64 (RFC 4648, section 4), with white space around it allowed.
    ///
    /// # Errors
    /// When it is not the base64 of exactly 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| MasterKeyError)?);
        bytes.as_slice().try_into().map(|bytes| Self(SecretBytes::new(bytes))).map_err(|_| MasterKeyError)
    }

    /// Writes base64.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.expose()))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}
