//! The style sheet, under a name that changes with its content, so that it can be kept for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::problem::Problem;

const CSS: &str = include_str!("../../assets/style.css");
/// Where the style sheet is.
pub(super) static STYLESHEET_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/assets/style.{:016x}.css", fnv1a(CSS.as_bytes())));

/// FNV-1a: the name has to differ when the content does, and nobody gains by making two agree.
const fn fnv1a(mut bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    while let [first, rest @ ..] = bytes {
        hash = (hash ^ *first as u64).wrapping_mul(0x0000_0100_0000_01b3);
        bytes = rest;
    }
    hash
}

/// The one asset there is.
pub(crate) async fn show(Path(name): Path<String>) -> Result<Response, Problem> {
    if STYLESHEET_PATH.strip_prefix("/assets/") != Some(name.as_str()) {
        return Err(Problem::not_found());
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, CSS).into_response())
}
