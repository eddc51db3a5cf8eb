//! What is fixed when an installation is first started.

use crate::{Digest, Timestamp};

/// What is fixed at the first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The `iss` of every token; empty until a server was started. Changing it would make every verifier refuse every token.
    pub issuer: String,
    /// A keyed digest of a constant, by which a wrong master key is noticed before it does harm.
    pub master_key_check: Digest,
    /// When the installation was first started.
    pub created_at: Timestamp,
}
