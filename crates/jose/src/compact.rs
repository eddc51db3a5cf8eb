//! The compact serialisation (RFC 7515, section 7.1): three parts of unpadded base64url, checked cheapest first.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Header, KeySet, VerifyError, VerifyingKey};

/// Longer tokens are refused before anything is looked at.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A compact JWS that was taken apart, and whose signature was not checked.
#[derive(Clone)]
pub struct Unverified<'a> {
    header: Header,
    parts: Parts<'a>,
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    signing_input: &'a str,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`VerifyError::TooLong`], [`VerifyError::Malformed`], [`VerifyError::DuplicateMember`],
    /// [`VerifyError::UnsupportedExtension`].
    pub fn parse(token: &'a str) -> Result<Self, VerifyError> {
        let parts = Parts::of(token)?;
        Ok(Self { header: Header::parse(&decode(parts.header)?)?, parts })
    }

    /// Its header. Nothing in it is to be believed.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What is signed.
    #[must_use]
    pub const fn signing_input(&self) -> &'a str {
        self.parts.signing_input
    }
}

impl fmt::Debug for Unverified<'_> {
    // A token is a secret of its bearer's: only its header is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unverified").field(&self.header).finish()
    }
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(VerifyError::Malformed)?;
        // A payload with a dot would be a fourth part.
        if payload.contains('.') {
            return Err(VerifyError::Malformed);
        }
        Ok(Self { header, payload, signature, signing_input })
    }

    fn verify(self, key: &VerifyingKey) -> Result<Vec<u8>, VerifyError> {
        let signature = decode(self.signature)?;
        let payload = decode(self.payload)?;
        key.verify_signature(self.signing_input.as_bytes(), &signature)?;
        Ok(payload)
    }
}

impl KeySet {
    /// Verifies a token of that type with the key that it names, and returns its payload.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(&self, token: &str, typ: &str) -> Result<Vec<u8>, VerifyError> {
        let parts = Parts::of(token)?;
        // One signer writes the same header into every token: what was read once is known by its text.
        if let Some(key) = self.by_known_header(parts.header, typ) {
            return parts.verify(key);
        }
        let Unverified { header, parts } = Unverified::parse(token)?;
        let key = self.get(&header.kid).ok_or(VerifyError::UnknownKey)?;
        if header.alg != key.algorithm().as_str() {
            return Err(VerifyError::AlgorithmMismatch);
        }
        if !header.is_of_type(typ) {
            return Err(VerifyError::TypeMismatch);
        }
        let payload = parts.verify(key)?;
        self.know_header(key, parts.header, typ);
        Ok(payload)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    // The engine refuses padding, other alphabets, and stray bits in the last character.
    URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}
