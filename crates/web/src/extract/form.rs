//! A form body: bounded, every name at most once (RFC 6749, section 3.2).

use axum::extract::{FromRequest, Request};
use http::StatusCode;
use zeroize::Zeroizing;

use super::{of_media_type, urlencoded};
use crate::app::App;
use crate::problem::Problem;

/// A form body. Names that an endpoint does not know are passed over, as RFC 6749 wants it.
pub(crate) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// The value of that name; an empty one counts as none (RFC 6749, section 3.2).
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(candidate, _)| candidate == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of that name, empty when there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.value(name).unwrap_or_default()
    }
}

impl FromRequest<App> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let bytes = of_media_type(request, "application/x-www-form-urlencoded").await?;
        let refused = |detail: &'static str| Problem::new(StatusCode::BAD_REQUEST, "malformed_form", detail);
        let pairs = urlencoded::pairs(&bytes).ok_or_else(|| refused("the form is not UTF-8"))?;
        let repeated = |(at, (name, _)): (usize, &(String, _))| pairs.iter().take(at).any(|(n, _)| n == name);
        if pairs.len() > 32 || pairs.iter().enumerate().any(repeated) {
            return Err(refused("the form names a field more than once, or has too many"));
        }
        Ok(Self(pairs))
    }
}
