//! A private key, parsed once, that knows its algorithm and its public half.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::parts::Parts;
use crate::{Algorithm, Header, Jwk, KeyError, SignError, VerifyingKey};

/// A private key.
pub struct SigningKey {
    pair: Pair,
    jwk: Jwk,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl SigningKey {
    /// Makes a new key. RSA keys have 2,048 bits and take 50 to 500 ms: not for an async thread.
    ///
    /// # Errors
    /// [`KeyError::Provider`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Provider;
        Self::from_pair(match algorithm {
            Algorithm::Es256 => {
                Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?)
            }
            Algorithm::EdDsa => Pair::EdDsa(Ed25519KeyPair::generate().map_err(failed)?),
            Algorithm::Rs256 => Pair::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?),
        })
    }

    /// Reads a PKCS #8 private key (RFC 5958) of that algorithm.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |_| KeyError::Malformed;
        Self::from_pair(match algorithm {
            Algorithm::Es256 => Pair::Es256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(malformed)?,
            ),
            Algorithm::EdDsa => Pair::EdDsa(Ed25519KeyPair::from_pkcs8(der).map_err(malformed)?),
            Algorithm::Rs256 => Pair::Rs256(RsaKeyPair::from_pkcs8(der).map_err(malformed)?),
        })
    }

    fn from_pair(pair: Pair) -> Result<Self, KeyError> {
        let parts = match &pair {
            Pair::Es256(pair) => {
                // SEC 1, section 2.3.3: 4, then the coordinates.
                let point = pair.public_key().as_ref().get(1..).ok_or(KeyError::Malformed)?;
                let (x, y) = point.split_at_checked(32).ok_or(KeyError::Malformed)?;
                Parts::Es256 { x: x.to_vec(), y: y.to_vec() }
            }
            Pair::EdDsa(pair) => Parts::EdDsa { x: pair.public_key().as_ref().to_vec() },
            Pair::Rs256(pair) => {
                let public = pair.public_key();
                Parts::Rs256 {
                    n: public.modulus().big_endian_without_leading_zero().to_vec(),
                    e: public.exponent().big_endian_without_leading_zero().to_vec(),
                }
            }
        };
        Ok(Self { pair, jwk: Jwk::from_parts(&parts.checked()?) })
    }

    /// Writes PKCS #8.
    ///
    /// # Errors
    /// [`KeyError::Provider`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let failed = |_| KeyError::Provider;
        Ok(Zeroizing::new(match &self.pair {
            Pair::Es256(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.to_pkcs8().map_err(failed)?.as_ref().to_vec(),
            Pair::Rs256(pair) => pair.as_der().map_err(failed)?.as_ref().to_vec(),
        }))
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.jwk.algorithm()
    }

    /// Its `kid`: the RFC 7638 thumbprint of the public half.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.jwk.key_id()
    }

    /// Its public half.
    #[must_use]
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Its public half, to verify with.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        VerifyingKey::from_jwk(&self.jwk)
    }

    /// Signs a payload: a compact JWS with the header `alg`, `kid`, `typ`.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, typ: &str, payload: &[u8]) -> Result<String, SignError> {
        self.sign_input(self.signing_input(typ, payload))
    }

    /// What would be signed (RFC 7515, section 5.1): for whoever records a token before it exists.
    #[must_use]
    pub fn signing_input(&self, typ: &str, payload: &[u8]) -> String {
        let header = Header::render(self.algorithm(), self.key_id(), typ);
        let mut input = String::with_capacity((header.len() + payload.len() + 300) * 4 / 3);
        URL_SAFE_NO_PAD.encode_string(header, &mut input);
        input.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut input);
        input
    }

    /// Signs what [`Self::signing_input`] made.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_input(&self, mut signing_input: String) -> Result<String, SignError> {
        let input = signing_input.as_bytes();
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, input).map_err(|_| SignError)?.as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.try_sign(input).map_err(|_| SignError)?.as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, input, &mut signature).map_err(|_| SignError)?;
                signature
            }
        };
        signing_input.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut signing_input);
        Ok(signing_input)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm(), self.key_id())
    }
}
