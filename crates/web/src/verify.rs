//! `GET /verify`: forward-auth for reverse proxies (nginx `auth_request`, Traefik and Caddy `forward_auth`).

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::extract::Calling;
use crate::problem::Problem;

/// Forward-auth
///
/// 200 with the caller in headers, or 401. The proxy has to overwrite these headers in what it passes on.
#[utoipa::path(get, path = "/verify", tag = "verifiers",
    responses((status = 200, description = "Somebody is logged in", headers(
        ("X-Auth-User" = String, description = "The user's id"),
        ("X-Auth-Session" = String, description = "The session's id; not for a stateless token"),
        ("X-Auth-Mode" = String, description = "`cookie`, `jwt` or `recorded`")))))]
pub(crate) async fn verify(Calling(caller): Calling) -> Result<Response, Problem> {
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    let mode = HeaderValue::from_static(caller.principal.mode.as_str());
    headers.insert(HeaderName::from_static("x-auth-mode"), mode);
    headers.insert(HeaderName::from_static("x-auth-user"), id(caller.user_id()));
    if let Some(session) = caller.session_id() {
        headers.insert(HeaderName::from_static("x-auth-session"), id(session));
    }
    Ok(response)
}

/// Ids are ASCII letters, digits and an underscore.
fn id(id: impl ToString) -> HeaderValue {
    HeaderValue::try_from(id.to_string()).unwrap_or(HeaderValue::from_static(""))
}
