//! `/v1/admin/keys`: the signing keys and their rotation.

use axum::Json;
use axum::extract::State;
use counterfoil_core::account::KeyAlgorithm;
use counterfoil_service::KeyView;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::list::List;
use crate::app::App;
use crate::extract::{Administrator, Body};
use crate::problem::Problem;
use crate::schema;

/// Signing keys
#[utoipa::path(get, path = "/v1/admin/keys", tag = "administration", operation_id = "list_keys",
    responses((status = 200, description = "All keys", body = List<schema::KeyView>)))]
pub(crate) async fn list(State(app): State<App>, _: Administrator) -> Json<List<KeyView>> {
    List::whole(app.authority.keys())
}

/// Which keys are rotated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// Of this algorithm; without it, of all that are in use.
    #[schema(value_type = Option<String>, example = "ES256")]
    algorithm: Option<KeyAlgorithm>,
}

/// Rotate the signing keys
///
/// Logs nobody out: the old keys stay published until the last token signed with them has expired.
#[utoipa::path(post, path = "/v1/admin/keys/rotate", tag = "administration", request_body = Rotation,
    operation_id = "rotate_keys",
    responses((status = 200, description = "All keys as they are now", body = List<schema::KeyView>)))]
pub(crate) async fn rotate(
    State(app): State<App>,
    Administrator(by): Administrator,
    Body(rotation): Body<Rotation>,
) -> Result<Json<List<KeyView>>, Problem> {
    Ok(List::whole(app.authority.rotate_keys(rotation.algorithm, &by).await?))
}
