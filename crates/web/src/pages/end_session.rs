//! `POST /sessions/end`: ends one of the visitor's sessions.

use axum::extract::State;
use axum::response::Response;
use counterfoil_core::SessionId;
use counterfoil_service::Error;
use http::{HeaderMap, header};

use super::html::see_other;
use super::notice::Notice;
use super::{form_token, home};
use crate::app::App;
use crate::cookie;
use crate::extract::{Form, RequestOrigin};

/// Ends the session and goes to the page.
pub(crate) async fn submit(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Notice> {
    form_token::require(&app, &headers, &form)?;
    let caller = home::visitor(&app, &headers).await?.ok_or(Error::NoCredential)?;
    let session: SessionId = form.text("session").parse().map_err(|_| Error::NotFound)?;
    app.authority.end_my_session(&caller, session, &origin).await?;
    let mut answer = HeaderMap::new();
    if caller.session_id() == Some(session) {
        answer.insert(header::SET_COOKIE, cookie::no_session(app.authority.is_secure())?);
    }
    Ok(see_other("/", answer))
}
