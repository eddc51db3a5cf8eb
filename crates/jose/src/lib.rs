#![doc = include_str!("../README.md")]

mod algorithm;
mod compact;
mod error;
mod header;
mod json;
mod jwk;
mod key_set;
mod parts;
mod signing_key;
mod verifying_key;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use compact::{MAX_TOKEN_BYTES, Unverified};
pub use error::{KeyError, SignError, VerifyError};
pub use header::Header;
pub use json::{JsonError, StrictValue, parse_object};
pub use jwk::{Jwk, JwkSet};
pub use key_set::KeySet;
pub use signing_key::SigningKey;
pub use verifying_key::VerifyingKey;
