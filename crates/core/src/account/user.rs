//! A user: one holder of an account.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use super::Email;
use super::invisible::{is_invisible, is_joiner};
use crate::{Timestamp, UserCard, UserId};

/// A password's Argon2id hash as a PHC string. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a PHC string in, as the hasher made it.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password hash]")
    }
}

/// A name to show: 1 to 128 code points, no control characters, NFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

/// Text that cannot be shown as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 128 characters without control characters")]
pub struct NameError;

impl DisplayName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // Bytes first, so that normalising costs little whatever was sent.
        if text.len() > 1024 {
            return Err(NameError);
        }
        let name: String = text.trim().nfc().collect();
        let length = name.chars().count();
        let hidden = |c: char| c.is_control() || is_invisible(c);
        if length == 0 || length > 128 || name.chars().any(hidden) || name.chars().all(is_joiner) {
            Err(NameError)
        } else {
            Ok(Self(name))
        }
    }
}

impl Serialize for DisplayName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// One holder of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The address to log in with; no two users share one.
    pub email: Email,
    /// The name to show.
    pub name: Option<DisplayName>,
    /// The password's hash. A user without one cannot log in with a password.
    pub password: Option<PasswordHash>,
    /// May use the administration API.
    pub admin: bool,
    /// Since when the user may not log in.
    pub disabled_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// What a principal tells of this user.
    #[must_use]
    pub fn card(&self) -> UserCard {
        UserCard {
            id: self.id,
            email: self.email.to_string(),
            name: self.name.as_ref().map(|name| name.as_str().to_owned()),
            admin: self.admin,
            created_at: self.created_at,
        }
    }
}

/// One change of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// Another name to show, or none.
    Name(Option<DisplayName>),
    /// Another password.
    Password(PasswordHash),
    /// The same password under newer hashing parameters; only if the present hash is still the one given first.
    Rehash(PasswordHash, PasswordHash),
    /// Administrator or not.
    Admin(bool),
    /// May log in (`None`), or may not since then.
    Disabled(Option<Timestamp>),
}
