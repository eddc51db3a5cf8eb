//! `POST /v1/admin/revocations`: revokes a selection, or counts what that would be.

use axum::Json;
use axum::extract::State;
use counterfoil_core::revocation::{Selection, SelectionRequest};
use counterfoil_service::{Error, RevocationReport, RevokeRequest};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::extract::{Administrator, Body};
use crate::problem::Problem;
use crate::schema;

/// What is revoked, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revocation {
    #[schema(value_type = schema::Selection)]
    select: SelectionRequest,
    /// For the book: at most 256 bytes, no control characters.
    #[schema(max_length = 256)]
    reason: Option<String>,
    /// Only counts.
    #[serde(default)]
    dry_run: bool,
}

/// Revoke
///
/// By token, session, user, client, time, or everything. The answer says how many verifiers have confirmed it.
#[utoipa::path(post, path = "/v1/admin/revocations", tag = "administration", request_body = Revocation,
    responses((status = 200, description = "Revoked, or counted", body = schema::RevocationReport)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Administrator(by): Administrator,
    Body(revocation): Body<Revocation>,
) -> Result<Json<RevocationReport>, Problem> {
    let Revocation { select, reason: note, dry_run } = revocation;
    let selection = Selection::try_from(select).map_err(Error::from)?;
    let request = RevokeRequest { selection, note, dry_run };
    Ok(Json(app.authority.revoke(request, &by).await?))
}
