//! A problem, told to somebody who looks at a page.

use askama::Template;
use axum::response::{IntoResponse, Response};
use counterfoil_service::Error;

use super::assets;
use super::html::{Referrer, page};
use crate::problem::Problem;

/// A problem that is shown as a page.
pub(crate) struct Notice(Problem);

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    stylesheet: &'a str,
    title: &'a str,
    detail: &'a str,
}

impl From<Problem> for Notice {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Error> for Notice {
    fn from(error: Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Notice {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let title = problem.status.canonical_reason().unwrap_or("Something went wrong");
        let template = NoticePage { stylesheet: &assets::STYLESHEET_PATH, title, detail: &problem.detail };
        match page(problem.status, &template, Referrer::OriginAlone) {
            Ok(mut response) => {
                problem.add_retry_after(response.headers_mut());
                if let Some(fault) = problem.fault {
                    response.extensions_mut().insert(fault);
                }
                response
            }
            Err(problem) => problem.into_response(),
        }
    }
}
