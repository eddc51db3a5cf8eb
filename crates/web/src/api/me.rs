//! `GET /v1/me`: the principal. Every API asks this with every request, so nothing here is done twice or for show.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use counterfoil_core::Principal;
use http::{HeaderMap, HeaderValue, header};

use crate::app::{App, Shared};
use crate::extract::check;
use crate::problem::Problem;
use crate::schema;

/// The path that the outermost layer answers without asking the table.
pub(crate) const PATH: &str = "/v1/me";

/// Who am I?
///
/// The principal, in the same shape in every mode.
#[utoipa::path(get, path = "/v1/me", tag = "me",
    responses((status = 200, description = "Who is calling", body = schema::Principal)))]
pub(crate) async fn me(State(app): State<App>, headers: HeaderMap) -> Response {
    answer(&app, &headers).await
}

/// The same, without axum around it.
pub(crate) async fn answer(app: &Shared, headers: &HeaderMap) -> Response {
    match check(app, headers).await {
        Ok(caller) => render(&caller.principal),
        Err(problem) => problem.into_response(),
    }
}

fn render(principal: &Principal) -> Response {
    let mut json = Vec::with_capacity(512);
    if let Err(error) = serde_json::to_writer(&mut json, principal) {
        return Problem::internal(counterfoil_service::Error::Internal(error.into())).into_response();
    }
    let mut response = Response::new(Body::from(json));
    // Room for these and what the outermost layer adds, at once.
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    response
}
