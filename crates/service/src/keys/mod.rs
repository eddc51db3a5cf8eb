//! The signing keys: held in memory to sign and verify with, published as a JWK set, moved through their states.

mod lifecycle;
mod signers;

pub(crate) use signers::Signers;
pub use signers::{JwksDocument, KeyView};
