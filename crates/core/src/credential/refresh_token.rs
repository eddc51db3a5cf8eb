//! A refresh token: session id, counter, MAC. Nothing of it is stored; it can be derived only with the key.

use zeroize::Zeroizing;

use super::Credential;
use crate::SessionId;

/// What a refresh token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Which session.
    pub session: SessionId,
    /// The how-manieth of the session it is.
    pub counter: u32,
}

impl Credential for RefreshToken {
    const PREFIX: &'static str = "cfr_";
    const BODY: usize = 20;
    // Here the tag is all that cannot be guessed: 176 bits, which also fill the last group of base64.
    const TAG: usize = 22;

    fn body(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.session.as_bytes().as_slice(), &self.counter.to_be_bytes()].concat())
    }

    fn from_body(body: &[u8]) -> Option<Self> {
        let (session, counter) = body.split_first_chunk::<16>()?;
        let counter = u32::from_be_bytes(counter.try_into().ok()?);
        Some(Self { session: SessionId::from_bytes(*session), counter })
    }
}
