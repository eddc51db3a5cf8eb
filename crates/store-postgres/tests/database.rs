//! The database itself: who else uses it, whose it is, and what happens when it is slow or gone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use counterfoil_core::account::UserChange;
use counterfoil_core::port::{
    AccountChange, AccountStore as _, Created, RefreshOutcome, SessionStore as _, StoreError, StoreResult,
};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Session;
use counterfoil_store_postgres::{PostgresOptions, PostgresStore};
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::servers::postgres::Postgres;

/// Short, so that a test need not wait long for what does not answer.
const OPTIONS: PostgresOptions = PostgresOptions {
    pool_size: 4,
    connect_timeout: Duration::from_secs(2),
    statement_timeout: Duration::from_secs(2),
};

async fn open(url: &str) -> PostgresStore {
    PostgresStore::connect(url, OPTIONS).await.unwrap()
}

async fn refused(url: &str) -> StoreError {
    let Err(error) = PostgresStore::connect(url, OPTIONS).await else { panic!("it was opened") };
    error
}

/// The name of the database in a URL of the test server.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// Calls until it works, as a service does that waits for its store.
async fn until_it_works<T, F: Future<Output = StoreResult<T>>>(call: impl Fn() -> F) -> T {
    let begun = Instant::now();
    loop {
        match call().await {
            Ok(value) => return value,
            Err(StoreError::Unavailable(_)) if begun.elapsed() < Duration::from_secs(20) => {}
            Err(error) => panic!("{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_may_make_the_tables_at_once() {
    let server = Postgres::start();
    let url = server.create_database();
    let nodes: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { open(&url).await })
        })
        .collect();
    let mut heads = Vec::new();
    for node in nodes {
        heads.push(node.await.unwrap().feed_head().await.unwrap());
    }
    assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
}

#[tokio::test]
async fn a_newer_versions_tables_are_refused_and_left_alone() {
    let server = Postgres::start();
    let url = server.create_database();
    open(&url).await.close().await;
    server.run(name(&url), "INSERT INTO counterfoil_migrations VALUES (2, '0002_later', 7)");
    assert!(matches!(refused(&url).await, StoreError::FromTheFuture { found: 2, known: 1 }));
    server.run(name(&url), "DELETE FROM counterfoil_migrations WHERE version = 2");
    open(&url).await;
}

#[tokio::test]
async fn tables_of_an_edited_migration_are_refused() {
    let server = Postgres::start();
    let url = server.create_database();
    open(&url).await.close().await;
    server.run(name(&url), "UPDATE counterfoil_migrations SET checksum = 1");
    assert!(matches!(refused(&url).await, StoreError::Broken(_)));
}

#[tokio::test]
async fn somebody_elses_tables_are_left_alone() {
    let server = Postgres::start();
    let url = server.create_database();
    server.run(name(&url), "CREATE TABLE users (name text)");
    assert!(matches!(refused(&url).await, StoreError::Broken(_)));
    // All or nothing was made.
    server.run(name(&url), "CREATE TABLE installation (name text)");
}

#[tokio::test]
async fn two_installations_may_share_a_database() {
    let server = Postgres::start();
    let url = server.create_database();
    server.run(name(&url), "CREATE SCHEMA one; CREATE SCHEMA other");
    let in_schema = |schema: &str| format!("{url}?options=-csearch_path%3D{schema}");
    let (one, other) = (open(&in_schema("one")).await, open(&in_schema("other")).await);
    one.revoke(build::revoke(Selection::all(), at(0))).await.unwrap();
    assert_eq!(one.feed_head().await.unwrap().sequence, 1);
    assert_eq!(other.feed_head().await.unwrap().sequence, 0);
}

#[tokio::test]
async fn no_error_tells_the_password() {
    let server = Postgres::start();
    let url = server.url("no_such_database").replace("counterfoil@", "counterfoil:open-sesame@");
    let nobody = "postgresql://counterfoil:open-sesame@127.0.0.1:1/db".to_owned();
    let stranger = server.url("postgres").replace("counterfoil@", "stranger:open-sesame@");
    for url in [url, nobody, stranger] {
        let error = refused(&url).await;
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("sesame"), "{error:?}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash_and_the_store_goes_on() {
    let mut server = Postgres::start();
    let url = server.create_database();
    let (store, other) = (Arc::new(open(&url).await), open(&url).await);
    let (session, token) = build::recorded(build::user_id(), &build::client("web"), at(0));
    assert_eq!(store.create(session.clone(), Some(token)).await.unwrap(), Created::Done);
    store.revoke(build::revoke(Selection::user(build::user_id()), at(1))).await.unwrap();
    server.kill();
    let begun = Instant::now();
    for _ in 0..3 {
        assert!(matches!(store.session(session.id).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(store.wait_beyond(1).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(store.touch(&[(session.id, at(2))]).await, Err(StoreError::Unavailable(_))));
    }
    let bound = OPTIONS.connect_timeout + OPTIONS.statement_timeout;
    assert!(begun.elapsed() < 9 * bound, "{:?}", begun.elapsed());
    server.start_again();
    let found = until_it_works(|| store.session(session.id)).await;
    assert_eq!(found, Some(session.clone()));
    let follower = Arc::clone(&store);
    let waiting = tokio::spawn(async move {
        while until_it_works(|| follower.feed_head()).await.sequence < 2 {
            until_it_works(|| follower.wait_beyond(1)).await;
        }
    });
    let done = until_it_works(|| other.revoke(build::revoke(Selection::all(), at(2)))).await;
    assert!(done.sequence >= 2);
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_lost_listener_misses_nothing() {
    let server = Postgres::start();
    let url = server.create_database();
    let (store, other) = (open(&url).await, open(&url).await);
    let user = build::user("ann@example.test");
    other.create_user(user.clone()).await.unwrap().unwrap();
    for number in 1..=5 {
        // What listens is what ran LISTEN last.
        server.run(
            name(&url),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        );
        other.revoke(build::revoke(Selection::user(build::user_id()), at(0))).await.unwrap();
        other.change_user(user.id, UserChange::Admin(number % 2 == 0), at(1)).await.unwrap();
        let begun = Instant::now();
        while store.feed_head().await.unwrap().sequence < number {
            store.wait_beyond(number - 1).await.unwrap();
        }
        while store.change_head().await.unwrap() < number {
            store.wait_for_change(number - 1).await.unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
    let changes = store.changes_after(0).await.unwrap().unwrap();
    assert_eq!(changes.last(), Some(&(5, AccountChange::User(user.id))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_is_noticed_at_once() {
    let server = Postgres::start();
    let url = server.create_database();
    let (one, other) = (Arc::new(open(&url).await), open(&url).await);
    for number in 1..=6 {
        let before = one.feed_head().await.unwrap().sequence;
        let follower = Arc::clone(&one);
        let waiting = tokio::spawn(async move {
            follower.wait_beyond(before).await.unwrap();
            Instant::now()
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        other.revoke(build::revoke(Selection::user(build::user_id()), at(number))).await.unwrap();
        let revoked = Instant::now();
        let took = waiting.await.unwrap().saturating_duration_since(revoked);
        assert!(took < Duration::from_millis(200), "{took:?}");
        assert_eq!(one.feed_head().await.unwrap().sequence, before + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_given_up_leaves_nothing_behind() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = open(&url).await;
    let (session, token) = build::recorded(build::user_id(), &build::client("web"), at(0));
    store.create(session.clone(), Some(token)).await.unwrap();
    let mut counter = 0;
    for micros in (0..4000).step_by(100) {
        let command = build::refresh(&session, counter, at(1 + i64::from(counter)));
        let given_up =
            tokio::time::timeout(Duration::from_micros(micros), store.rotate_refresh(command)).await;
        drop(given_up);
        // No transaction holds the session, and the record is of before or of after the call.
        let command = build::refresh(&session, counter, at(1 + i64::from(counter)));
        match store.rotate_refresh(command).await.unwrap() {
            RefreshOutcome::Rotated { counter: next } | RefreshOutcome::Converged { counter: next, .. } => {
                assert_eq!(next, counter + 1);
                counter = next;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_not_let_go_of_is_no_reason_to_wait_for_ever() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = open(&url).await;
    let session = build::cookie(build::user_id(), &build::client("web"), at(0));
    store.create(session.clone(), None).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("BEGIN; SELECT * FROM sessions FOR UPDATE").await.unwrap();
    let begun = Instant::now();
    let revoked = store.revoke(build::revoke(Selection::Session(session.id), at(1))).await;
    assert!(matches!(revoked, Err(StoreError::Unavailable(_))), "{revoked:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    // Others go on meanwhile.
    assert_eq!(store.session(session.id).await.unwrap(), Some(session.clone()));
    client.batch_execute("ROLLBACK").await.unwrap();
    store.revoke(build::revoke(Selection::Session(session.id), at(1))).await.unwrap();
    let ended = Session { ended: Some(build::end(at(1))), ..session };
    assert_eq!(store.session(ended.id).await.unwrap(), Some(ended));
}

#[tokio::test]
async fn a_database_that_only_reads_says_so_and_is_read() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = open(&url).await;
    let session = build::cookie(build::user_id(), &build::client("web"), at(0));
    store.create(session.clone(), None).await.unwrap();
    let set = |value: &str| {
        let name = name(&url);
        server.run("postgres", &format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}"));
    };
    set("on");
    let reader = open(&url).await;
    let touched = reader.touch(&[(session.id, at(1))]).await;
    assert!(matches!(touched, Err(StoreError::ReadOnly(_))), "{touched:?}");
    assert_eq!(reader.session(session.id).await.unwrap(), Some(session.clone()));
    set("off");
    // New connections are made in place of those that only read.
    for second in 2..8 {
        if reader.touch(&[(session.id, at(second))]).await.is_ok() {
            return;
        }
    }
    panic!("it can be written to again");
}

#[tokio::test]
async fn a_disk_without_room_is_told_as_such_and_read() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = open(&url).await;
    let session = build::cookie(build::user_id(), &build::client("web"), at(0));
    store.create(session.clone(), None).await.unwrap();
    // What PostgreSQL says when a file cannot grow (its manual, appendix A).
    server.run(
        name(&url),
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER no_room BEFORE INSERT ON sessions EXECUTE FUNCTION no_room()",
    );
    let another = build::cookie(build::user_id(), &build::client("web"), at(0));
    let created = store.create(another.clone(), None).await;
    assert!(matches!(created, Err(StoreError::Full(_))), "{created:?}");
    assert_eq!(store.session(session.id).await.unwrap(), Some(session));
    server.run(name(&url), "DROP TRIGGER no_room ON sessions");
    assert_eq!(store.create(another, None).await.unwrap(), Created::Done);
}

#[tokio::test]
async fn a_closed_store_refuses_and_wakes_who_waits() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = Arc::new(open(&url).await);
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            loop {
                if let Err(error) = store.wait_for_change(0).await {
                    return error;
                }
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    store.close().await;
    assert!(matches!(waiting.await.unwrap(), StoreError::Unavailable(_)));
    assert!(matches!(store.feed_head().await, Err(StoreError::Unavailable(_))));
}
