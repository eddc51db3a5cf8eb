//! Whether a request was made by a page of this server: `Sec-Fetch-Site` (W3C Fetch Metadata), else `Origin` (RFC 6454).

use http::{HeaderMap, HeaderName, StatusCode, header};

use crate::app::Shared;
use crate::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the browser's headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    /// A page of this server made the request.
    Same,
    /// Another page did.
    Foreign,
    /// No header says; then it was no browser of the last years.
    Unknown,
}

/// Demands the proof, for what rides on a cookie: a browser adds cookies to any site's requests.
pub(crate) fn require_same_origin(app: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    match site(app.authority.issuer(), headers) {
        Site::Same => Ok(()),
        Site::Foreign => {
            Err(cross_site("the request was made by another site's page, and rides on a cookie"))
        }
        Site::Unknown => Err(cross_site(
            "a change that rides on a cookie needs proof of its origin: send Sec-Fetch-Site: same-origin, or an Origin \
             header with this server's origin (browsers do), or use a bearer token",
        )),
    }
}

/// Refuses only what another site's page made: for a log-in, where nothing rides on a cookie yet, and the danger is that
/// a victim is logged in as somebody else.
pub(crate) fn refuse_foreign(app: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    let fetch_site_is_none = single(headers, &SEC_FETCH_SITE) == Some(b"none");
    match site(app.authority.issuer(), headers) {
        Site::Foreign if !fetch_site_is_none => {
            Err(cross_site("another site's page cannot log somebody in here with a cookie"))
        }
        _ => Ok(()),
    }
}

fn cross_site(detail: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "cross_site", detail)
}

fn site(issuer: &str, headers: &HeaderMap) -> Site {
    if headers.contains_key(SEC_FETCH_SITE) {
        let same = single(headers, &SEC_FETCH_SITE) == Some(b"same-origin");
        return if same { Site::Same } else { Site::Foreign };
    }
    if !headers.contains_key(header::ORIGIN) {
        return Site::Unknown;
    }
    let origin = single(headers, &header::ORIGIN).and_then(|bytes| std::str::from_utf8(bytes).ok());
    if origin.is_some_and(|origin| is_own(issuer, origin, single(headers, &header::HOST))) {
        Site::Same
    } else {
        Site::Foreign
    }
}

/// The issuer's origin, or the one that the request was sent to, which is another when the server is reached by a second
/// name; never plain HTTP where the issuer is HTTPS.
fn is_own(issuer: &str, origin: &str, host: Option<&[u8]>) -> bool {
    if origin.eq_ignore_ascii_case(issuer) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let scheme_is_good = match scheme {
        "https" => true,
        "http" => !issuer.starts_with("https://"),
        _ => false,
    };
    scheme_is_good && host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes()))
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example.test";

    fn told(pairs: &[(&'static str, &'static str)]) -> Site {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), http::HeaderValue::from_static(value))
        };
        site(ISSUER, &pairs.iter().map(header).collect())
    }

    #[test]
    fn fetch_metadata_decides_alone_when_it_is_there() {
        assert_eq!(told(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.test")]), Site::Same);
        for site in ["cross-site", "same-site", "none", ""] {
            assert_eq!(told(&[("sec-fetch-site", site), ("origin", ISSUER)]), Site::Foreign, "{site}");
        }
        let twice = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")];
        assert_eq!(told(&twice), Site::Foreign);
    }

    #[test]
    fn an_origin_is_own_by_issuer_or_by_host() {
        assert_eq!(told(&[("origin", ISSUER)]), Site::Same);
        assert_eq!(told(&[("origin", "https://b.test:8443"), ("host", "b.test:8443")]), Site::Same);
        assert_eq!(told(&[("origin", "http://b.test"), ("host", "b.test")]), Site::Foreign);
        assert_eq!(told(&[("origin", "null"), ("host", "null")]), Site::Foreign);
        assert_eq!(told(&[("origin", "https://id.example.test.evil.test"), ("host", "x")]), Site::Foreign);
        assert_eq!(told(&[("host", "id.example.test")]), Site::Unknown);
    }
}
