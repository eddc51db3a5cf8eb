//! `/v1/sessions`: the caller's own sessions, and ending them.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use counterfoil_core::SessionId;
use counterfoil_service::{RevocationReport, SessionView};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use super::list::List;
use crate::app::App;
use crate::cookie;
use crate::extract::{Calling, Id, Params, RequestOrigin, page};
use crate::problem::Problem;
use crate::schema;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// 1 to 200; 50 without it.
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<SessionId>,
}

/// My sessions
#[utoipa::path(get, path = "/v1/sessions", operation_id = "my_sessions", tag = "me", params(Paging),
    responses((status = 200, description = "A page of sessions", body = List<schema::SessionView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Calling(caller): Calling,
    Params(paging): Params<Paging>,
) -> Result<Json<List<SessionView>>, Problem> {
    let page = page(paging.limit, paging.cursor)?;
    Ok(List::page(app.authority.my_sessions(&caller, page).await?, |view| view))
}

/// End one of my sessions
#[utoipa::path(delete, path = "/v1/sessions/{id}", operation_id = "end_my_session", tag = "me", params(("id" = String, Path, description = "The session")),
    responses((status = 200, description = "Ended", body = schema::RevocationReport)))]
pub(crate) async fn end_one(
    State(app): State<App>,
    Calling(caller): Calling,
    RequestOrigin(origin): RequestOrigin,
    Id(session): Id<SessionId>,
) -> Result<Response, Problem> {
    let mut response = Json(app.authority.end_my_session(&caller, session, &origin).await?).into_response();
    if caller.by_cookie() && caller.session_id() == Some(session) {
        let gone = cookie::no_session(app.authority.is_secure())?;
        response.headers_mut().insert(header::SET_COOKIE, gone);
    }
    Ok(response)
}

/// End all my other sessions
#[utoipa::path(delete, path = "/v1/sessions", operation_id = "end_my_other_sessions", tag = "me",
    responses((status = 200, description = "Ended", body = schema::RevocationReport)))]
pub(crate) async fn end_others(
    State(app): State<App>,
    Calling(caller): Calling,
    RequestOrigin(origin): RequestOrigin,
) -> Result<Json<RevocationReport>, Problem> {
    Ok(Json(app.authority.end_my_other_sessions(&caller, &origin).await?))
}
