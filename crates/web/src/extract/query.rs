//! Query strings: typed, with nothing in them that the endpoint does not know; and the page of a list that they ask for.

use axum::extract::{FromRequestParts, Query};
use counterfoil_core::PageRequest;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::Problem;

/// A list's length when none is asked for.
const DEFAULT_LIMIT: u16 = 50;

/// The query string.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri).map(|Query(query)| Self(query)).map_err(|error| {
            let text =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            let text: String = text.chars().take(240).collect();
            Problem::bad_query(format!("the query string is not what this endpoint takes: {text}"))
        })
    }
}

/// The page that `limit` and `cursor` ask for.
pub(crate) fn page<C>(limit: Option<u16>, cursor: Option<C>) -> Result<PageRequest<C>, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=PageRequest::<C>::MAX_LIMIT).contains(&limit) {
        Ok(PageRequest::new(limit, cursor))
    } else {
        Err(Problem::bad_query("limit must be between 1 and 200"))
    }
}
