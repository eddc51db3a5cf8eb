//! What is derived from the master key, and digests.

mod keyring;
mod master_key;

pub(crate) use keyring::Keyring;
pub use master_key::{MasterKey, MasterKeyError};

use counterfoil_core::Digest;

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut digest = [0; 32];
    let output = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.copy_from_slice(output.as_ref());
    Digest::new(digest)
}
