//! Records as bytes: compact, with their version in the first byte.

mod bytes;
mod claims;
mod parts;
mod session;
mod token;

use counterfoil_core::port::StoreError;

pub(crate) use session::{decode as session, encode as session_bytes};
pub(crate) use token::{decode as token, encode as token_bytes, expires_at as token_expires_at};

/// The version that is written. A change that older versions cannot read, another table of fragments among them, takes the
/// next number.
const VERSION: u8 = 1;

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// They end too early, go on too long, or hold what cannot be.
    #[error("a record that makes no sense: {0}")]
    Corrupt(&'static str),
    /// They were written by a newer version.
    #[error("a record of version {0}")]
    Newer(u8),
}

impl From<DecodeError> for StoreError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Newer(found) => Self::FromTheFuture { found: found.into(), known: VERSION.into() },
            DecodeError::Corrupt(_) => Self::Broken(error.into()),
        }
    }
}

type Result<T> = std::result::Result<T, DecodeError>;

/// Takes the first byte in.
fn version(reader: &mut bytes::Reader<'_>) -> Result<()> {
    match reader.byte()? {
        VERSION => Ok(()),
        0 => Err(DecodeError::Corrupt("version 0")),
        newer => Err(DecodeError::Newer(newer)),
    }
}

#[cfg(test)]
mod tests;
