//! `/v1/admin/users`: accounts as an administrator sees and changes them.

use axum::Json;
use axum::extract::State;
use counterfoil_core::account::{DisplayName, Email, User};
use counterfoil_core::port::UserFilter;
use counterfoil_core::{Timestamp, UserId};
use counterfoil_service::{NewUser, UserEdit};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::list::List;
use crate::app::App;
use crate::extract::{Administrator, Body, Id, Params, Password, page};
use crate::problem::Problem;

/// An account, as an administrator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserDocument {
    #[schema(value_type = String)]
    id: UserId,
    #[schema(value_type = String)]
    email: Email,
    #[schema(value_type = Option<String>)]
    name: Option<DisplayName>,
    /// May use the administration API.
    admin: bool,
    /// Whether the user can log in with a password.
    has_password: bool,
    /// Since when the user may not log in.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<User> for UserDocument {
    fn from(user: User) -> Self {
        let User { id, email, name, password, admin, disabled_at, created_at, updated_at } = user;
        let has_password = password.is_some();
        Self { id, email, name, admin, has_password, disabled_at, created_at, updated_at }
    }
}

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Words in the address or the name.
    q: Option<String>,
    admin: Option<bool>,
    disabled: Option<bool>,
    /// 1 to 200; 50 without it.
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<UserId>,
}

/// Users
#[utoipa::path(get, path = "/v1/admin/users", tag = "administration", params(Filter), operation_id = "list_users",
    responses((status = 200, description = "A page of users", body = List<UserDocument>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Administrator,
    Params(filter): Params<Filter>,
) -> Result<Json<List<UserDocument>>, Problem> {
    let Filter { q, admin, disabled, limit, cursor } = filter;
    let filter = UserFilter { text: q, admin, disabled };
    Ok(List::page(app.authority.users(filter, page(limit, cursor)?).await?, UserDocument::from))
}

/// An account to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserToAdd {
    email: String,
    /// Without one, the user cannot log in with a password.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Password>,
    name: Option<String>,
    #[serde(default)]
    admin: bool,
}

/// Add a user
#[utoipa::path(post, path = "/v1/admin/users", tag = "administration", request_body = UserToAdd, operation_id = "add_user",
    responses((status = 201, description = "Added", body = UserDocument)))]
pub(crate) async fn add(
    State(app): State<App>,
    Administrator(by): Administrator,
    Body(new): Body<UserToAdd>,
) -> Result<(StatusCode, Json<UserDocument>), Problem> {
    let password = new.password.map(|password| password.0);
    let new = NewUser { email: new.email, password, name: new.name, admin: new.admin };
    Ok((StatusCode::CREATED, Json(app.authority.add_user(new, &by).await?.into())))
}

/// One user
#[utoipa::path(get, path = "/v1/admin/users/{id}", tag = "administration", operation_id = "show_user",
    params(("id" = String, Path, description = "The user")),
    responses((status = 200, description = "The user", body = UserDocument)))]
pub(crate) async fn show(
    State(app): State<App>,
    _: Administrator,
    Id(id): Id<UserId>,
) -> Result<Json<UserDocument>, Problem> {
    Ok(Json(app.authority.user(id).await?.into()))
}

/// Changes of an account; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChanges {
    /// Another name, or null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// True ends all sessions: nobody rises by a login that was there before.
    admin: Option<bool>,
    /// True ends all sessions.
    disabled: Option<bool>,
    /// Ends all sessions.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Password>,
}

/// Tells null from nothing.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Change a user
///
/// The changes are made one after the other, those that can be refused first.
#[utoipa::path(patch, path = "/v1/admin/users/{id}", tag = "administration", request_body = UserChanges,
    operation_id = "change_user", params(("id" = String, Path, description = "The user")),
    responses((status = 200, description = "The user as it is now", body = UserDocument)))]
pub(crate) async fn change(
    State(app): State<App>,
    Administrator(by): Administrator,
    Id(id): Id<UserId>,
    Body(changes): Body<UserChanges>,
) -> Result<Json<UserDocument>, Problem> {
    let edits = [
        changes.name.map(UserEdit::Name),
        changes.password.map(|password| UserEdit::Password(password.0)),
        changes.admin.map(UserEdit::Admin),
        changes.disabled.map(UserEdit::Disabled),
    ];
    let mut user = app.authority.user(id).await?;
    for edit in edits.into_iter().flatten() {
        user = app.authority.edit_user(id, edit, &by).await?;
    }
    Ok(Json(user.into()))
}
