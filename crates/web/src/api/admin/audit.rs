//! `GET /v1/admin/audit`: who did what.

use axum::Json;
use axum::extract::State;
use counterfoil_core::Timestamp;
use counterfoil_core::audit::Entry;
use counterfoil_core::port::AuditFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::list::List;
use crate::app::App;
use crate::extract::{Administrator, Params, page};
use crate::problem::Problem;
use crate::schema;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// `user:usr_…`, `client:…`, `command_line` or `system`.
    actor: Option<String>,
    /// For example `logged_in`.
    action: Option<String>,
    /// A typed id, or a client's name.
    target: Option<String>,
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// 1 to 200; 50 without it.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<u64>,
}

/// The audit log
#[utoipa::path(get, path = "/v1/admin/audit", tag = "administration", params(Filter), operation_id = "list_audit",
    responses((status = 200, description = "A page of entries", body = List<schema::AuditEntry>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Administrator,
    Params(filter): Params<Filter>,
) -> Result<Json<List<Entry>>, Problem> {
    let Filter { actor, action, target, since, limit, cursor } = filter;
    let filter = AuditFilter { actor, action, target, since };
    Ok(List::page(app.authority.audit(filter, page(limit, cursor)?).await?, |entry| entry))
}
