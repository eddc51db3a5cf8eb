//! The laws of both ports, each a test, with two stores open on one database of a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a store that cannot be reached is a panic")]

use counterfoil_store_postgres::{PostgresOptions, PostgresStore};
use counterfoil_store_testkit::servers::postgres::Postgres;
use counterfoil_store_testkit::{AccountNodes, SessionNodes, account_store_suite, session_store_suite};

thread_local! {
    /// One server for each test; the model wants many stores, each of which is a database.
    static SERVER: Postgres = Postgres::start();
}

async fn open() -> (PostgresStore, PostgresStore) {
    let url = SERVER.with(Postgres::create_database);
    let options = PostgresOptions::default();
    let (one, other) =
        tokio::join!(PostgresStore::connect(&url, options), PostgresStore::connect(&url, options));
    (one.unwrap(), other.unwrap())
}

async fn sessions() -> SessionNodes {
    let (one, other) = open().await;
    SessionNodes::new(one, other, ())
}

async fn accounts() -> AccountNodes {
    let (one, other) = open().await;
    AccountNodes::new(one, other, ())
}

session_store_suite!(sessions);
account_store_suite!(accounts);
