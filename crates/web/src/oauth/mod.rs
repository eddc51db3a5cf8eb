//! The OAuth endpoints: form-encoded requests, and errors in the form of RFC 6749, section 5.2.

pub(crate) mod introspect;
pub(crate) mod revoke;
pub(crate) mod token;

use axum::extract::{FromRequest, Request};
use http::HeaderMap;

use crate::app::App;
use crate::extract::Form;
use crate::oauth_error::OauthError;

/// A form and the headers that came with it; refused in the OAuth way.
pub(crate) struct OauthForm {
    form: Form,
    headers: HeaderMap,
}

impl FromRequest<App> for OauthForm {
    type Rejection = OauthError;

    async fn from_request(request: Request, app: &App) -> Result<Self, OauthError> {
        let headers = request.headers().clone();
        Ok(Self { form: Form::from_request(request, app).await?, headers })
    }
}

impl OauthForm {
    /// A parameter that has to be there.
    fn required(&self, name: &'static str) -> Result<&str, OauthError> {
        let missing = || OauthError::invalid_request(format!("the parameter {name} is missing"));
        self.form.value(name).ok_or_else(missing)
    }
}
