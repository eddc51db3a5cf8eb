//! The secret of a service client: 256 random bits and a tag. Only the digest of the random bits is stored.

use zeroize::Zeroizing;

use super::Credential;
use crate::SecretBytes;

/// The secret of a service client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret(pub SecretBytes<32>);

impl Credential for ClientSecret {
    const PREFIX: &'static str = "cfc_";
    const BODY: usize = 32;
    const TAG: usize = 4;

    fn body(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.expose().to_vec())
    }

    fn from_body(body: &[u8]) -> Option<Self> {
        Some(Self(SecretBytes::new(body.try_into().ok()?)))
    }
}
