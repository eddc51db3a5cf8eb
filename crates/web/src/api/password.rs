//! `PUT /v1/me/password`: another password, which ends all other sessions.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use counterfoil_service::PasswordChanged;
use http::header;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::cookie;
use crate::extract::{Body, Calling, Password, RequestOrigin};
use crate::problem::Problem;
use crate::schema;

/// The old password and the new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current_password: Password,
    #[schema(value_type = String, format = Password)]
    new_password: Password,
}

/// Change my password
///
/// Ends all my other sessions, and the renewal of all my stateless tokens. In mode `cookie` a new cookie is set.
#[utoipa::path(put, path = "/v1/me/password", operation_id = "change_my_password", tag = "me", request_body = PasswordChange,
    responses((status = 200, description = "Changed", body = schema::RevocationReport)))]
pub(crate) async fn change(
    State(app): State<App>,
    Calling(caller): Calling,
    RequestOrigin(origin): RequestOrigin,
    Body(change): Body<PasswordChange>,
) -> Result<Response, Problem> {
    let (current, new) = (&change.current_password.0, &change.new_password.0);
    let changed = app.authority.change_password(&caller, current, new, &origin).await?;
    let PasswordChanged { report, cookie } = changed;
    match cookie {
        Some(issued) => {
            let set = cookie::session(app.authority.is_secure(), &issued)?;
            Ok(([(header::SET_COOKIE, set)], Json(report)).into_response())
        }
        None => Ok(Json(report).into_response()),
    }
}
