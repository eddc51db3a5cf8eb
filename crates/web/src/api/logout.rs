//! `POST /v1/logout`: ends the login on both sides, and says honestly when that is not possible.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use counterfoil_core::Timestamp;
use counterfoil_core::session::Origin;
use counterfoil_service::{Error, Presented, SignedOut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::cookie;
use crate::extract::{RequestOrigin, credential, require_same_origin};
use crate::problem::Problem;

/// Not "cookies": that would clear the cookies of the whole registrable domain, of sibling subdomains too, and so log
/// people out of applications that are none of ours. The session cookie is removed by `Set-Cookie`.
pub(crate) const CLEAR_SITE_DATA: (HeaderName, HeaderValue) =
    (HeaderName::from_static("clear-site-data"), HeaderValue::from_static(r#""cache", "storage""#));

/// What became of the login.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoggedOut {
    /// Whether the server ended something. False for a stateless token, which stays valid until it expires, and for a
    /// cookie that was dead already.
    revoked: bool,
    /// Until when a stateless token stays valid: the client has to forget it.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
}

/// Log out
///
/// Destroys the session on both sides. A stateless token cannot be revoked, and the answer says until when it is valid.
#[utoipa::path(post, path = "/v1/logout", tag = "login",
    responses((status = 200, description = "What became of the login", body = LoggedOut)))]
pub(crate) async fn logout(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match credential(&app, &headers)?.ok_or(Error::NoCredential)? {
        presented @ Presented::Cookie(_) => {
            require_same_origin(&app, &headers)?;
            let revoked = end_cookie(&app, presented, &origin).await?;
            let cookie = (header::SET_COOKIE, cookie::no_session(app.authority.is_secure())?);
            let body = LoggedOut { revoked, valid_until: None };
            Ok(([cookie, CLEAR_SITE_DATA], Json(body)).into_response())
        }
        presented @ Presented::Bearer(_) => {
            let SignedOut { revoked, valid_until, .. } = app.authority.sign_out(presented, &origin).await?;
            Ok(Json(LoggedOut { revoked, valid_until }).into_response())
        }
    }
}

/// Ends a cookie's session. Whoever logs out with a dead cookie is logged out: it is no error.
pub(crate) async fn end_cookie(
    app: &Shared,
    presented: Presented<'_>,
    origin: &Origin,
) -> Result<bool, Problem> {
    match app.authority.sign_out(presented, origin).await {
        Ok(out) => Ok(out.revoked),
        Err(Error::BadCredential { .. } | Error::Expired | Error::Revoked { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
