//! The file itself: whose it is, who else has it open, and what a reader sees while others write.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use counterfoil_core::account::UserChange;
use counterfoil_core::audit::Action;
use counterfoil_core::port::{
    AccountChange, AccountStore as _, AuditFilter, Created, SessionFilter, SessionStore as _, StoreError,
};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Session;
use counterfoil_core::{Mode, PageRequest};
use counterfoil_store_sqlite::{Durability, SqliteOptions, SqliteStore};
use counterfoil_store_testkit::build::{self, at};
use rusqlite::Connection;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counterfoil.db");
    (folder, path)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions::default()).unwrap()
}

fn refused(path: &Path) -> StoreError {
    let Err(error) = SqliteStore::open(path, SqliteOptions::default()) else { panic!("it was opened") };
    error
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_closing() {
    let (_folder, path) = folder();
    let store = open(&path);
    let session = build::cookie(build::user_id(), &build::client("web"), at(0));
    assert_eq!(store.create(session.clone(), None).await.unwrap(), Created::Done);
    let (recorded, token) = build::recorded(build::user_id(), &build::client("web"), at(0));
    store.create(recorded.clone(), Some(token.clone())).await.unwrap();
    // The work of the second marker is not done when the store is closed.
    store.revoke(build::revoke(Selection::user(recorded.user), at(1))).await.unwrap();
    store.revoke(build::revoke(Selection::all(), at(2))).await.unwrap();
    let (head, markers) = (store.feed_head().await.unwrap(), store.markers_after(0, 9).await.unwrap());
    let user = build::user("ann@example.test");
    store.create_user(user.clone()).await.unwrap().unwrap();
    store.change_user(user.id, UserChange::Admin(true), at(1)).await.unwrap();
    store.append_audit(build::audit_event(Action::UserChanged, "ann", at(1))).await.unwrap();
    store.close().await;
    assert!(matches!(store.create(session.clone(), None).await, Err(StoreError::Unavailable(_))));
    drop(store);
    assert!(!path.with_extension("db-wal").exists(), "the log was folded into the file");
    let store = open(&path);
    let ended = Session { ended: Some(build::end(at(2))), ..session };
    assert_eq!(store.session(ended.id).await.unwrap(), Some(ended));
    let listing = store.token(token.id).await.unwrap().unwrap();
    assert_eq!((listing.record, listing.session_end), (token, Some(build::end(at(1)))));
    assert_eq!(store.feed_head().await.unwrap(), head);
    assert_eq!(store.markers_after(0, 9).await.unwrap(), markers);
    assert!(store.user(user.id).await.unwrap().unwrap().admin);
    assert_eq!(store.changes_after(0).await.unwrap(), Some(vec![(1, AccountChange::User(user.id))]));
    let entries = store.audit(&AuditFilter::default(), PageRequest::new(9, None)).await.unwrap();
    assert_eq!(entries.items.len(), 1);
}

#[tokio::test]
async fn a_store_that_is_dropped_finishes_what_it_was_given() {
    let (_folder, path) = folder();
    let store = Arc::new(open(&path));
    let sessions: Vec<_> =
        (0..50).map(|_| build::cookie(build::user_id(), &build::client("web"), at(0))).collect();
    let tasks: Vec<_> = sessions
        .iter()
        .cloned()
        .map(|session| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(session, None).await.unwrap() })
        })
        .collect();
    drop(store);
    for task in tasks {
        assert_eq!(task.await.unwrap(), Created::Done);
    }
    let again = open(&path);
    for session in sessions {
        assert_eq!(again.session(session.id).await.unwrap(), Some(session));
    }
}

#[test]
fn a_newer_versions_file_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    drop(open(&path));
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(refused(&path), StoreError::FromTheFuture { found: 99, known: 1 }));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_counterfoil_database_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(refused(&path), StoreError::Broken(_)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(&path, "a letter to my aunt, and no database at all".repeat(100)).unwrap();
    assert!(matches!(refused(&path), StoreError::Broken(_)));
    assert!(matches!(refused(&path.join("below-a-file")), StoreError::Unavailable(_)));
}

#[test]
fn tables_of_an_edited_migration_are_refused() {
    let (_folder, path) = folder();
    drop(open(&path));
    Connection::open(&path).unwrap().execute_batch("UPDATE schema_migrations SET checksum = 1").unwrap();
    assert!(matches!(refused(&path), StoreError::Broken(_)));
}

#[test]
fn many_may_open_a_new_file_at_once() {
    for _ in 0..5 {
        let (_folder, path) = folder();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || open(&path))
            })
            .collect();
        let stores: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(stores.len(), 8);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_is_noticed_soon_and_at_once_when_nudged() {
    let (_folder, path) = folder();
    let (one, other) = (Arc::new(open(&path)), open(&path));
    for number in 1..=6 {
        let follower = Arc::clone(&one);
        let waiting = tokio::spawn(async move {
            follower.wait_beyond(number - 1).await.unwrap();
            (Instant::now(), follower.feed_head().await.unwrap().sequence)
        });
        tokio::time::sleep(Duration::from_millis(5)).await;
        other.revoke(build::revoke(Selection::user(build::user_id()), at(0))).await.unwrap();
        let revoked = Instant::now();
        if number % 2 == 0 {
            one.nudge();
        }
        let (noticed, sequence) = waiting.await.unwrap();
        assert_eq!(sequence, number, "it did not return for want of anything better");
        let took = noticed.saturating_duration_since(revoked);
        assert!(took < Duration::from_millis(300), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_do_not_wait_for_a_writer() {
    let (_folder, path) = folder();
    let store = Arc::new(open(&path));
    let session = build::cookie(build::user_id(), &build::client("web"), at(0));
    store.create(session.clone(), None).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE sessions SET last_seen_at = 0").unwrap();
    let writer = Arc::clone(&store);
    let touching = tokio::spawn(async move { writer.touch(&[(session.id, at(60))]).await });
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(store.session(session.id).await.unwrap(), Some(session.clone()));
        let page = store.sessions(&SessionFilter::default(), PageRequest::new(9, None), at(1)).await.unwrap();
        assert_eq!(page.items.len(), 1);
        store.wait_beyond(99).await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(!touching.is_finished(), "it waits for the other process");
    other.execute_batch("ROLLBACK").unwrap();
    touching.await.unwrap().unwrap();
    assert_eq!(store.session(session.id).await.unwrap().unwrap().last_seen_at, at(60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_share_a_commit() {
    let (_folder, path) = folder();
    let store = Arc::new(open(&path));
    // What another connection sees of the file moves with each commit, and with nothing else.
    let watcher = Connection::open(&path).unwrap();
    let version = move || watcher.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let watching = std::thread::spawn(move || {
        let mut versions = std::collections::BTreeSet::from([version()]);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(1) {
            versions.insert(version());
        }
        versions.len()
    });
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let store = Arc::clone(&store);
            let (session, token) = build::recorded(build::user_id(), &build::client("web"), at(0));
            tokio::spawn(async move { store.create(session, Some(token)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Created::Done);
    }
    let commits = watching.join().unwrap();
    assert!(commits < 200, "{commits} commits");
}

#[tokio::test]
async fn a_page_looks_at_some_thousands_and_goes_on() {
    let (_folder, path) = folder();
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    let store = Arc::new(SqliteStore::open(&path, options).unwrap());
    let rare = build::recorded(build::user_id(), &build::client("web"), at(0)).0;
    let mut sessions = vec![rare.clone()];
    sessions.extend((0..12_000).map(|_| build::cookie(build::user_id(), &build::client("web"), at(1))));
    let tasks: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(session, None).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let filter = SessionFilter { mode: Some(Mode::Recorded), ..SessionFilter::default() };
    let mut after = None;
    let mut pages = Vec::new();
    loop {
        let page = store.sessions(&filter, PageRequest::new(10, after), at(2)).await.unwrap();
        pages.push(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [vec![], vec![], vec![rare]]);
}

#[tokio::test]
async fn who_missed_more_changes_than_are_kept_is_told_so() {
    let (_folder, path) = folder();
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    let store = Arc::new(SqliteStore::open(&path, options).unwrap());
    let user = build::user("ann@example.test");
    store.create_user(user.clone()).await.unwrap().unwrap();
    let tasks: Vec<_> = (0..10_100)
        .map(|number| {
            let store = Arc::clone(&store);
            let change = UserChange::Admin(number % 2 == 0);
            let id = user.id;
            tokio::spawn(async move { store.change_user(id, change, at(1)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().is_some());
    }
    assert_eq!(store.change_head().await.unwrap(), 10_100);
    assert_eq!(store.changes_after(99).await.unwrap(), None);
    assert_eq!(store.changes_after(100).await.unwrap().unwrap().len(), 1000);
}
