//! Who did what: the append-only log of security events.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ClientId, Timestamp, UserId};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user, an administrator among them.
    User(UserId),
    /// A client with its own credentials.
    Client(ClientId),
    /// Somebody at the command line, who holds the data folder.
    CommandLine,
    /// Counterfoil itself.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::CommandLine => f.write_str("command_line"),
            Self::System => f.write_str("system"),
        }
    }
}

/// Text that names no actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an actor")]
pub struct UnknownActor;

impl FromStr for Actor {
    type Err = UnknownActor;

    fn from_str(text: &str) -> Result<Self, UnknownActor> {
        match text.split_once(':') {
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| UnknownActor),
            Some(("client", id)) => id.parse().map(Self::Client).map_err(|_| UnknownActor),
            None if text == "command_line" => Ok(Self::CommandLine),
            None if text == "system" => Ok(Self::System),
            _ => Err(UnknownActor),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// An account was made.
    UserCreated,
    /// An account's name, role, state or password was changed.
    UserChanged,
    /// A user logged in.
    LoggedIn,
    /// A log-in failed for a wrong password, or a disabled account.
    LoginFailed,
    /// A user logged out.
    LoggedOut,
    /// Sessions or tokens were revoked.
    Revoked,
    /// A refresh token was used a second time, outside the window.
    RefreshReused,
    /// A client was made.
    ClientCreated,
    /// A client was changed.
    ClientChanged,
    /// A client was removed.
    ClientDeleted,
    /// The signing keys were rotated.
    KeysRotated,
    /// A set-up link was made or used.
    SetupLink,
}

impl Action {
    /// The stable word for the action.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user_created",
            Self::UserChanged => "user_changed",
            Self::LoggedIn => "logged_in",
            Self::LoginFailed => "login_failed",
            Self::LoggedOut => "logged_out",
            Self::Revoked => "revoked",
            Self::RefreshReused => "refresh_reused",
            Self::ClientCreated => "client_created",
            Self::ClientChanged => "client_changed",
            Self::ClientDeleted => "client_deleted",
            Self::KeysRotated => "keys_rotated",
            Self::SetupLink => "setup_link",
        }
    }
}

/// One entry to append.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To what: a typed id, or a client's name.
    pub target: Option<String>,
    /// Particulars. Never a secret.
    pub detail: Value,
    /// From where.
    pub address: Option<IpAddr>,
}

/// One entry as it is kept. The action is text, so that a newer version's entries can still be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Position in the log.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// Particulars.
    pub detail: Value,
    /// From where.
    pub address: Option<IpAddr>,
}
