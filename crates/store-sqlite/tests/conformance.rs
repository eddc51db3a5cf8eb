//! The laws of both ports, each a test, with two stores open on one file.

#![expect(clippy::unwrap_used, reason = "a store that cannot be opened is a panic")]

use counterfoil_store_sqlite::{Durability, SqliteOptions, SqliteStore};
use counterfoil_store_testkit::{AccountNodes, SessionNodes, account_store_suite, session_store_suite};
use tempfile::TempDir;

/// A power failure is no subject of these: they need not wait for the disk.
const OPTIONS: SqliteOptions = SqliteOptions { durability: Durability::Normal, readers: 2 };

fn open() -> (SqliteStore, SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counterfoil.db");
    (SqliteStore::open(&path, OPTIONS).unwrap(), SqliteStore::open(&path, OPTIONS).unwrap(), folder)
}

async fn sessions() -> SessionNodes {
    let (one, other, folder) = open();
    SessionNodes::new(one, other, folder)
}

async fn accounts() -> AccountNodes {
    let (one, other, folder) = open();
    AccountNodes::new(one, other, folder)
}

session_store_suite!(sessions);
account_store_suite!(accounts);
