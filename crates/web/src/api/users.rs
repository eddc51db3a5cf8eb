//! `POST /v1/users`: signing up.

use axum::Json;
use axum::extract::State;
use counterfoil_core::account::{DisplayName, Email, User};
use counterfoil_core::{Timestamp, UserId};
use counterfoil_service::SignUp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::extract::{Body, Password, RequestOrigin};
use crate::problem::Problem;

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// The address to log in with.
    email: String,
    /// 8 to 256 characters, and not one of the most common passwords.
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// The name to show.
    name: Option<String>,
}

/// An account, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    #[schema(value_type = String)]
    id: UserId,
    #[schema(value_type = String)]
    email: Email,
    #[schema(value_type = Option<String>)]
    name: Option<DisplayName>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Sign up
///
/// Makes an account. It does not log anybody in.
#[utoipa::path(post, path = "/v1/users", tag = "login", security(()), request_body = NewAccount,
    responses((status = 201, description = "The account was made", body = Account)))]
pub(crate) async fn sign_up(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    Body(new): Body<NewAccount>,
) -> Result<(StatusCode, Json<Account>), Problem> {
    let sign_up = SignUp { email: new.email, password: new.password.0, name: new.name };
    let User { id, email, name, created_at, .. } = app.authority.sign_up(sign_up, &origin).await?;
    Ok((StatusCode::CREATED, Json(Account { id, email, name, created_at })))
}
