//! Cookies: their names, how they are found in a request, and the one function that sets and removes them (RFC 6265bis).

use std::time::Duration;

use ::cookie::time::Duration as CookieDuration;
use ::cookie::{Cookie, SameSite};
use counterfoil_service::{Error, IssuedCookie};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::problem::Problem;

/// The session cookie's name. The `__Host-` prefix keeps a sibling subdomain from tossing one in; browsers honour it
/// over HTTPS only.
pub(crate) const fn session_name(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { "session" }
}

/// The name of the cookie that the pages' forms are bound to.
pub(crate) const fn form_name(secure: bool) -> &'static str {
    if secure { "__Host-form" } else { "form" }
}

/// The `Set-Cookie` of a session that was given out.
pub(crate) fn session(secure: bool, issued: &IssuedCookie) -> Result<HeaderValue, Problem> {
    render(session_name(secure), Some((issued.value.as_str(), Some(issued.max_age))), SameSite::Lax, secure)
}

/// The `Set-Cookie` that removes the session cookie.
pub(crate) fn no_session(secure: bool) -> Result<HeaderValue, Problem> {
    render(session_name(secure), None, SameSite::Lax, secure)
}

/// The `Set-Cookie` of a form's nonce, which lives as long as the browser does.
pub(crate) fn form(secure: bool, nonce: &str) -> Result<HeaderValue, Problem> {
    render(form_name(secure), Some((nonce, None)), SameSite::Strict, secure)
}

/// Sets (`Some`) or removes (`None`) a cookie: the same attributes either way, or the browser would keep the old one.
fn render(
    name: &'static str,
    value: Option<(&str, Option<Duration>)>,
    same_site: SameSite,
    secure: bool,
) -> Result<HeaderValue, Problem> {
    let (value, max_age) = match value {
        Some((value, max_age)) => (value, max_age.map(seconds)),
        None => ("", Some(CookieDuration::ZERO)),
    };
    let mut cookie =
        Cookie::build((name, value)).path("/").http_only(true).secure(secure).same_site(same_site);
    if let Some(max_age) = max_age {
        cookie = cookie.max_age(max_age);
    }
    let mut header = HeaderValue::from_maybe_shared(bytes::Bytes::from(cookie.to_string()))
        .map_err(|error| Problem::internal(Error::Internal(error.into())))?;
    header.set_sensitive(true);
    Ok(header)
}

fn seconds(duration: Duration) -> CookieDuration {
    CookieDuration::seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}

/// The one cookie of that name. More than one is refused: nobody can tell which of them was tossed in.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut found = None;
    for header in headers.get_all(header::COOKIE) {
        for pair in header.as_bytes().split(|byte| *byte == b';') {
            let Some(value) = value_of(pair.trim_ascii(), name.as_bytes()) else { continue };
            if found.replace(value).is_some() {
                return Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "repeated_cookie",
                    format!(
                        "the cookie {name} came more than once: remove all of them from the browser and log in again"
                    ),
                ));
            }
        }
    }
    match found.map(std::str::from_utf8) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) => Err(Problem::from(Error::BadCredential { code: "malformed" })),
    }
}

fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    pair.strip_prefix(name)?.trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|text| (header::COOKIE, HeaderValue::from_str(text).unwrap())).collect()
    }

    #[test]
    fn one_cookie_is_found_among_others() {
        let headers = headers(&["a=b; session=x", "sessions=y; xsession=z"]);
        assert_eq!(find(&headers, "session").unwrap(), Some("x"));
        assert_eq!(find(&headers, "other").unwrap(), None);
    }

    #[test]
    fn two_cookies_of_one_name_are_refused_wherever_they_are() {
        assert!(find(&headers(&["session=x; session=x"]), "session").is_err());
        assert!(find(&headers(&["session=x", "session=y"]), "session").is_err());
    }

    #[test]
    fn setting_and_removing_differ_in_value_and_age_alone() {
        let issued = IssuedCookie { value: "v".to_owned().into(), max_age: Duration::from_secs(60) };
        let set = session(true, &issued).unwrap();
        let remove = no_session(true).unwrap();
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        assert_eq!(
            text(&set).replace("session=v", "session=").replace("Max-Age=60", "Max-Age=0"),
            text(&remove)
        );
        assert_eq!(text(&set), "__Host-session=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60");
    }
}
