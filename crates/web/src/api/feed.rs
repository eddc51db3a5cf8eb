//! `/v1/revocations/feed` and `/v1/revocations/ack`: the revocation feed for verifiers, as Server-Sent Events (WHATWG HTML,
//! section 9.2), and their confirmations.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use counterfoil_service::{FeedEvent, FeedSubscription};
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::extract::{Body, Params, ServiceClient};
use crate::problem::Problem;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Events that wait for a slow verifier, beyond what the connection buffers. After that the subscription waits too.
const IN_FLIGHT: usize = 16;

/// Who subscribes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Subscriber {
    /// What the verifier calls itself, for the operator's eyes.
    name: Option<String>,
}

/// The revocation feed
///
/// Server-Sent Events: `snapshot`, then `marker` as they are made, and a `heartbeat` each second. `Last-Event-ID` resumes
/// without a gap. The verifier's id for confirmations is in `X-Verifier-Id`.
#[utoipa::path(get, path = "/v1/revocations/feed", operation_id = "follow_revocations", tag = "verifiers", security(("client" = [])),
    params(Subscriber, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event applied")),
    responses((status = 200, description = "Events without end", content_type = "text/event-stream", body = String)))]
pub(crate) async fn subscribe(
    State(app): State<App>,
    ServiceClient(client): ServiceClient,
    Params(subscriber): Params<Subscriber>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let subscription = app.authority.subscribe(&client.id, subscriber.name, last).await?;
    let verifier = HeaderValue::from_str(subscription.verifier()).unwrap_or(HeaderValue::from_static(""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx and others would hold events back until a buffer is full.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
        (HeaderName::from_static("x-verifier-id"), verifier),
    ];
    let (sender, events) = mpsc::channel(IN_FLIGHT);
    tokio::spawn(forward(subscription, sender));
    Ok((headers, axum::body::Body::from_stream(Events(events))).into_response())
}

/// Writes events until either side has gone.
async fn forward(mut subscription: FeedSubscription, sender: mpsc::Sender<Bytes>) {
    loop {
        let event = tokio::select! {
            event = subscription.next() => event,
            () = sender.closed() => None,
        };
        let Some(event) = event else { return };
        if sender.send(frame(&event)).await.is_err() {
            return;
        }
    }
}

fn frame(event: &FeedEvent) -> Bytes {
    let (name, id, data) = match event {
        FeedEvent::Snapshot { id, data } => ("snapshot", id, data),
        FeedEvent::Delta { id, data } => ("marker", id, data),
        FeedEvent::Heartbeat { id, data } => ("heartbeat", id, data),
    };
    // JSON as serde writes it has no line breaks, so one data line carries it.
    format!("event: {name}\nid: {id}\ndata: {data}\n\n").into()
}

struct Events(mpsc::Receiver<Bytes>);

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

/// What a verifier has applied.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Applied {
    /// The `X-Verifier-Id` of the subscription.
    verifier: String,
    /// The number of the newest marker applied.
    sequence: u64,
}

/// Confirm what was applied
///
/// A revocation's answer counts these.
#[utoipa::path(post, path = "/v1/revocations/ack", operation_id = "confirm_revocations", tag = "verifiers", security(("client" = [])), request_body = Applied,
    responses((status = 204, description = "Noted")))]
pub(crate) async fn acknowledge(
    State(app): State<App>,
    ServiceClient(client): ServiceClient,
    Body(applied): Body<Applied>,
) -> Result<StatusCode, Problem> {
    app.authority.acknowledge(&client.id, &applied.verifier, applied.sequence).await?;
    Ok(StatusCode::NO_CONTENT)
}
