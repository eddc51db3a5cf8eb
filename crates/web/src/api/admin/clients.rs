//! `/v1/admin/clients`: the applications and services.

use axum::Json;
use axum::extract::State;
use counterfoil_core::account::{ClaimRules, Client, ClientChange, KeyAlgorithm};
use counterfoil_core::{ClientId, Mode};
use counterfoil_service::{Error, NewClient, RevocationReport};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::list::List;
use crate::app::App;
use crate::extract::{Administrator, Body, Id};
use crate::problem::Problem;
use crate::schema;

mod document;

use document::LifetimesChange;
pub(crate) use document::{ClientDocument, ClientSecret, ClientWithSecret};

/// Clients
#[utoipa::path(get, path = "/v1/admin/clients", tag = "administration", operation_id = "list_clients",
    responses((status = 200, description = "All clients", body = List<ClientDocument>)))]
pub(crate) async fn list(State(app): State<App>, _: Administrator) -> Json<List<ClientDocument>> {
    let show = |client: std::sync::Arc<Client>| ClientDocument::new(&app, &client);
    List::whole(app.authority.clients().into_iter().map(show).collect())
}

/// A client to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientToAdd {
    /// Without one, a random id is made.
    #[schema(value_type = Option<String>)]
    id: Option<ClientId>,
    /// The name for people.
    name: String,
    /// A service verifies, introspects and revokes with a secret of its own; users do not log in through it.
    #[serde(default)]
    service: bool,
    /// How logins through it are carried.
    #[schema(value_type = Option<String>, example = "recorded")]
    mode: Option<Mode>,
    audience: Option<Vec<String>>,
    #[schema(value_type = Option<String>, example = "ES256")]
    algorithm: Option<KeyAlgorithm>,
    lifetimes: Option<LifetimesChange>,
    /// By name: `{"user": "email"}` or `{"value": …}`.
    #[schema(value_type = Option<schema::Claims>)]
    claims: Option<ClaimRules>,
}

/// Add a client
///
/// The secret of a service is shown this once.
#[utoipa::path(post, path = "/v1/admin/clients", tag = "administration", request_body = ClientToAdd,
    operation_id = "add_client", responses((status = 201, description = "Added", body = ClientWithSecret)))]
pub(crate) async fn add(
    State(app): State<App>,
    Administrator(by): Administrator,
    Body(new): Body<ClientToAdd>,
) -> Result<(StatusCode, Json<ClientWithSecret>), Problem> {
    let ClientToAdd { id, name, service, mode, audience, algorithm, lifetimes, claims } = new;
    let lifetimes = lifetimes.map(|change| change.of(Default::default()));
    let change = ClientChange { name: None, mode, audience, algorithm, lifetimes, claims };
    let (client, secret) = app.authority.add_client(NewClient { id, name, service, change }, &by).await?;
    Ok((StatusCode::CREATED, Json(ClientWithSecret::new(&app, &client, secret))))
}

/// One client
#[utoipa::path(get, path = "/v1/admin/clients/{id}", tag = "administration", operation_id = "show_client",
    params(("id" = String, Path, description = "The client")),
    responses((status = 200, description = "The client", body = ClientDocument)))]
pub(crate) async fn show(
    State(app): State<App>,
    _: Administrator,
    Id(id): Id<ClientId>,
) -> Result<Json<ClientDocument>, Problem> {
    Ok(Json(ClientDocument::new(&app, &*app.authority.client(&id).map_err(named_in_path)?)))
}

/// Changes of a client; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientChanges {
    name: Option<String>,
    /// For logins from now on; sessions that exist go on in theirs.
    #[schema(value_type = Option<String>, example = "cookie")]
    mode: Option<Mode>,
    audience: Option<Vec<String>>,
    #[schema(value_type = Option<String>, example = "ES256")]
    algorithm: Option<KeyAlgorithm>,
    lifetimes: Option<LifetimesChange>,
    #[schema(value_type = Option<schema::Claims>)]
    claims: Option<ClaimRules>,
}

/// Change a client
#[utoipa::path(patch, path = "/v1/admin/clients/{id}", tag = "administration", request_body = ClientChanges,
    operation_id = "change_client", params(("id" = String, Path, description = "The client")),
    responses((status = 200, description = "The client as it is now", body = ClientDocument)))]
pub(crate) async fn change(
    State(app): State<App>,
    Administrator(by): Administrator,
    Id(id): Id<ClientId>,
    Body(changes): Body<ClientChanges>,
) -> Result<Json<ClientDocument>, Problem> {
    let ClientChanges { name, mode, audience, algorithm, lifetimes, claims } = changes;
    let present = app.authority.client(&id).map_err(named_in_path)?;
    let lifetimes = lifetimes.map(|change| change.of(present.lifetimes));
    let change = ClientChange { name, mode, audience, algorithm, lifetimes, claims };
    let client = app.authority.edit_client(&id, change, &by).await.map_err(named_in_path)?;
    Ok(Json(ClientDocument::new(&app, &client)))
}

/// Remove a client
///
/// Ends every session that it has.
#[utoipa::path(delete, path = "/v1/admin/clients/{id}", tag = "administration", operation_id = "remove_client",
    params(("id" = String, Path, description = "The client")),
    responses((status = 200, description = "Removed", body = schema::RevocationReport)))]
pub(crate) async fn remove(
    State(app): State<App>,
    Administrator(by): Administrator,
    Id(id): Id<ClientId>,
) -> Result<Json<RevocationReport>, Problem> {
    Ok(Json(app.authority.delete_client(&id, &by).await.map_err(named_in_path)?))
}

/// Give a service a new secret
///
/// The old one is refused from then on. The new one is shown this once.
#[utoipa::path(post, path = "/v1/admin/clients/{id}/secret", tag = "administration", operation_id = "rotate_client_secret",
    params(("id" = String, Path, description = "The client")),
    responses((status = 200, description = "The new secret", body = ClientSecret)))]
pub(crate) async fn rotate_secret(
    State(app): State<App>,
    Administrator(by): Administrator,
    Id(id): Id<ClientId>,
) -> Result<Json<ClientSecret>, Problem> {
    let secret = app.authority.rotate_client_secret(&id, &by).await.map_err(named_in_path)?;
    Ok(Json(ClientSecret { id, secret: secret.to_string() }))
}

/// A client that the path names is not there, whereas one that a body names is a mistake in the body.
fn named_in_path(error: Error) -> Error {
    match error {
        Error::UnknownClient => Error::NotFound,
        other => other,
    }
}
