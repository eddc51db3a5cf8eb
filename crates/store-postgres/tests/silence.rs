//! A database that does not answer: neither a refusal nor a closed connection says so, as when a machine or a network is gone.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

use std::time::{Duration, Instant};

use counterfoil_core::port::{Created, SessionStore as _, StoreError};
use counterfoil_core::revocation::Selection;
use counterfoil_store_postgres::{PostgresOptions, PostgresStore};
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::servers::postgres::Postgres;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const OPTIONS: PostgresOptions = PostgresOptions {
    pool_size: 3,
    connect_timeout: Duration::from_millis(500),
    statement_timeout: Duration::from_millis(1000),
};
/// A whole command, and some room for a busy machine.
const BOUND: Duration = Duration::from_millis(1500 + 500);

/// Passes everything on to the server at this address, except while it is silent. Returns its port.
async fn wire(server: String, silent: watch::Receiver<bool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (server, silent) = (server.clone(), silent.clone());
            tokio::spawn(async move {
                let server = TcpStream::connect(server).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::join!(
                    pass(from_client, to_server, silent.clone()),
                    pass(from_server, to_client, silent)
                );
            });
        }
    });
    port
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut silent: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if silent.wait_for(|silent| !silent).await.is_err() || to.write_all(&buffer[..length]).await.is_err()
        {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_come_back_in_time_and_work_again_afterwards() {
    let server = Postgres::start();
    let url = server.create_database();
    let (silence, silent) = watch::channel(false);
    let address = url.split(['@', '/']).nth(3).unwrap().to_owned();
    let port = wire(address.clone(), silent).await;
    let store =
        PostgresStore::connect(&url.replace(&address, &format!("127.0.0.1:{port}")), OPTIONS).await.unwrap();
    let session = build::cookie(build::user_id(), &build::client("web"), at(0));
    assert_eq!(store.create(session.clone(), None).await.unwrap(), Created::Done);
    silence.send(true).unwrap();
    let begun = Instant::now();
    let revoke = || store.revoke(build::revoke(Selection::Session(session.id), at(1)));
    // More at once than there are connections.
    let (one, two, three, four, five) =
        tokio::join!(store.session(session.id), revoke(), store.feed_head(), store.wait_beyond(0), revoke());
    for error in [one.err(), two.err(), three.err(), four.err(), five.err()] {
        assert!(matches!(error, Some(StoreError::Unavailable(_))), "{error:?}");
    }
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert!(matches!(store.session(session.id).await, Err(StoreError::Unavailable(_))));
    silence.send(false).unwrap();
    let begun = Instant::now();
    while let Err(error) = revoke().await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "it goes on");
    }
    let ended = store.session(session.id).await.unwrap().unwrap().ended;
    assert_eq!(ended, Some(build::end(at(1))));
    assert_eq!(store.feed_head().await.unwrap().sequence, 1, "what was given up was done once at most");
}
