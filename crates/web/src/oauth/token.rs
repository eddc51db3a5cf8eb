//! `POST /oauth/token`: `grant_type=refresh_token` (RFC 6749, section 6).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use utoipa::ToSchema;

use super::OauthForm;
use crate::api::login::TokenLogin;
use crate::app::App;
use crate::extract::{RequestOrigin, basic_or_post};
use crate::oauth_error::{OauthError, OauthErrorDocument};

const GRANT: &str = "refresh_token";
/// RFC 6749, section 5.1, for caches of HTTP/1.0.
const PRAGMA: (HeaderName, HeaderValue) = (header::PRAGMA, HeaderValue::from_static("no-cache"));

/// What the token endpoint takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form")]
pub(crate) struct TokenRequest {
    /// Always `refresh_token`.
    grant_type: String,
    refresh_token: String,
    /// The client that the refresh token was given to; checked when it is there.
    client_id: Option<String>,
}

/// Refresh
///
/// Gives a new access token and a new refresh token. Repeats within a short window get the same answer; a later one is
/// theft, ends the session, and says so in `cause`.
#[utoipa::path(post, path = "/oauth/token", operation_id = "refresh", tag = "oauth", security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The next tokens", body = TokenLogin),
        (status = 400, description = "Refused", body = OauthErrorDocument)))]
pub(crate) async fn token(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    request: OauthForm,
) -> Result<Response, OauthError> {
    if request.required("grant_type")? != GRANT {
        return Err(OauthError::unsupported_grant_type());
    }
    let presented = request.required(GRANT)?;
    // Only services have secrets, and none of them has sessions.
    if basic_or_post(&app, &request.headers, &request.form).await?.is_some() {
        return Err(OauthError::unauthorized_client());
    }
    let refreshed = app.authority.refresh(presented, request.form.value("client_id"), &origin).await?;
    let answer = TokenLogin::recorded(&refreshed.access, &refreshed.refresh_token, refreshed.session_id);
    Ok(([PRAGMA], Json(answer)).into_response())
}
