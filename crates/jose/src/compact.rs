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
    signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// A compact JWS whose signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its header.
    pub header: Header,
    /// Its payload, decoded.
    pub payload: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`VerifyError::TooLong`], [`VerifyError::Malformed`], [`VerifyError::DuplicateMember`],
    /// [`VerifyError::UnsupportedExtension`].
    pub fn parse(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(VerifyError::Malformed)?;
        // A payload with a dot would be a fourth part.
        if payload.contains('.') {
            return Err(VerifyError::Malformed);
        }
        let header = Header::parse(&decode(header)?)?;
        Ok(Self { header, signing_input, payload, signature })
    }

    /// Its header. Nothing in it is to be believed.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What is signed.
    #[must_use]
    pub const fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    fn verify(self, key: &VerifyingKey, typ: &str) -> Result<Verified, VerifyError> {
        if self.header.alg != key.algorithm().as_str() {
            return Err(VerifyError::AlgorithmMismatch);
        }
        if !self.header.is_of_type(typ) {
            return Err(VerifyError::TypeMismatch);
        }
        let signature = decode(self.signature)?;
        let payload = decode(self.payload)?;
        key.verify_signature(self.signing_input.as_bytes(), &signature)?;
        Ok(Verified { header: self.header, payload })
    }
}

impl fmt::Debug for Unverified<'_> {
    // A token is a secret of its bearer's: only its header is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unverified").field(&self.header).finish()
    }
}

impl KeySet {
    /// Verifies a token of that type with the key that it names.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(&self, token: &str, typ: &str) -> Result<Verified, VerifyError> {
        let token = Unverified::parse(token)?;
        let key = self.get(&token.header.kid).ok_or(VerifyError::UnknownKey)?;
        token.verify(key, typ)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    // The engine refuses padding, other alphabets, and stray bits in the last character.
    URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}
