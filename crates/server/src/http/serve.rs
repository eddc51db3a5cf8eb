//! The accept loop over HTTP/1.1. Everything a stranger can hold on to has a bound here: connections, headers, time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_web::Web;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

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
/// How long a peer may take none of what is sent to it.
const PROGRESS_WITHIN: Duration = Duration::from_secs(30);
/// How long to wait when no connection can be accepted, for example for want of file descriptors.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Serves until `stop` resolves, and then until what is under way is done or the grace is over.
pub(crate) async fn serve(listener: TcpListener, web: Web, limits: Limits, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let http = http();
    let under_way = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    let mut at_a_loss = false;
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
                at_a_loss = false;
                // Small answers must not wait for one another.
                let _ = stream.set_nodelay(true);
                let web = web.clone();
                let answer = service_fn(move |request| {
                    let web = web.clone();
                    async move { Ok::<_, Infallible>(web.answer(request, peer).await) }
                });
                let stream = bounded(stream, PROGRESS_WITHIN);
                let connection = under_way.watch(http.serve_connection(stream, answer));
                tokio::spawn(async move {
                    // A connection that ends badly is the peer's affair.
                    let _ = connection.await;
                    drop(place);
                });
            }
            (_, Err(error)) => {
                // Said once for each time that it comes to this: it would be twenty lines a second.
                if !std::mem::replace(&mut at_a_loss, true) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "cannot accept connections: trying again until it can"
                    );
                }
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

/// A connection that fails when its peer takes nothing for so long.
fn bounded(stream: TcpStream, progress_within: Duration) -> TokioIo<Pin<Box<TimeoutStream<TcpStream>>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(progress_within));
    TokioIo::new(Box::pin(stream))
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(HEADER_BYTES);
    http
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_peer_that_does_not_read_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let within = Duration::from_millis(200);
        let answer = service_fn(|_| async { Ok::<_, Infallible>(http_body(1 << 24)) });
        let connection = http().serve_connection(bounded(stream, within), answer);
        peer.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(20), connection).await;
        assert!(ended.expect("it is not waited for").is_err());
        // One that reads, however slowly, gets everything.
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let answer = service_fn(|_| async { Ok::<_, Infallible>(http_body(1 << 22)) });
        let connection = tokio::spawn(http().serve_connection(bounded(stream, within), answer).into_future());
        peer.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let (mut read, mut buffer) = (0, vec![0; 1 << 18]);
        while let Ok(count @ 1..) = peer.read(&mut buffer).await {
            read += count;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(read > 1 << 22);
        connection.await.unwrap().unwrap();
    }

    fn http_body(bytes: usize) -> hyper::Response<String> {
        hyper::Response::new("x".repeat(bytes))
    }
}
