//! The three ways to carry a login.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a client's logins are carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// An opaque value in a cookie; the server keeps the session.
    Cookie,
    /// A signed JWT; the server keeps nothing, and nothing can be taken back before it expires.
    Jwt,
    /// A signed JWT and a refresh token; the server keeps the session and a record of every token, and can revoke any.
    Recorded,
}

/// A word that names no mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown mode {0:?}: choose cookie, jwt or recorded")]
pub struct UnknownMode(String);

impl Mode {
    /// All three, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Cookie, Self::Jwt, Self::Recorded];

    /// The word used in the API, the configuration and the stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Jwt => "jwt",
            Self::Recorded => "recorded",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| UnknownMode(text.chars().take(32).collect()))
    }
}
