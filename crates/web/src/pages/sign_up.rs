//! `POST /signup`: makes an account, and logs its owner in.

use axum::extract::State;
use axum::response::Response;
use counterfoil_service::SignUp;
use http::HeaderMap;

use super::form_token;
use super::home::{self, Typed};
use super::log_in::{sentence, with_cookie};
use super::notice::Notice;
use crate::app::App;
use crate::extract::{Form, RequestOrigin};
use crate::problem::Problem;

/// Signs up, logs in, and goes to the page.
pub(crate) async fn submit(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Notice> {
    form_token::require(&app, &headers, &form)?;
    let (email, password) = (form.text("email"), form.text("password"));
    let new = account(&form);
    let result = match app.authority.sign_up(new, &origin).await {
        Ok(_) => with_cookie(&app, &headers, email, password, &origin).await,
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(response) => Ok(response),
        Err(problem) if problem.fault.is_some() => Err(problem.into()),
        Err(problem) => refused(&app, &headers, &form, &problem),
    }
}

fn refused(app: &App, headers: &HeaderMap, form: &Form, problem: &Problem) -> Result<Response, Notice> {
    let typed = Typed { email: form.text("email"), name: form.text("name"), error: Some(sentence(problem)) };
    let mut response = home::forms(app, headers, problem.status, Typed::default(), typed)?;
    problem.add_retry_after(response.headers_mut());
    Ok(response)
}

/// The account that a form describes.
pub(super) fn account(form: &Form) -> SignUp {
    SignUp {
        email: form.text("email").to_owned(),
        password: form.text("password").to_owned().into(),
        name: form.value("name").map(str::to_owned),
    }
}
