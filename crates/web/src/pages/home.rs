//! `GET /`: where this server listens, the three modes, and either the forms to log in with or who is logged in.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use counterfoil_core::session::SessionState;
use counterfoil_core::{PageRequest, Timestamp};
use counterfoil_service::{Caller, Error, Presented, SessionView};
use http::{HeaderMap, StatusCode};

use super::assets;
use super::form_token::FormToken;
use super::html::{Referrer, page};
use super::notice::Notice;
use crate::app::{App, Shared};
use crate::cookie;

/// The most sessions that are shown.
const SHOWN: u16 = 50;

/// What was typed into a form that was refused, and why. Never the password.
#[derive(Default)]
pub(super) struct Typed<'a> {
    pub(super) email: &'a str,
    pub(super) name: &'a str,
    pub(super) error: Option<String>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    stylesheet: &'a str,
    form: &'a str,
    listen: &'a str,
    issuer: &'a str,
    visitor: Option<Visitor<'a>>,
    log_in: Typed<'a>,
    sign_up: Typed<'a>,
}

/// Somebody who is logged in.
struct Visitor<'a> {
    caller: &'a Caller,
    sessions: Vec<SessionView>,
}

impl Visitor<'_> {
    /// The name to greet with.
    fn greeting(&self) -> &str {
        let user = &self.caller.principal.user;
        user.name.as_deref().unwrap_or(&user.email)
    }
}

/// An instant as people read it, to the minute.
fn minute(instant: &Timestamp) -> String {
    let text = instant.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// What can be said of where a session is from.
fn device(session: &SessionView) -> String {
    let agent = session.user_agent.as_deref().unwrap_or("Unknown program");
    match session.address {
        Some(address) => format!("{agent}, from {address}"),
        None => agent.to_owned(),
    }
}

/// The page.
pub(crate) async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Notice> {
    match visitor(&app, &headers).await? {
        Some(caller) => {
            let mine = app.authority.my_sessions(&caller, PageRequest::new(SHOWN, None)).await?;
            let mut sessions = mine.items;
            sessions.retain(|session| session.state == SessionState::Alive);
            let visitor = Visitor { caller: &caller, sessions };
            render(&app, &headers, StatusCode::OK, Some(visitor), Typed::default(), Typed::default())
        }
        None => forms(&app, &headers, StatusCode::OK, Typed::default(), Typed::default()),
    }
}

/// The page with its forms, after one of them was refused.
pub(super) fn forms(
    app: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    log_in: Typed<'_>,
    sign_up: Typed<'_>,
) -> Result<Response, Notice> {
    render(app, headers, status, None, log_in, sign_up)
}

fn render(
    app: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    visitor: Option<Visitor<'_>>,
    log_in: Typed<'_>,
    sign_up: Typed<'_>,
) -> Result<Response, Notice> {
    let token = FormToken::of(app, headers);
    let template = HomePage {
        stylesheet: &assets::STYLESHEET_PATH,
        form: token.as_str(),
        listen: &app.settings.listen,
        issuer: app.authority.issuer(),
        visitor,
        log_in,
        sign_up,
    };
    let mut response = page(status, &template, Referrer::SameOrigin)?;
    token.put_into(app, &mut response)?;
    Ok(response)
}

/// Who has the cookie. A dead one is left where it is: another tab may be replacing it at this moment.
pub(super) async fn visitor(app: &Shared, headers: &HeaderMap) -> Result<Option<Caller>, Notice> {
    let Some(value) = cookie::find(headers, app.session_cookie_name())? else { return Ok(None) };
    match app.authority.check(Presented::Cookie(value)).await {
        Ok(caller) => Ok(Some(caller)),
        Err(Error::BadCredential { .. } | Error::Expired | Error::Revoked { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
