//! Who is calling: the same shape whatever the mode.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{ClientId, Mode, SessionId, Timestamp, UserId};

/// The answer to "who is calling?".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Principal {
    /// How the login is carried.
    pub mode: Mode,
    /// The user.
    pub user: Arc<UserCard>,
    /// The session; `None` for a stateless token.
    pub session: Option<SessionCard>,
    /// The client (application) through which the user logged in.
    pub client_id: ClientId,
    /// The client's own claims: the ones in the token, or for a cookie the ones that a token would have.
    pub claims: Arc<Map<String, Value>>,
}

/// What a principal tells of its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserCard {
    /// The user's id.
    pub id: UserId,
    /// The address to log in with.
    pub email: String,
    /// The name to show, if the user gave one.
    pub name: Option<String>,
    /// May use the administration API. Not part of what is shown.
    #[serde(skip)]
    pub admin: bool,
    /// When the account was made. Not part of what is shown, unless a client's claims tell it.
    #[serde(skip)]
    pub created_at: Timestamp,
}

/// What a principal tells of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SessionCard {
    /// The session's id.
    pub id: SessionId,
    /// When the user proved who they are.
    pub auth_time: Timestamp,
}
