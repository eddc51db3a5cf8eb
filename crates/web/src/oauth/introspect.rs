//! `POST /oauth/introspect`: whether a token is good, asked by a service (RFC 7662).

use axum::Json;
use axum::extract::State;
use counterfoil_service::{Error, Introspection};
use utoipa::ToSchema;

use super::OauthForm;
use crate::app::App;
use crate::extract::basic_or_post;
use crate::oauth_error::{OauthError, OauthErrorDocument};
use crate::schema;

/// What introspection and revocation take.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form")]
pub(crate) struct TokenForm {
    token: String,
    /// `access_token` or `refresh_token`; not needed, since the token itself tells.
    token_type_hint: Option<String>,
    /// For `client_secret_post`, in place of HTTP Basic.
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Introspect a token
#[utoipa::path(post, path = "/oauth/introspect", operation_id = "introspect_token", tag = "oauth", security(("client" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Active with its claims, or not active", body = schema::Introspection),
        (status = 401, description = "The client did not prove who it is", body = OauthErrorDocument)))]
pub(crate) async fn introspect(
    State(app): State<App>,
    request: OauthForm,
) -> Result<Json<Introspection>, OauthError> {
    basic_or_post(&app, &request.headers, &request.form).await?.ok_or(Error::InvalidClient)?;
    Ok(Json(app.authority.introspect(request.required("token")?).await?))
}
