//! Errors of the OAuth endpoints, in the form of RFC 6749, section 5.2, with the cause of a refused refresh beside it.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use counterfoil_service::Error;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Fault, Problem};

/// An OAuth error, before it is written.
#[derive(Debug)]
pub(crate) struct OauthError {
    status: StatusCode,
    document: OauthErrorDocument,
    retry_after: Option<Duration>,
    fault: Option<Fault>,
}

/// An OAuth error (RFC 6749, section 5.2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OauthError)]
pub(crate) struct OauthErrorDocument {
    /// The registered error code.
    error: &'static str,
    /// What to do next.
    error_description: Cow<'static, str>,
    /// Why a refresh token is not honoured: `refresh_token_reused`, `session_ended`, `session_expired`, `unknown_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
}

impl OauthError {
    fn new(status: StatusCode, error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        let document = OauthErrorDocument { error, error_description: description.into(), cause: None };
        Self { status, document, retry_after: None, fault: None }
    }

    pub(crate) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub(crate) fn unauthorized_client() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            "services have no refresh tokens: applications refresh without a secret, naming their client_id",
        )
    }

    pub(crate) fn unsupported_grant_type() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "the only grant_type is refresh_token; passwords are taken by POST /v1/login",
        )
    }
}

impl From<Error> for OauthError {
    fn from(error: Error) -> Self {
        let problem = Problem::from(error);
        Self::from(problem)
    }
}

impl From<Problem> for OauthError {
    fn from(problem: Problem) -> Self {
        let word = match (problem.status, problem.code) {
            (_, "invalid_grant" | "overtaken" | "renewal_over") => "invalid_grant",
            (_, "invalid_client" | "unknown_client") => "invalid_client",
            (_, "unsupported_token_type") => "unsupported_token_type",
            (StatusCode::SERVICE_UNAVAILABLE, _) => "temporarily_unavailable",
            (StatusCode::INTERNAL_SERVER_ERROR, _) => "server_error",
            _ => "invalid_request",
        };
        let status = match word {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "invalid_grant" => StatusCode::BAD_REQUEST,
            _ => problem.status,
        };
        let document =
            OauthErrorDocument { error: word, error_description: problem.detail, cause: problem.grant_cause };
        Self { status, document, retry_after: problem.retry_after, fault: problem.fault }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if self.status == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static(r#"Basic realm="counterfoil", charset="UTF-8""#);
            headers.insert(header::WWW_AUTHENTICATE, basic);
        }
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        if let Some(fault) = self.fault {
            response.extensions_mut().insert(fault);
        }
        response
    }
}
