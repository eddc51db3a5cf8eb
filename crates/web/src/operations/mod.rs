//! Operations: `/healthz`, `/readyz`, `/metrics`, and the OpenAPI document.

mod latency;
mod metrics;

use std::sync::LazyLock;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use counterfoil_service::Error;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

pub(crate) use metrics::Metrics;

use crate::app::App;
use crate::problem::Problem;

/// Alive?
///
/// The process answers. It says nothing about the stores.
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()),
    responses((status = 200, description = "Alive", body = Value)))]
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

/// Ready?
///
/// Whether requests should be sent here: the view of the revocation feed is fresh.
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()),
    responses((status = 200, description = "Ready", body = Value), (status = 503, description = "Not ready", body = Value)))]
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let readiness = app.authority.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

/// Metrics
///
/// OpenMetrics text, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", security(()),
    responses((status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text", body = String)))]
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = app
        .metrics
        .encode(app.authority.statistics())
        .map_err(|error| Problem::internal(Error::Internal(error.into())))?;
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Made once: it is the same for everybody.
static DOCUMENT: LazyLock<String> = LazyLock::new(crate::openapi);

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "operations", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Value)))]
pub(crate) async fn openapi() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ];
    (headers, DOCUMENT.as_str()).into_response()
}
