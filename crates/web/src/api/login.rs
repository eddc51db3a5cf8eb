//! `POST /v1/login`: by password, answered by the client's mode. Token answers follow RFC 6749, section 5.1.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use counterfoil_core::{ClientId, Mode, SessionId, UserCard};
use counterfoil_service::{AccessToken, SignIn, SignedIn};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::cookie;
use crate::extract::{Body, Password, RequestOrigin, refuse_foreign};
use crate::problem::Problem;
use crate::schema;

/// Who logs in, and through which client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// The client; without one, the built-in client `default`.
    client_id: Option<String>,
}

/// The answer to a log-in, by the client's mode.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Login<'a> {
    Cookie(CookieLogin<'a>),
    Token(TokenLogin<'a>),
}

/// The answer in `cookie` mode. The cookie itself is in `Set-Cookie`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CookieLogin<'a> {
    #[schema(value_type = String, example = "cookie")]
    mode: Mode,
    #[schema(value_type = schema::UserCard)]
    user: &'a UserCard,
    #[schema(value_type = schema::SessionCard)]
    session: counterfoil_core::SessionCard,
    #[schema(value_type = String)]
    client_id: ClientId,
}

/// The answer in the modes `jwt` and `recorded`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenLogin<'a> {
    #[schema(value_type = String, example = "recorded")]
    mode: Mode,
    /// A JWT (RFC 9068).
    access_token: &'a str,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds for which the access token is valid.
    expires_in: u64,
    /// `recorded` only: what `POST /oauth/token` takes for the next access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    /// `recorded` only.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
}

impl<'a> TokenLogin<'a> {
    pub(crate) fn new(mode: Mode, access: &'a AccessToken) -> Self {
        Self {
            mode,
            access_token: &access.token,
            token_type: "Bearer",
            expires_in: access.expires_in.as_secs(),
            refresh_token: None,
            session_id: None,
        }
    }

    pub(crate) fn recorded(access: &'a AccessToken, refresh_token: &'a str, session: SessionId) -> Self {
        let session_id = Some(session);
        Self { refresh_token: Some(refresh_token), session_id, ..Self::new(Mode::Recorded, access) }
    }
}

/// Log in
///
/// Answered by the client's mode: `cookie` sets the session cookie, `jwt` and `recorded` give tokens.
#[utoipa::path(post, path = "/v1/login", tag = "login", security(()), request_body = Credentials,
    responses(
        (status = 200, description = "Logged in; in `cookie` mode with `Set-Cookie`", body = Login),
        (status = 401, description = "Unknown user, wrong password or disabled account: one answer for all",
            content_type = "application/problem+json", body = crate::problem::ProblemDocument),
        (status = 503, description = "Too many people are logging in; see `Retry-After`",
            content_type = "application/problem+json", body = crate::problem::ProblemDocument)))]
pub(crate) async fn login(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    Body(credentials): Body<Credentials>,
) -> Result<Response, Problem> {
    let client = credentials.client_id.as_deref();
    if sets_cookie(&app, client) {
        refuse_foreign(&app, &headers)?;
    }
    let sign_in = SignIn {
        email: &credentials.email,
        password: &credentials.password.0,
        client,
        replaces: cookie::find(&headers, app.session_cookie_name())?,
    };
    answer(&app, &app.authority.sign_in(sign_in, &origin).await?)
}

/// Whether a log-in through that client ends in a cookie. Of an unknown client nothing is set.
fn sets_cookie(app: &Shared, client: Option<&str>) -> bool {
    let id = client.unwrap_or(ClientId::DEFAULT).parse();
    id.is_ok_and(|id| app.authority.client(&id).is_ok_and(|client| client.mode == Mode::Cookie))
}

/// What a log-in is answered with.
pub(crate) fn answer(app: &Shared, signed_in: &SignedIn) -> Result<Response, Problem> {
    let (login, set) = match signed_in {
        SignedIn::Cookie { cookie, user, session, client_id } => {
            let client_id = client_id.clone();
            let login = CookieLogin { mode: Mode::Cookie, user, session: *session, client_id };
            (Login::Cookie(login), Some(cookie::session(app.authority.is_secure(), cookie)?))
        }
        SignedIn::Jwt(access) => (Login::Token(TokenLogin::new(Mode::Jwt, access)), None),
        SignedIn::Recorded { access, refresh_token, session_id } => {
            (Login::Token(TokenLogin::recorded(access, refresh_token, *session_id)), None)
        }
    };
    let mut response = Json(login).into_response();
    if let Some(set) = set {
        response.headers_mut().insert(header::SET_COOKIE, set);
    }
    Ok(response)
}
