//! `POST /v1/renew`: a stateless token that is still valid buys a new one, up to the absolute limit.

use axum::extract::State;
use axum::response::Response;
use counterfoil_service::{Error, Presented};
use http::HeaderMap;

use super::login;
use crate::app::App;
use crate::extract::{RequestOrigin, credential};
use crate::problem::Problem;

/// Renew a stateless token
///
/// Mode `jwt`. Nothing is recorded. When the client has become `recorded` meanwhile, the answer has a session.
#[utoipa::path(post, path = "/v1/renew", tag = "login", security(("bearer" = [])),
    responses((status = 200, description = "A new token", body = login::Login)))]
pub(crate) async fn renew(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(Presented::Bearer(token)) = credential(&app, &headers)? else {
        return Err(Error::NoCredential.into());
    };
    login::answer(&app, &app.authority.renew(token, &origin).await?)
}
