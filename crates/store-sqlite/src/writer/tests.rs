//! The writing thread: neighbours in a commit, a full disk, a failing one.

use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::port::StoreError;
use rusqlite::Connection;

use super::Writer;
use crate::Moved;

fn writer(path: &std::path::Path, pragma: &str) -> Writer {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = wal; CREATE TABLE IF NOT EXISTS t (n UNIQUE, b)")
        .unwrap();
    connection.execute_batch(pragma).unwrap();
    Writer::start(connection, Arc::new(Moved::default())).unwrap()
}

async fn insert(writer: &Writer, n: i64, bytes: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO t VALUES (?, zeroblob(?))";
    writer.run(move |transaction| transaction.connection.execute(sql, (n, bytes)).map(drop)).await
}

fn count(path: &std::path::Path) -> i64 {
    Connection::open(path).unwrap().query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn one_that_fails_spoils_no_neighbour() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let writer = Arc::new(writer(&path, ""));
    // All of them wait together while another process holds the file.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let writer = Arc::clone(&writer);
            tokio::spawn(async move { insert(&writer, n / 2, 1).await.is_ok() })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    other.execute_batch("COMMIT").unwrap();
    let mut good = 0;
    for task in tasks {
        good += i64::from(task.await.unwrap());
    }
    assert_eq!((good, count(&path)), (50, 50));
}

#[tokio::test]
async fn a_full_disk_is_told_and_got_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let writer = writer(&path, "PRAGMA max_page_count = 20");
    insert(&writer, 1, 1).await.unwrap();
    assert!(matches!(insert(&writer, 2, 1_000_000).await, Err(StoreError::Full(_))));
    insert(&writer, 3, 1).await.unwrap();
    assert_eq!(count(&path), 2);
}

#[tokio::test]
async fn when_sqlite_gives_the_transaction_up_all_of_the_group_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let writer = Arc::new(writer(&path, ""));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let tasks: Vec<_> = (0..10)
        .map(|n| {
            let writer = Arc::clone(&writer);
            tokio::spawn(async move {
                if n == 5 {
                    writer
                        .run(|transaction| transaction.connection.execute_batch("ROLLBACK; SELECT nothing"))
                        .await
                } else {
                    insert(&writer, n, 1).await
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    other.execute_batch("COMMIT").unwrap();
    let mut acknowledged = 0;
    for task in tasks {
        acknowledged += i64::from(task.await.unwrap().is_ok());
    }
    assert_eq!(acknowledged, count(&path), "what was acknowledged is there, and nothing else");
    insert(&writer, 100, 1).await.unwrap();
    writer.close().await;
    assert!(matches!(insert(&writer, 101, 1).await, Err(StoreError::Unavailable(_))));
}
