//! Signing keys as they are kept, and the states that they pass through.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A signature algorithm (RFC 7518, section 3.1; RFC 8037).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    #[serde(rename = "RS256")]
    Rs256,
}

/// A word that names no algorithm, or no key state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word {0:?}")]
pub struct UnknownKeyWord(String);

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// The `alg` value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownKeyWord;

    fn from_str(text: &str) -> Result<Self, UnknownKeyWord> {
        Self::ALL.into_iter().find(|a| a.as_str() == text).ok_or_else(|| unknown(text))
    }
}

fn unknown(text: &str) -> UnknownKeyWord {
    UnknownKeyWord(text.chars().take(32).collect())
}

/// Where a signing key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, so that verifiers know it before the first token signed with it reaches them.
    Next,
    /// Signs.
    Active,
    /// Signs no more; published until the last token signed with it has expired.
    Retiring,
}

impl KeyState {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Next, Self::Active, Self::Retiring];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
        }
    }
}

impl FromStr for KeyState {
    type Err = UnknownKeyWord;

    fn from_str(text: &str) -> Result<Self, UnknownKeyWord> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| unknown(text))
    }
}

/// A signing key as a store keeps it. A key that is gone has no record.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The `kid`: the RFC 7638 thumbprint of the public key.
    pub id: String,
    /// What it signs with.
    pub algorithm: KeyAlgorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// The private key in PKCS #8, encrypted under the master key.
    pub sealed_private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it signs, or signed.
    pub activated_at: Option<Timestamp>,
    /// Until when it is published, once it is retiring.
    pub published_until: Option<Timestamp>,
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredKey({} {} {})", self.id, self.algorithm, self.state.as_str())
    }
}
