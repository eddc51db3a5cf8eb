//! A public key, parsed once, that knows its algorithm.

use std::fmt;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};

use crate::parts::Parts;
use crate::{Algorithm, Jwk, KeyError, VerifyError};

/// A public key.
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: String,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// Parses a public key.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when the numbers are no key of the algorithm: a point that is not on its curve, say.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let key = match jwk.parts()? {
            Parts::Es256 { x, y } => {
                // SEC 1, section 2.3.3: the uncompressed point.
                let point = [[4].as_slice(), &x, &y].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::Malformed)?
            }
            Parts::EdDsa { x } => ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyError::Malformed)?,
            Parts::Rs256 { n, e } => PublicKeyComponents { n, e }
                .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
                .map_err(|_| KeyError::Malformed)?,
        };
        Ok(Self { algorithm: jwk.algorithm(), kid: jwk.key_id().to_owned(), key })
    }

    /// What it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `kid`.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.kid
    }

    /// Verifies a bare signature over a signing input.
    ///
    /// # Errors
    /// [`VerifyError::BadSignature`].
    pub fn verify_signature(&self, signing_input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        self.key.verify_sig(signing_input, signature).map_err(|_| VerifyError::BadSignature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.algorithm, self.kid)
    }
}
