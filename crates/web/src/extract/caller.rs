//! Who is calling: the credential from `Authorization: Bearer` (RFC 6750, section 2.1), else from the session cookie.
//!
//! Taking a caller out of a state-changing request that rides on a cookie is what demands the same-origin proof, so that
//! no handler can forget it.

use axum::extract::FromRequestParts;
use counterfoil_core::audit::Actor;
use counterfoil_service::{By, Caller, Error, Presented};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};

use super::{RequestOrigin, require_same_origin};
use crate::app::{App, Shared};
use crate::cookie;
use crate::problem::Problem;

/// Whoever is calling, checked.
pub(crate) struct Calling(pub(crate) Caller);

/// An administrator who is calling, checked, and who they are in the audit log.
pub(crate) struct Administrator(pub(crate) By);

/// The credential that came along, if any. More than one of a kind is refused.
pub(crate) fn credential<'a>(app: &Shared, headers: &'a HeaderMap) -> Result<Option<Presented<'a>>, Problem> {
    if let Some(token) = bearer(headers)? {
        return Ok(Some(Presented::Bearer(token)));
    }
    Ok(cookie::find(headers, app.session_cookie_name())?.map(Presented::Cookie))
}

/// The one `Authorization` header, if there is one.
pub(super) fn authorization(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "repeated_authorization",
            "the Authorization header came more than once: send one",
        ));
    }
    value.to_str().map(Some).map_err(|_| Error::BadCredential { code: "malformed" }.into())
}

/// What follows the scheme, whose name is compared without regard to case (RFC 9110, section 11.1).
pub(super) fn after_scheme<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, rest) = value.split_at_checked(scheme.len())?;
    (name.eq_ignore_ascii_case(scheme) && rest.starts_with(' ')).then(|| rest.trim_ascii())
}

// A proxy in front may use another scheme for itself, so that one is passed over and not refused.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    Ok(authorization(headers)?.and_then(|value| after_scheme(value, "Bearer")))
}

/// Checks whoever is calling, with what came along.
pub(crate) async fn check(app: &Shared, headers: &HeaderMap) -> Result<Caller, Problem> {
    let presented = credential(app, headers)?.ok_or(Error::NoCredential)?;
    Ok(app.authority.check(presented).await?)
}

impl FromRequestParts<App> for Calling {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let presented = credential(app, &parts.headers)?.ok_or(Error::NoCredential)?;
        if !parts.method.is_safe() && matches!(presented, Presented::Cookie(_)) {
            require_same_origin(app, &parts.headers)?;
        }
        Ok(Self(app.authority.check(presented).await?))
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Calling(caller) = Calling::from_request_parts(parts, app).await?;
        app.authority.require_administrator(&caller)?;
        let address = RequestOrigin::of(parts, app).0.address;
        Ok(Self(By { actor: Actor::User(caller.user_id()), address }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, http::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_scheme_has_no_case_and_another_scheme_is_passed_over() {
        assert_eq!(bearer(&headers(&["bEARER  abc"])).unwrap(), Some("abc"));
        assert_eq!(bearer(&headers(&["Basic abc"])).unwrap(), None);
        assert_eq!(bearer(&headers(&["Bearerabc"])).unwrap(), None);
        assert_eq!(bearer(&headers(&["Be"])).unwrap(), None);
        assert_eq!(bearer(&headers(&[])).unwrap(), None);
    }

    #[test]
    fn two_headers_are_refused() {
        assert_eq!(bearer(&headers(&["Bearer a", "Bearer a"])).unwrap_err().code, "repeated_authorization");
    }
}
