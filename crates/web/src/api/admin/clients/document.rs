//! How a client is written in JSON.

use std::time::Duration;

use counterfoil_core::account::{ClaimRules, Client, ClientKind, KeyAlgorithm, Lifetimes};
use counterfoil_core::{ClientId, Mode, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::app::Shared;
use crate::schema;

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientDocument {
    #[schema(value_type = String)]
    id: ClientId,
    /// The name for people.
    name: String,
    /// `application` or `service`.
    #[schema(value_type = String, example = "application")]
    kind: ClientKind,
    #[schema(value_type = String, example = "recorded")]
    mode: Mode,
    /// The `aud` of its tokens.
    audience: Vec<String>,
    #[schema(value_type = String, example = "ES256")]
    algorithm: KeyAlgorithm,
    #[schema(value_type = schema::Lifetimes)]
    lifetimes: Lifetimes,
    #[schema(value_type = schema::Claims)]
    claims: ClaimRules,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// How large a typical access token of this client is.
    access_token_bytes: usize,
}

impl ClientDocument {
    pub(crate) fn new(app: &Shared, client: &Client) -> Self {
        Self {
            id: client.id.clone(),
            name: client.name.clone(),
            kind: client.kind,
            mode: client.mode,
            audience: client.audience.clone(),
            algorithm: client.algorithm,
            lifetimes: client.lifetimes,
            claims: client.claims.clone(),
            created_at: client.created_at,
            updated_at: client.updated_at,
            access_token_bytes: app.authority.token_size(client),
        }
    }
}

/// A client that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientWithSecret {
    #[serde(flatten)]
    client: ClientDocument,
    /// Services only; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    secret: Option<String>,
}

impl ClientWithSecret {
    pub(crate) fn new(app: &Shared, client: &Client, secret: Option<Zeroizing<String>>) -> Self {
        let secret = secret.map(|secret| secret.to_string());
        Self { client: ClientDocument::new(app, client), secret }
    }
}

/// A service's new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientSecret {
    #[schema(value_type = String)]
    pub(crate) id: ClientId,
    /// Shown this once.
    pub(crate) secret: String,
}

/// Changes of lifetimes, in seconds; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LifetimesChange {
    idle: Option<u64>,
    absolute: Option<u64>,
    access: Option<u64>,
    refresh: Option<u64>,
    refresh_window: Option<u64>,
}

impl LifetimesChange {
    pub(crate) fn of(&self, present: Lifetimes) -> Lifetimes {
        let seconds = |changed: Option<u64>, present| changed.map_or(present, Duration::from_secs);
        Lifetimes {
            idle: seconds(self.idle, present.idle),
            absolute: seconds(self.absolute, present.absolute),
            access: seconds(self.access, present.access),
            refresh: seconds(self.refresh, present.refresh),
            refresh_window: seconds(self.refresh_window, present.refresh_window),
        }
    }
}
