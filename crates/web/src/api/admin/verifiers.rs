//! `GET /v1/admin/verifiers`: who follows the revocation feed at this node, and how far.

use axum::Json;
use axum::extract::State;
use counterfoil_service::VerifierView;

use crate::api::list::List;
use crate::app::App;
use crate::extract::Administrator;
use crate::schema;

/// Connected verifiers
#[utoipa::path(get, path = "/v1/admin/verifiers", tag = "administration", operation_id = "list_verifiers",
    responses((status = 200, description = "Those connected to this node", body = List<schema::VerifierView>)))]
pub(crate) async fn list(State(app): State<App>, _: Administrator) -> Json<List<VerifierView>> {
    List::whole(app.authority.verifiers())
}
