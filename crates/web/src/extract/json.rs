//! A JSON body (RFC 8259): bounded, typed, with nothing in it that the endpoint does not know.

use std::fmt;

use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use zeroize::Zeroizing;

use super::of_media_type;
use crate::app::App;
use crate::problem::Problem;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let bytes = of_media_type(request, "application/json").await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| refused(&error))
    }
}

fn refused(error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Data => {
            // The text may quote what was sent, and that may be a password: only what was expected is told, and where.
            let text = error.to_string();
            let expected = text.rfind("expected ").and_then(|at| text.get(at..));
            let missing = text.starts_with("missing field").then_some(text.as_str());
            let place = format!("line {} column {}", error.line(), error.column());
            let told = missing.or(expected).unwrap_or("a value that is not allowed").chars().take(400);
            Problem::unprocessable(
                "invalid_body",
                format!("the body is not what this endpoint takes, at {place}: {}", told.collect::<String>()),
            )
        }
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::new(StatusCode::BAD_REQUEST, "malformed_json", format!("the body is not JSON: {error}"))
        }
    }
}

/// A password in a body: wiped when dropped, never shown.
pub(crate) struct Password(pub(crate) Zeroizing<String>);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}
