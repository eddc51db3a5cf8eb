//! `POST /logout`: ends the session on both sides.

use axum::extract::State;
use axum::response::Response;
use counterfoil_service::Presented;
use http::{HeaderMap, header};

use super::form_token;
use super::html::see_other;
use super::notice::Notice;
use crate::api::logout::{CLEAR_SITE_DATA, end_cookie};
use crate::app::App;
use crate::cookie;
use crate::extract::{Form, RequestOrigin};

/// Logs out and goes to the page.
pub(crate) async fn submit(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Notice> {
    form_token::require(&app, &headers, &form)?;
    if let Some(value) = cookie::find(&headers, app.session_cookie_name())? {
        end_cookie(&app, Presented::Cookie(value), &origin).await?;
    }
    let gone = (header::SET_COOKIE, cookie::no_session(app.authority.is_secure())?);
    Ok(see_other("/", [gone, CLEAR_SITE_DATA].into_iter().collect()))
}
