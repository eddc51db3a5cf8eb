//! Which client is calling, by its own secret: HTTP Basic or `client_secret_post` (RFC 6749, section 2.3.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::account::Client;
use counterfoil_service::Error;
use http::HeaderMap;
use http::request::Parts;
use zeroize::Zeroizing;

use super::caller::{after_scheme, authorization};
use super::{Form, urlencoded};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A service that proved who it is with HTTP Basic.
pub(crate) struct ServiceClient(pub(crate) Arc<Client>);

impl FromRequestParts<App> for ServiceClient {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (id, secret) = basic(&parts.headers)?.ok_or(Error::InvalidClient)?;
        Ok(Self(app.authority.authenticate_client(&id, &secret)?))
    }
}

/// The service that proved who it is, in the header or in the form; `None` when no secret came either way. Both ways at
/// once are refused.
pub(crate) async fn basic_or_post(
    app: &Shared,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Option<Arc<Client>>, Problem> {
    let in_form = form.value("client_secret");
    let (id, secret) = match (basic(headers)?, in_form) {
        (Some(_), Some(_)) => return Err(Error::InvalidClient.into()),
        (Some((id, secret)), None) => {
            if form.value("client_id").is_some_and(|named| named != id.as_str()) {
                return Err(Error::InvalidClient.into());
            }
            (id, secret)
        }
        (None, Some(secret)) => {
            (Zeroizing::new(form.text("client_id").to_owned()), Zeroizing::new(secret.to_owned()))
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(app.authority.authenticate_client(&id, &secret)?))
}

type IdAndSecret = (Zeroizing<String>, Zeroizing<String>);

fn basic(headers: &HeaderMap) -> Result<Option<IdAndSecret>, Problem> {
    let Some(encoded) = authorization(headers)?.and_then(|value| after_scheme(value, "Basic")) else {
        return Ok(None);
    };
    pair(encoded).map(Some).ok_or_else(|| Error::InvalidClient.into())
}

/// RFC 7617 joins the two with a colon; RFC 6749 form-encodes each before.
fn pair(encoded: &str) -> Option<IdAndSecret> {
    let joined = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let colon = joined.iter().position(|byte| *byte == b':')?;
    let (id, secret) = joined.split_at_checked(colon)?;
    Some((urlencoded::decode(id)?, urlencoded::decode(secret.get(1..)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_are_form_encoded_inside() {
        let (id, secret) = pair(&STANDARD.encode("api%3A1:a+b%2Bc:d")).unwrap();
        assert_eq!((id.as_str(), secret.as_str()), ("api:1", "a b+c:d"));
        assert!(pair(&STANDARD.encode("nocolon")).is_none());
        assert!(pair("!").is_none());
    }
}
