//! The counterfoil: what the house keeps of an access token that it gave out. Never the signed token itself.

use serde::{Deserialize, Serialize};

use crate::account::KeyAlgorithm;
use crate::session::{End, Origin};
use crate::{ClientId, Digest, SessionId, Timestamp, TokenId, UserId};

/// What is kept of one access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its `jti`.
    pub id: TokenId,
    /// The session that it was given out for.
    pub session: SessionId,
    /// Its user.
    pub user: UserId,
    /// Its client.
    pub client: ClientId,
    /// When it was given out.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The header's `alg`; `typ` is always `at+jwt`.
    pub algorithm: KeyAlgorithm,
    /// The header's `kid`.
    pub key_id: Box<str>,
    /// The claims, byte for byte as they were signed.
    pub claims: Box<str>,
    /// SHA-256 of the token's signing input (RFC 7515, section 5.1): it identifies the token, and signing it takes the key.
    pub digest: Digest,
    /// Where the token was given out to.
    pub origin: Origin,
    /// Why and when it was revoked on its own. A session's end covers its tokens too.
    pub revoked: Option<End>,
}

/// How a recorded token is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It is accepted.
    Alive,
    /// It has expired.
    Expired,
    /// It was revoked, or its session has ended.
    Revoked,
}

impl TokenRecord {
    /// How it is doing at `now`, given the end of its session.
    #[must_use]
    pub fn state(&self, session_end: Option<&End>, now: Timestamp) -> TokenState {
        let over = |end: &End| end.at <= now;
        if self.revoked.as_ref().is_some_and(over) || session_end.is_some_and(over) {
            TokenState::Revoked
        } else if self.expires_at <= now {
            TokenState::Expired
        } else {
            TokenState::Alive
        }
    }
}
