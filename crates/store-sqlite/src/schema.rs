//! The file's format: whose it is, which version it has, and the migrations that bring it to the present one.

use counterfoil_core::port::{StoreError, StoreResult};
use rusqlite::{Connection, TransactionBehavior};

use crate::Durability;
use crate::error::store_error;

/// "CFOI": tells a Counterfoil database from other SQLite files.
const APPLICATION_ID: i32 = 0x4346_4F49;

/// The migrations, in order; the version of a file is how many it has.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_initial.sql")];

/// Brings a file to the present version, guarded against another process that does the same.
pub(crate) fn prepare(connection: &mut Connection, durability: Durability) -> StoreResult<()> {
    check_owner(connection)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(store_error)?;
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Normal => "normal",
    };
    connection.pragma_update(None, "synchronous", synchronous).map_err(store_error)?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    let found = version(&transaction)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration).map_err(store_error)?;
    }
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found < known {
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(store_error)?;
        transaction.pragma_update(None, "user_version", known).map_err(store_error)?;
    }
    transaction.commit().map_err(store_error)
}

/// Refuses what is not ours before anything is changed in it.
fn check_owner(connection: &Connection) -> StoreResult<()> {
    let owner: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(store_error)?;
    let tables: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(store_error)?;
    let found = version(connection)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if owner != APPLICATION_ID && tables > 0 {
        return Err(StoreError::Broken("this SQLite file is no Counterfoil database".into()));
    }
    if found > known { Err(StoreError::FromTheFuture { found, known }) } else { Ok(()) }
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
        for (number, name) in (1..).zip(&names) {
            assert!(name.starts_with(&format!("{number:04}_")) && name.ends_with(".sql"), "{name}");
        }
    }
}
