//! `/setup`: makes the first administrator, for whoever has the one-time link.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use counterfoil_service::Error;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::form_token::FormToken;
use super::home::Typed;
use super::html::{Referrer, page};
use super::log_in::{sentence, with_cookie};
use super::notice::Notice;
use super::sign_up::account;
use super::{assets, form_token};
use crate::app::{App, Shared};
use crate::extract::{Form, Params, RequestOrigin};
use crate::problem::Problem;

/// The link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetUpPage<'a> {
    stylesheet: &'a str,
    form: &'a str,
    token: &'a str,
    typed: Typed<'a>,
}

/// The form, if the link is good.
pub(crate) async fn show(
    State(app): State<App>,
    Params(link): Params<Link>,
    headers: HeaderMap,
) -> Result<Response, Notice> {
    if !app.authority.setup_link_is_good(&link.token).await? {
        return Err(Error::InvalidSetupLink.into());
    }
    render(&app, &headers, StatusCode::OK, &link.token, Typed::default())
}

/// Makes the administrator, logs them in, and goes to the page.
pub(crate) async fn submit(
    State(app): State<App>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Notice> {
    form_token::require(&app, &headers, &form)?;
    let (email, token) = (form.text("email"), form.text("token"));
    match app.authority.set_up(token, account(&form), &origin).await {
        Ok(_) => Ok(with_cookie(&app, &headers, email, form.text("password"), &origin).await?),
        Err(error @ Error::InvalidSetupLink) => Err(error.into()),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.fault.is_some() {
                return Err(problem.into());
            }
            let typed = Typed { email, name: form.text("name"), error: Some(sentence(&problem)) };
            render(&app, &headers, problem.status, token, typed)
        }
    }
}

fn render(
    app: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    token: &str,
    typed: Typed<'_>,
) -> Result<Response, Notice> {
    let form = FormToken::of(app, headers);
    let template = SetUpPage { stylesheet: &assets::STYLESHEET_PATH, form: form.as_str(), token, typed };
    let mut response = page(status, &template, Referrer::OriginAlone)?;
    form.put_into(app, &mut response)?;
    Ok(response)
}
