//! A client: an application through which users log in, or a service with credentials of its own.

use serde::{Deserialize, Serialize};

use super::{ClaimRules, KeyAlgorithm, Lifetimes, LifetimesError};
use crate::{ClientId, Digest, Mode, Timestamp};

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Users log in through it.
    Application,
    /// It verifies, introspects and revokes, with a secret of its own.
    Service,
}

/// One client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name in the protocol.
    pub id: ClientId,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub kind: ClientKind,
    /// Digest of its secret; only services have one.
    pub secret: Option<Digest>,
    /// How logins through it are carried. Sessions that exist go on in the mode that they began in.
    pub mode: Mode,
    /// The `aud` of its tokens (RFC 9068, section 3); never empty.
    pub audience: Vec<String>,
    /// What its tokens are signed with.
    pub algorithm: KeyAlgorithm,
    /// How long its logins and tokens live.
    pub lifetimes: Lifetimes,
    /// Its own claims.
    pub claims: ClaimRules,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A client that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The name for people is empty or too long.
    #[error("a client's name is 1 to 128 characters without control characters")]
    Name,
    /// The audience is empty or too long.
    #[error("an audience is 1 to 8 values of 1 to 256 printable characters")]
    Audience,
    /// A lifetime is out of bounds.
    #[error(transparent)]
    Lifetimes(#[from] LifetimesError),
}

impl Client {
    /// The client that logs people in when a log-in names none: cookies, for a browser and one site.
    #[must_use]
    pub fn built_in(now: Timestamp) -> Self {
        Self::application(ClientId::default_client(), "Counterfoil", Mode::Cookie, now)
    }

    /// An application with the defaults of everything else; its audience is its own id.
    #[must_use]
    pub fn application(id: ClientId, name: &str, mode: Mode, now: Timestamp) -> Self {
        Self {
            audience: vec![id.to_string()],
            id,
            name: name.to_owned(),
            kind: ClientKind::Application,
            secret: None,
            mode,
            algorithm: KeyAlgorithm::Es256,
            lifetimes: Lifetimes::default(),
            claims: ClaimRules::default(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Checks what was configured.
    ///
    /// # Errors
    /// The first thing that is out of bounds.
    pub fn validate(&self) -> Result<(), ClientError> {
        let length = self.name.chars().count();
        if length == 0 || length > 128 || self.name.chars().any(char::is_control) {
            return Err(ClientError::Name);
        }
        let audience_is_good = |value: &String| {
            (1..=256).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if self.audience.is_empty() || self.audience.len() > 8 || !self.audience.iter().all(audience_is_good)
        {
            return Err(ClientError::Audience);
        }
        Ok(self.lifetimes.validate()?)
    }

    /// This client with a change applied. Not yet validated.
    #[must_use]
    pub fn changed(mut self, change: ClientChange, now: Timestamp) -> Self {
        let ClientChange { name, mode, audience, algorithm, lifetimes, claims } = change;
        self.name = name.unwrap_or(self.name);
        self.mode = mode.unwrap_or(self.mode);
        self.audience = audience.unwrap_or(self.audience);
        self.algorithm = algorithm.unwrap_or(self.algorithm);
        self.lifetimes = lifetimes.unwrap_or(self.lifetimes);
        self.claims = claims.unwrap_or(self.claims);
        self.updated_at = now;
        self
    }
}

/// A change of a client: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientChange {
    /// Another name for people.
    pub name: Option<String>,
    /// Another mode, for logins from now on.
    pub mode: Option<Mode>,
    /// Another audience.
    pub audience: Option<Vec<String>>,
    /// Another signature algorithm.
    pub algorithm: Option<KeyAlgorithm>,
    /// Other lifetimes, for logins and tokens from now on.
    pub lifetimes: Option<Lifetimes>,
    /// Other claims, for tokens from now on.
    pub claims: Option<ClaimRules>,
}
