//! The accept loop over HTTP/1.1. Everything a stranger can hold on to has a bound here: connections, headers, time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_web::Web;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What a stranger can hold on to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// How long requests that are under way may take when the server stops.
    pub(crate) grace: Duration,
}

/// From a connection's opening or its last answer to the end of the next request's headers. It also ends idle ones.
const HEADERS_WITHIN: Duration = Duration::from_secs(75);
/// Bytes of one request's headers.
const HEADER_BYTES: usize = 32 * 1024;
/// Header fields of one request.
const HEADER_FIELDS: usize = 64;
/// How long to wait when no connection can be accepted, for example for want of file descriptors.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Serves until `stop` resolves, and then until what is under way is done or the grace is over.
pub(crate) async fn serve(listener: TcpListener, web: Web, limits: Limits, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let http = http();
    let under_way = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, peer))) => {
                // Small answers must not wait for one another.
                let _ = stream.set_nodelay(true);
                let web = web.clone();
                let answer = service_fn(move |request| {
                    let web = web.clone();
                    async move { Ok::<_, Infallible>(web.answer(request, peer).await) }
                });
                let connection = under_way.watch(http.serve_connection(TokioIo::new(stream), answer));
                tokio::spawn(async move {
                    // A connection that ends badly is the peer's affair.
                    let _ = connection.await;
                    drop(place);
                });
            }
            (_, Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot accept connections: trying again"
                );
                tokio::time::sleep(BACK_OFF).await;
            }
            (Err(_), Ok(_)) => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, under_way.shutdown()).await.is_err() {
        tracing::warn!("some requests were not done within the grace, and are cut off");
    }
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(HEADER_BYTES);
    http
}
