//! A request's body: no larger and no slower than allowed, whole before anything answers, and of the right media type.

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};

use crate::app::Shared;
use crate::problem::Problem;

/// Lets the whole body arrive before anything answers: an answer that leaves a body unread costs the client its
/// connection, and the request that it sends on it next.
pub(crate) async fn arrived(app: &Shared, request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    Ok(Request::from_parts(parts, read_bounded(app, body).await?.into()))
}

/// The body that has arrived, if it is of that media type.
pub(super) async fn of_media_type(request: Request, media: &'static str) -> Result<Bytes, Problem> {
    if !is_of(request.headers(), media) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("send the body with Content-Type: {media}"),
        ));
    }
    request.into_body().collect().await.map(Collected::to_bytes).map_err(|_| broken())
}

fn broken() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "broken_body",
        "the body ended before it was complete: send it again",
    )
}

async fn read_bounded(app: &Shared, body: Body) -> Result<Bytes, Problem> {
    let limit = app.settings.body_limit;
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("the body may have at most {limit} bytes"),
        )
    };
    let read = Limited::new(body, limit).collect();
    match tokio::time::timeout(app.settings.request_timeout, read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(broken()),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "the body did not arrive in time: send it again",
        )),
    }
}

/// Parameters of the media type (`charset`) are passed over: both forms that are taken here are UTF-8 by definition.
fn is_of(headers: &HeaderMap, media: &str) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(media) && values.next().is_none()
}
