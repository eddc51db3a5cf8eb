//! `/.well-known/`: the public keys (RFC 7517) and the authorization server's metadata (RFC 8414), listing only what runs.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use counterfoil_service::Error;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::app::App;
use crate::problem::Problem;

/// The public keys
///
/// Next, active and retiring ones. `ETag` and `If-None-Match` are honoured.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "verifiers", security(()),
    responses((status = 200, description = "A JWK Set (RFC 7517)", content_type = "application/jwk-set+json", body = serde_json::Value),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn jwks(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let document = app.authority.jwks();
    let text = |text: String| HeaderValue::try_from(text).map_err(internal);
    let caching = [
        (header::ETAG, text(document.etag.clone())?),
        (header::CACHE_CONTROL, text(format!("public, max-age={}", document.max_age.as_secs()))?),
    ];
    if has_already(&headers, &document.etag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"))];
    Ok((caching, kind, Bytes::from_owner(document.body.clone())).into_response())
}

/// RFC 9110, section 13.1.2: compared weakly, any of a list, or `*`.
fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let same = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == etag;
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|tag| same(tag.trim()))
}

fn internal(error: header::InvalidHeaderValue) -> Problem {
    Problem::internal(Error::Internal(error.into()))
}

/// What this authorization server can do
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "verifiers", security(()),
    responses((status = 200, description = "Metadata (RFC 8414)", body = serde_json::Value)))]
pub(crate) async fn metadata(State(app): State<App>) -> Response {
    let issuer = app.authority.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let service_authentication = ["client_secret_basic", "client_secret_post"];
    let document = json!({
        "issuer": issuer,
        "jwks_uri": at("/.well-known/jwks.json"),
        "token_endpoint": at("/oauth/token"),
        "token_endpoint_auth_methods_supported": ["none"],
        "grant_types_supported": ["refresh_token"],
        "response_types_supported": [],
        "introspection_endpoint": at("/oauth/introspect"),
        "introspection_endpoint_auth_methods_supported": service_authentication,
        "revocation_endpoint": at("/oauth/revoke"),
        "revocation_endpoint_auth_methods_supported": service_authentication,
        "service_documentation": at("/openapi.json"),
    });
    let caching = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))];
    (caching, Json(document)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_none_match_is_a_list() {
        let told = |value: &'static str| {
            let headers = [(header::IF_NONE_MATCH, HeaderValue::from_static(value))].into_iter().collect();
            has_already(&headers, r#""abc""#)
        };
        assert!(told(r#""x", W/"abc""#) && told("*") && told(r#""abc""#));
        assert!(!told(r#""abcd""#) && !told(""));
    }
}
