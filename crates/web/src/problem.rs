//! The only mapping of errors to what a caller sees: problem documents (RFC 9457) with a stable `code`.

use std::borrow::Cow;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use counterfoil_core::account::PasswordError;
use counterfoil_core::port::StoreError;
use counterfoil_service::Error;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal or a failure, before it is written. It travels as an extension of an empty response, since the
/// outermost layer alone knows the request's id.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: Cow<'static, str>,
    challenge: Option<Challenge>,
    pub(crate) retry_after: Option<Duration>,
    /// Why a refresh token is not honoured, for the OAuth form of the error.
    pub(crate) grant_cause: Option<&'static str>,
    pub(crate) fault: Option<Fault>,
}

/// What to log of a failure. Never shown.
#[derive(Clone, Debug)]
pub(crate) struct Fault(pub(crate) Arc<Error>);

#[derive(Clone, Copy, Debug)]
enum Challenge {
    /// RFC 6750, section 3.1: no error code when no credential came.
    Bearer,
    InvalidToken,
    Basic,
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument<'a> {
    /// Always `about:blank`: the status says what kind of problem it is, and `code` which one.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What went wrong with this request, and what to do next.
    detail: &'a str,
    /// A stable word for programs.
    code: &'a str,
    /// The request's id, also in the `X-Request-Id` header and in the server's log.
    request_id: &'a str,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            challenge: None,
            retry_after: None,
            grant_cause: None,
            fault: None,
        }
    }

    /// A failure that is nobody's business but the operator's.
    pub(crate) fn internal(error: Error) -> Self {
        let detail = "something went wrong on the server; its log has the particulars under this request_id";
        Self {
            fault: Some(Fault(Arc::new(error))),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        }
    }

    pub(crate) fn unprocessable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    pub(crate) fn bad_query(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", detail)
    }

    pub(crate) fn not_found() -> Self {
        Error::NotFound.into()
    }

    /// The same with other words.
    pub(crate) fn saying(self, detail: &'static str) -> Self {
        Self { detail: detail.into(), ..self }
    }

    fn challenged(self, challenge: Challenge) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    pub(crate) fn later(
        status: StatusCode,
        code: &'static str,
        detail: &'static str,
        after: Duration,
    ) -> Self {
        Self { retry_after: Some(after), ..Self::new(status, code, detail) }
    }

    /// Writes the document into the response that carried it.
    pub(crate) fn render(&self, response: &mut Response, request_id: &str) {
        let document = ProblemDocument {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
        };
        *response.body_mut() = Body::from(serde_json::to_vec(&document).unwrap_or_default());
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge.header(&self.detail));
        }
        self.add_retry_after(headers);
    }

    /// Says when to come back, where that is known (RFC 9110, section 10.2.3).
    pub(crate) fn add_retry_after(&self, headers: &mut HeaderMap) {
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
    }
}

impl Challenge {
    fn header(self, detail: &str) -> HeaderValue {
        match self {
            Self::Bearer => HeaderValue::from_static(r#"Bearer realm="counterfoil""#),
            Self::Basic => HeaderValue::from_static(r#"Basic realm="counterfoil", charset="UTF-8""#),
            Self::InvalidToken => {
                // RFC 6750, section 3: visible ASCII and spaces, without quotes and backslashes.
                let allowed = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
                let text: String = detail.chars().filter(allowed).collect();
                format!(r#"Bearer realm="counterfoil", error="invalid_token", error_description="{text}""#)
                    .try_into()
                    .unwrap_or(HeaderValue::from_static("Bearer"))
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Fault {
    /// Logs the failure with everything that led to it. Called once for each, by the outermost layer.
    pub(crate) fn log(&self, request_id: &str) {
        let mut chain = String::new();
        let mut source = self.0.source();
        while let Some(error) = source {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            source = error.source();
        }
        tracing::error!(request_id, "{}{chain}", self.0);
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        use StatusCode as S;
        let (status, code) = match &error {
            Error::InvalidCredentials => (S::UNAUTHORIZED, "invalid_credentials"),
            Error::NoCredential => (S::UNAUTHORIZED, "no_credential"),
            Error::BadCredential { .. } => (S::UNAUTHORIZED, "bad_credential"),
            Error::Expired => (S::UNAUTHORIZED, "expired"),
            Error::Revoked { .. } => (S::UNAUTHORIZED, "revoked"),
            Error::RenewalOver => (S::UNAUTHORIZED, "renewal_over"),
            Error::InvalidClient => (S::UNAUTHORIZED, "invalid_client"),
            Error::InvalidGrant { .. } => (S::BAD_REQUEST, "invalid_grant"),
            Error::UnsupportedTokenType => (S::BAD_REQUEST, "unsupported_token_type"),
            Error::BadQuery(_) => (S::BAD_REQUEST, "bad_query"),
            Error::SignUpClosed => (S::FORBIDDEN, "sign_up_closed"),
            Error::Forbidden => (S::FORBIDDEN, "forbidden"),
            Error::NotFound | Error::UnknownUser => (S::NOT_FOUND, "not_found"),
            Error::EmailTaken => (S::CONFLICT, "email_taken"),
            Error::ClientTaken => (S::CONFLICT, "client_taken"),
            Error::NotStateless => (S::CONFLICT, "not_stateless"),
            Error::Overtaken => (S::CONFLICT, "overtaken"),
            Error::Conflict => (S::CONFLICT, "conflict"),
            Error::InvalidSetupLink => (S::GONE, "invalid_setup_link"),
            Error::InvalidEmail(_) => (S::UNPROCESSABLE_ENTITY, "invalid_email"),
            Error::InvalidName(_) => (S::UNPROCESSABLE_ENTITY, "invalid_name"),
            Error::Password(password) => (S::UNPROCESSABLE_ENTITY, password_code(*password)),
            Error::UnknownClient => (S::UNPROCESSABLE_ENTITY, "unknown_client"),
            Error::NotAnApplication => (S::UNPROCESSABLE_ENTITY, "not_an_application"),
            Error::NotAService => (S::UNPROCESSABLE_ENTITY, "not_a_service"),
            Error::BuiltInClient => (S::CONFLICT, "built_in_client"),
            Error::Client(_) => (S::UNPROCESSABLE_ENTITY, "invalid_client_settings"),
            Error::Claims(_) => (S::UNPROCESSABLE_ENTITY, "claim_refused"),
            Error::Selection(_) => (S::UNPROCESSABLE_ENTITY, "bad_selection"),
            Error::TokenTooLarge { .. } => (S::UNPROCESSABLE_ENTITY, "token_too_large"),
            _ => return unavailable(error),
        };
        let detail = match &error {
            Error::Revoked { reason } => format!("the login was ended ({}): log in again", reason.as_str()),
            other => other.to_string(),
        };
        let problem = Self::new(status, code, detail);
        match error {
            Error::BadCredential { .. } | Error::Expired | Error::Revoked { .. } | Error::RenewalOver => {
                problem.challenged(Challenge::InvalidToken)
            }
            Error::NoCredential | Error::InvalidCredentials => problem.challenged(Challenge::Bearer),
            Error::InvalidClient => problem.challenged(Challenge::Basic),
            Error::InvalidGrant { cause } => Self { grant_cause: Some(cause), ..problem },
            _ => problem,
        }
    }
}

const fn password_code(error: PasswordError) -> &'static str {
    match error {
        PasswordError::TooShort(_) => "password_too_short",
        PasswordError::TooLong => "password_too_long",
        PasswordError::Common => "password_too_common",
        PasswordError::Nul => "password_has_nul",
    }
}

/// What is the server's fault: what may pass by itself, and what will not.
fn unavailable(error: Error) -> Problem {
    let (code, detail, after) = match &error {
        Error::Busy { retry_after } => {
            return Problem::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "too many people are logging in at this moment: try again after the seconds in Retry-After",
                *retry_after,
            );
        }
        Error::Stale => {
            ("stale", "the state of this login cannot be determined at this moment: try again", 1)
        }
        Error::Store(StoreError::Unavailable(_)) => {
            ("store_unavailable", "the server's store does not answer: try again", 2)
        }
        Error::Store(StoreError::Full(_)) => {
            ("store_full", "the server's store is full: nothing was changed; tell the operator", 30)
        }
        Error::Store(StoreError::ReadOnly(_)) => (
            "store_read_only",
            "the server's store cannot be written to: nothing was changed; tell the operator",
            30,
        ),
        _ => return Problem::internal(error),
    };
    let after = Duration::from_secs(after);
    let problem = Problem::later(StatusCode::SERVICE_UNAVAILABLE, code, detail, after);
    Problem { fault: Some(Fault(Arc::new(error))), ..problem }
}
