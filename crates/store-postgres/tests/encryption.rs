//! TLS on the way to the database. The certificates in `tls/` were made with `openssl` for a hundred years: a certificate
//! authority, another one, and a server's certificate for `localhost` from the first. They protect nothing.

#![expect(clippy::panic, reason = "these are tests")]

use counterfoil_core::port::{SessionStore as _, StoreError};
use counterfoil_store_postgres::{PostgresOptions, PostgresStore};
use counterfoil_store_testkit::servers::postgres::Postgres;

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/ca.pem");
const ANOTHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/other-ca.pem");

fn server() -> Postgres {
    let server = Postgres::start();
    server.speak_tls(include_str!("tls/server.pem"), include_str!("tls/server.key"));
    server
}

async fn refused(url: &str) -> StoreError {
    let Err(error) = PostgresStore::connect(url, PostgresOptions::default()).await else { panic!("{url}") };
    error
}

#[tokio::test]
async fn it_is_encrypted_when_the_url_says_so() {
    let server = server();
    let url = server.create_database().replace("127.0.0.1", "localhost");
    for (mode, encrypted) in [("verify-full", true), ("require", true), ("disable", false)] {
        let url = format!("{url}?sslmode={mode}&sslrootcert={AUTHORITY}&application_name={mode}");
        let store = PostgresStore::connect(&url, PostgresOptions::default()).await.unwrap();
        assert_eq!(store.feed_head().await.unwrap().sequence, 0);
        let all = format!(
            "DO $$ BEGIN ASSERT (SELECT count(*) > 0 AND bool_and(ssl = {encrypted}) FROM pg_stat_ssl
            JOIN pg_stat_activity USING (pid) WHERE application_name = '{mode}'); END $$"
        );
        server.run("postgres", &all);
        store.close().await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_good_is_refused() {
    let server = server();
    let by_address = server.create_database();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    for url in [
        format!("{by_name}?sslmode=require&sslrootcert={ANOTHER}"),
        format!("{by_name}?sslmode=verify-full"),
        format!("{by_address}?sslmode=require&sslrootcert={AUTHORITY}"),
    ] {
        let error = refused(&url).await;
        assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Broken(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_refused() {
    let server = Postgres::start();
    let url = server.create_database().replace("127.0.0.1", "localhost");
    let error = refused(&format!("{url}?sslmode=require&sslrootcert={AUTHORITY}")).await;
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}
