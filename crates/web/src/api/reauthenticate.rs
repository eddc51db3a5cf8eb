//! `POST /v1/reauthenticate`: proves once more who is there, and changes the cookie with it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::cookie;
use crate::extract::{Body, Calling, Password, RequestOrigin};
use crate::problem::Problem;

/// The proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// Prove again who you are
///
/// Mode `cookie`: raises the session's `auth_time` and sets a new cookie for the same session.
#[utoipa::path(post, path = "/v1/reauthenticate", tag = "me", security(("cookie" = [])), request_body = Proof,
    responses((status = 204, description = "Proved; the new cookie is in `Set-Cookie`")))]
pub(crate) async fn reauthenticate(
    State(app): State<App>,
    Calling(caller): Calling,
    RequestOrigin(origin): RequestOrigin,
    Body(proof): Body<Proof>,
) -> Result<Response, Problem> {
    let issued = app.authority.reauthenticate(&caller, &proof.password.0, &origin).await?;
    let set = cookie::session(app.authority.is_secure(), &issued)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set)]).into_response())
}
