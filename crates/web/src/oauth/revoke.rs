//! `POST /oauth/revoke`: a token is revoked by a service (RFC 7009).

use axum::extract::State;
use counterfoil_core::audit::Actor;
use counterfoil_service::{By, Error};
use http::StatusCode;

use super::OauthForm;
use super::introspect::TokenForm;
use crate::app::App;
use crate::extract::{RequestOrigin, basic_or_post};
use crate::oauth_error::{OauthError, OauthErrorDocument};

/// Revoke a token
///
/// Access tokens and refresh tokens of mode `recorded`. A stateless token is refused with `unsupported_token_type`; what
/// is no token of ours is answered as if it had been revoked.
#[utoipa::path(post, path = "/oauth/revoke", operation_id = "revoke_token", tag = "oauth", security(("client" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Revoked, or never valid"),
        (status = 400, description = "It cannot be revoked", body = OauthErrorDocument)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    request: OauthForm,
) -> Result<StatusCode, OauthError> {
    let client = basic_or_post(&app, &request.headers, &request.form).await?.ok_or(Error::InvalidClient)?;
    let by = By { actor: Actor::Client(client.id.clone()), address: origin.address };
    app.authority.revoke_token(&client, request.required("token")?, &by).await?;
    Ok(StatusCode::OK)
}
