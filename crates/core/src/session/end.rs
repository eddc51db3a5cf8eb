//! Why a session or a token was ended before it expired.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::audit::Actor;

/// Why a session or token was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The user logged out.
    LoggedOut,
    /// The user ended it from another session.
    RevokedByUser,
    /// An administrator revoked it.
    RevokedByAdministrator,
    /// The client it was given to revoked it (RFC 7009).
    RevokedByClient,
    /// A refresh token was used again after its window: somebody has a copy.
    RefreshReused,
    /// The same browser logged in again.
    Superseded,
    /// The user was disabled.
    UserDisabled,
    /// The user's password was changed.
    PasswordChanged,
    /// The user was made an administrator: nobody rises by a session that was there before.
    PrivilegeRaised,
    /// The client was removed.
    ClientDeleted,
    /// The store lost revocations, and nobody can tell any more what was revoked.
    BookLost,
}

/// A word that names no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason")]
pub struct UnknownEndReason;

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::LoggedOut,
        Self::RevokedByUser,
        Self::RevokedByAdministrator,
        Self::RevokedByClient,
        Self::RefreshReused,
        Self::Superseded,
        Self::UserDisabled,
        Self::PasswordChanged,
        Self::PrivilegeRaised,
        Self::ClientDeleted,
        Self::BookLost,
    ];

    /// The stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::RevokedByUser => "revoked_by_user",
            Self::RevokedByAdministrator => "revoked_by_administrator",
            Self::RevokedByClient => "revoked_by_client",
            Self::RefreshReused => "refresh_reused",
            Self::Superseded => "superseded",
            Self::UserDisabled => "user_disabled",
            Self::PasswordChanged => "password_changed",
            Self::PrivilegeRaised => "privilege_raised",
            Self::ClientDeleted => "client_deleted",
            Self::BookLost => "book_lost",
        }
    }
}

impl FromStr for EndReason {
    type Err = UnknownEndReason;

    fn from_str(text: &str) -> Result<Self, UnknownEndReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownEndReason)
    }
}

/// The end of a session or token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// From when on it is refused.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
    /// By whom.
    pub by: Option<Actor>,
    /// What whoever ended it wrote beside it.
    pub note: Option<String>,
}
