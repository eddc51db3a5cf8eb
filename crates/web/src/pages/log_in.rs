//! `POST /login`: the form's log-in, always with a cookie.

use axum::extract::State;
use axum::response::Response;
use counterfoil_core::session::Origin;
use counterfoil_service::{Error, SignIn, SignedIn};
use http::{HeaderMap, header};

use super::form_token;
use super::home::{self, Typed};
use super::html::see_other;
use super::notice::Notice;
use crate::app::{App, Shared};
use crate::cookie;
use crate::extract::{Form, RequestOrigin};
use crate::problem::Problem;

/// Logs in and goes to the page.
pub(crate) async fn submit(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Notice> {
    form_token::require(&app, &headers, &form)?;
    let email = form.text("email");
    match with_cookie(&app, &headers, email, form.text("password"), &origin).await {
        Ok(response) => Ok(response),
        Err(problem) if problem.fault.is_some() => Err(problem.into()),
        Err(problem) => {
            let typed = Typed { email, name: "", error: Some(sentence(&problem)) };
            let mut response = home::forms(&app, &headers, problem.status, typed, Typed::default())?;
            problem.add_retry_after(response.headers_mut());
            Ok(response)
        }
    }
}

/// Logs somebody in through the built-in client and goes to the page.
pub(super) async fn with_cookie(
    app: &Shared,
    headers: &HeaderMap,
    email: &str,
    password: &str,
    origin: &Origin,
) -> Result<Response, Problem> {
    let replaces = cookie::find(headers, app.session_cookie_name())?;
    let sign_in = SignIn { email, password, client: None, replaces };
    match app.authority.sign_in(sign_in, origin).await? {
        SignedIn::Cookie { cookie, .. } => {
            let set = cookie::session(app.authority.is_secure(), &cookie)?;
            Ok(see_other("/", [(header::SET_COOKIE, set)].into_iter().collect()))
        }
        SignedIn::Jwt(_) | SignedIn::Recorded { .. } => {
            let detail =
                "the built-in client was switched to tokens, and this page works with a cookie: use the API";
            Err(Problem::from(Error::Conflict).saying(detail))
        }
    }
}

/// A problem beside a form.
pub(super) fn sentence(problem: &Problem) -> String {
    let mut letters = problem.detail.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(['.']).collect()
}
