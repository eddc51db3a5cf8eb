//! What happens around every request, once and outermost: its id, its time, its security headers, and the rendering and
//! logging of problems. `GET /v1/me` is answered right here: every API asks it with every request, and the table, its
//! boxes and its extensions would cost more than the check does.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use bytes::Bytes;
use counterfoil_core::Entropy;
use counterfoil_service::{Error, SystemEntropy};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use tower::ServiceExt;

use crate::api::me;
use crate::app::App;
use crate::extract::arrived;
use crate::problem::{Fault, Problem};

/// What hashes a password for anybody who asks, and then writes once. Whoever goes away meanwhile must not be hashed for:
/// a flood of callers that do not wait would keep out everybody else.
const IN_ONE_STEP: [&str; 5] = ["/v1/login", "/login", "/v1/users", "/signup", "/v1/reauthenticate"];
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

pub(crate) struct Outermost {
    app: App,
    inner: Router,
    ids: RequestIds,
}

impl Outermost {
    pub(crate) fn new(app: App, inner: Router) -> Self {
        Self { app, inner, ids: RequestIds::new(&SystemEntropy) }
    }

    pub(crate) async fn answer<B>(&self, request: http::Request<B>, peer: SocketAddr) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let started = Instant::now();
        let id = self.ids.of(request.headers());
        let metrics = &self.app.metrics;
        let (mut response, series) = if !has_one_host(request.version(), request.headers()) {
            let detail = "a request names its host once (RFC 9112, section 3.2)";
            let refused = Problem::new(StatusCode::BAD_REQUEST, "bad_host", detail);
            (refused.into_response(), metrics.of(None))
        } else if *request.method() == Method::GET && request.uri().path() == me::PATH {
            (me::answer(&self.app, request.headers()).await, metrics.me())
        } else {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            // Boxed, so that the future of the path above stays small.
            let response = Box::pin(self.by_the_table(request)).await;
            let template = response.extensions().get::<Template>().map(|template| template.0.as_str());
            let series = metrics.of(template);
            (response, series)
        };
        settle(&mut response, id);
        series.observe(response.status(), started.elapsed());
        response
    }

    async fn by_the_table(&self, request: Request) -> Response {
        let request = match arrived(&self.app, request).await {
            Ok(request) => request,
            Err(problem) => return problem.into_response(),
        };
        // The body has had its time; the answer has as much again.
        let limit = self.app.settings.request_timeout;
        // What changes something is brought to its end even if whoever asked for it has gone, or waits no longer: a new
        // password and the end of the other sessions are two steps.
        let changes = !request.method().is_safe() && !IN_ONE_STEP.contains(&request.uri().path());
        let answer = self.inner.clone().oneshot(request);
        let answer = async { if changes { tokio::spawn(answer).await } else { Ok(answer.await) } };
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(panicked)) => Problem::internal(Error::Internal(panicked.into())).into_response(),
            Err(_) => Problem::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "timed_out",
                "the answer took too long: look whether the change was made, and try again",
                std::time::Duration::from_secs(1),
            )
            .into_response(),
        }
    }
}

/// What lies between here and the caller may have believed another one of two hosts.
fn has_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let named = hosts.next().is_some() || version < Version::HTTP_11;
    named && hosts.next().is_none()
}

/// Renders and logs problems, and sets the headers that every response has.
fn settle(response: &mut Response, id: HeaderValue) {
    if response.status().as_u16() >= 400 {
        let request_id = id.to_str().unwrap_or_default();
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            problem.render(response, request_id);
            if let Some(fault) = &problem.fault {
                fault.log(request_id);
            }
        } else if let Some(fault) = response.extensions().get::<Fault>() {
            fault.log(request_id);
        }
    }
    let headers = response.headers_mut();
    // What may be kept says so itself.
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(X_REQUEST_ID, id);
}

/// The route's template, told outwards.
#[derive(Clone)]
struct Template(MatchedPath);

/// Tells the outermost layer which route answered.
pub(crate) async fn tell_template(matched: MatchedPath, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Template(matched));
    response
}

/// Ids of requests: the caller's own if it is harmless, else a random prefix of this process and a number.
struct RequestIds {
    prefix: String,
    next: AtomicU64,
}

impl RequestIds {
    fn new(entropy: &dyn Entropy) -> Self {
        let prefix: String = entropy.bytes::<6>().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { prefix: prefix + "-", next: AtomicU64::new(0) }
    }

    fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let mut sent = headers.get_all(X_REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(id), None) if is_harmless(id.as_bytes()) => id.clone(),
            _ => self.made(),
        }
    }

    fn made(&self) -> HeaderValue {
        let mut number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut id = Vec::with_capacity(self.prefix.len() + 16);
        id.extend_from_slice(self.prefix.as_bytes());
        loop {
            let digit = u8::try_from(number & 15).unwrap_or(0);
            id.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
            number >>= 4;
            if number == 0 {
                break;
            }
        }
        HeaderValue::from_maybe_shared(Bytes::from(id)).unwrap_or(HeaderValue::from_static("-"))
    }
}

fn is_harmless(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=64).contains(&id.len()) && id.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_ids_are_taken_and_others_made() {
        let ids = RequestIds::new(&SystemEntropy);
        let with = |value: &str| {
            let header = (X_REQUEST_ID, HeaderValue::from_str(value).unwrap());
            ids.of(&[header].into_iter().collect())
        };
        assert_eq!(with("abc-1.2_3"), "abc-1.2_3");
        let long = "a".repeat(65);
        let made: Vec<_> = ["", "a b", "<script>", &long].iter().map(|value| with(value)).collect();
        assert!(made.iter().all(|id| id.to_str().unwrap().starts_with(&ids.prefix)));
        assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
