//! The file's format: whose it is, which version it has, and the migrations that bring it to the present one.

use std::time::{Duration, Instant};

use counterfoil_core::port::{StoreError, StoreResult};
use rusqlite::{Connection, TransactionBehavior};

use crate::Durability;
use crate::error::store_error;

/// "CFOI": tells a Counterfoil database from other SQLite files.
const APPLICATION_ID: i32 = 0x4346_4F49;

/// One step of the format. Never changed once it was released: the checksum in each file would tell.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// The migrations, in order; the version of a file is how many it has.
const MIGRATIONS: [Migration; 1] =
    [Migration { name: "0001_initial", sql: include_str!("../migrations/0001_initial.sql") }];

/// How long to wait for another process that opens the same file for the first time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Brings a file to the present version, guarded against another process that does the same.
pub(crate) fn prepare(connection: &mut Connection, durability: Durability) -> StoreResult<()> {
    // One transaction, so that another process does not make the tables between two looks.
    check_owner(&*connection.unchecked_transaction().map_err(store_error)?)?;
    write_ahead(connection)?;
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Normal => "normal",
    };
    connection.pragma_update(None, "synchronous", synchronous).map_err(store_error)?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    // Another process may have been here first, perhaps a newer one.
    let found = check_owner(&transaction)?;
    migrate(&transaction, found).map_err(store_error)?;
    if !has_known_migrations(&transaction).map_err(store_error)? {
        return Err(StoreError::Broken("the file's tables were made by migrations not known here".into()));
    }
    transaction.commit().map_err(store_error)
}

fn migrate(transaction: &Connection, found: u32) -> rusqlite::Result<()> {
    let table = "CREATE TABLE IF NOT EXISTS schema_migrations
        (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT";
    transaction.execute_batch(table)?;
    for (version, migration) in (1_u32..).zip(&MIGRATIONS).filter(|(version, _)| *version > found) {
        transaction.execute_batch(migration.sql)?;
        let done = "INSERT INTO schema_migrations VALUES (?, ?, ?)";
        transaction.execute(done, (version, migration.name, checksum(migration.sql)))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    Ok(())
}

fn has_known_migrations(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement =
        connection.prepare("SELECT name, checksum FROM schema_migrations ORDER BY version")?;
    let found =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<Vec<_>, _>>()?;
    let known: Vec<(String, i64)> =
        MIGRATIONS.iter().map(|migration| (migration.name.to_owned(), checksum(migration.sql))).collect();
    Ok(found == known)
}

/// FNV-1a, 64 bits: it tells an edited file, and need not withstand a forger. Line ends do not count.
fn checksum(sql: &str) -> i64 {
    let bytes = sql.bytes().filter(|byte| *byte != b'\r');
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash.cast_signed()
}

/// Turns the write-ahead log on. SQLite does not wait by itself for another process that does the same.
fn write_ahead(connection: &Connection) -> StoreResult<()> {
    let begun = Instant::now();
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode.map_err(store_error) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(StoreError::Broken("no write-ahead log on this file system".into())),
            Err(StoreError::Unavailable(_)) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Refuses what is not ours before anything is changed in it, and returns the version of what is.
fn check_owner(connection: &Connection) -> StoreResult<u32> {
    let owner: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(store_error)?;
    let tables: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(store_error)?;
    let found = version(connection)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    let is_new = owner == 0 && tables == 0 && found == 0;
    if owner != APPLICATION_ID && !is_new {
        return Err(StoreError::Broken("this SQLite file is no Counterfoil database".into()));
    }
    if found > known { Err(StoreError::FromTheFuture { found, known }) } else { Ok(found) }
}

fn version(connection: &Connection) -> StoreResult<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(store_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_named_in_order_and_all_of_them_are_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), MIGRATIONS.len());
        for ((number, name), migration) in (1..).zip(&names).zip(&MIGRATIONS) {
            assert!(name.starts_with(&format!("{number:04}_")), "{name}");
            assert_eq!(*name, format!("{}.sql", migration.name));
        }
    }
}
