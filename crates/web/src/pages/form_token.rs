//! A form's token: a random value in a cookie of its own and in the form, which must agree ("double submit"). It comes on
//! top of the same-origin proof, for a browser that sends neither of its headers wrongly.

use axum::response::Response;
use counterfoil_core::Entropy;
use counterfoil_service::SystemEntropy;
use http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;

use crate::app::Shared;
use crate::cookie;
use crate::extract::{Form, require_same_origin};
use crate::problem::Problem;

/// Hexadecimal digits of the value.
const LENGTH: usize = 32;

/// The value that a page's forms carry.
pub(super) struct FormToken {
    value: String,
    is_new: bool,
}

impl FormToken {
    /// The value that the browser has, so that several open pages go on working, or a new one.
    pub(super) fn of(app: &Shared, headers: &HeaderMap) -> Self {
        match present(app, headers) {
            Some(value) => Self { value: value.to_owned(), is_new: false },
            None => {
                let entropy: &dyn Entropy = &SystemEntropy;
                let value = entropy.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
                Self { value, is_new: true }
            }
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.value
    }

    /// Gives the browser a new value along with the page.
    pub(super) fn put_into(&self, app: &Shared, response: &mut Response) -> Result<(), Problem> {
        if self.is_new {
            let set = cookie::form(app.authority.is_secure(), &self.value)?;
            response.headers_mut().append(header::SET_COOKIE, set);
        }
        Ok(())
    }
}

fn present<'a>(app: &Shared, headers: &'a HeaderMap) -> Option<&'a str> {
    let value = cookie::find(headers, cookie::form_name(app.authority.is_secure())).ok()??;
    (value.len() == LENGTH && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(value)
}

/// Demands that a form was made by a page of this server, for this browser.
pub(super) fn require(app: &Shared, headers: &HeaderMap, form: &Form) -> Result<(), Problem> {
    require_same_origin(app, headers)?;
    let agrees = |value: &str| bool::from(value.as_bytes().ct_eq(form.text("form").as_bytes()));
    if present(app, headers).is_some_and(agrees) {
        Ok(())
    } else {
        let detail =
            "this form is too old, or the browser keeps no cookies: load the page again and try once more";
        Err(Problem::new(StatusCode::FORBIDDEN, "form_token", detail))
    }
}
