//! The value of a session cookie: session id, 256 random bits, tag. The store has only the digest of the random bits.

use zeroize::Zeroizing;

use super::Credential;
use crate::{SecretBytes, SessionId};

/// What a session cookie says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    /// Which session.
    pub session: SessionId,
    /// What proves that it was given to the caller.
    pub secret: SecretBytes<32>,
}

impl Credential for SessionCookie {
    const PREFIX: &'static str = "cfs_";
    const BODY: usize = 48;
    const TAG: usize = 6;

    fn body(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.session.as_bytes().as_slice(), self.secret.expose().as_slice()].concat())
    }

    fn from_body(body: &[u8]) -> Option<Self> {
        let (session, secret) = body.split_first_chunk::<16>()?;
        let secret = SecretBytes::new(secret.try_into().ok()?);
        Some(Self { session: SessionId::from_bytes(*session), secret })
    }
}
