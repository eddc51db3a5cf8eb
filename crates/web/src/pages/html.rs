//! How a page is answered: its headers, and redirection after a form (RFC 9110, section 15.4.4).

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use counterfoil_service::Error;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::problem::Problem;

/// Nothing is loaded but the style sheet, nothing is run, forms go nowhere else, and nobody frames the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                                       frame-ancestors 'none'; base-uri 'none'";

/// What is told to the next site, and to this one.
#[derive(Clone, Copy)]
pub(super) enum Referrer {
    /// Nothing to others.
    SameOrigin,
    /// The origin at most, never the path with its secret. Not `no-referrer`: with that, browsers send `Origin: null` with
    /// a form, which is then no proof of where the form came from.
    OriginAlone,
}

pub(super) fn page(
    status: StatusCode,
    template: &impl Template,
    referrer: Referrer,
) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| Problem::internal(Error::Internal(error.into())))?;
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut set =
        |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    let policy = match referrer {
        Referrer::SameOrigin => "same-origin",
        Referrer::OriginAlone => "strict-origin",
    };
    set(header::REFERRER_POLICY, policy);
    Ok(response)
}

/// After a form: look at this with GET.
pub(super) fn see_other(path: &'static str, headers: HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    *response.headers_mut() = headers;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(path));
    response
}
