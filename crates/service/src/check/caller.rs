//! What a check answers.

use std::sync::Arc;

use counterfoil_core::{Principal, SessionId, Timestamp, TokenId, UserId};

/// What a caller brought.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    /// The value of the session cookie.
    Cookie(&'a str),
    /// What came after `Authorization: Bearer` (RFC 6750, section 2.1).
    Bearer(&'a str),
}

/// Who is calling, and by what.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who is calling.
    pub principal: Principal,
    /// By what.
    pub credential: CallerCredential,
}

/// By what a caller was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerCredential {
    /// A session cookie.
    Cookie,
    /// An access token.
    Token(Arc<TokenCard>),
}

/// What is known of the access token that a caller brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenCard {
    /// Its `jti`.
    pub id: TokenId,
    /// Its `exp`.
    pub expires_at: Timestamp,
    /// The feed's number when its login began.
    pub generation: u64,
    /// When its login began.
    pub auth_time: Timestamp,
}

impl Caller {
    /// The user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.principal.user.id
    }

    /// The session, unless the token is stateless.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        self.principal.session.map(|session| session.id)
    }

    /// Whether the caller is an administrator. What that allows, [`Authority::require_administrator`] decides.
    ///
    /// [`Authority::require_administrator`]: crate::Authority::require_administrator
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.principal.user.admin
    }

    /// Whether the credential is one that browsers send by themselves.
    #[must_use]
    pub fn by_cookie(&self) -> bool {
        self.credential == CallerCredential::Cookie
    }
}
