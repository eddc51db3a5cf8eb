//! The tables: which version they have, and the migrations that bring them to the present one.

use tokio_postgres::types::{ToSql, Type};

use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::locks;

/// One step of the tables. Never changed once it was released: the checksum in each database would tell.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// The migrations, in order; the version of a database is how many it has.
const MIGRATIONS: [Migration; 1] =
    [Migration { name: "0001_initial", sql: include_str!("../migrations/0001_initial.sql") }];

/// A migration may take its time, and so may waiting for another node that does it.
const PATIENCE: &str = "SET LOCAL statement_timeout = '1h'; SET LOCAL lock_timeout = '1h';
    SET LOCAL idle_in_transaction_session_timeout = '1min'";

/// Brings the tables of the current schema to the present version. Several nodes may do so at once: one does it.
pub(crate) async fn prepare(lease: &Lease) -> Result<()> {
    lease.begin().await?;
    lease.batch(PATIENCE).await?;
    lease.query_planned(locks::MIGRATE, &[]).await?;
    let found = applied(lease).await?;
    check(&found)?;
    for (version, migration) in (1_i32..).zip(&MIGRATIONS).skip(found.len()) {
        lease.batch(migration.sql).await?;
        let sum = checksum(migration.sql);
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&version, Type::INT4), (&migration.name, Type::TEXT), (&sum, Type::INT8)];
        lease.query_planned("INSERT INTO counterfoil_migrations VALUES ($1, $2, $3)", &params).await?;
    }
    lease.commit().await
}

/// The names and checksums of the migrations that were made, in order.
async fn applied(lease: &Lease) -> Result<Vec<(String, i64)>> {
    // Looked at before it is made: nodes must be able to start on a database that can only be read at the moment.
    let there =
        "SELECT to_regclass(quote_ident(current_schema()) || '.counterfoil_migrations') IS NOT NULL AS there";
    let rows = lease.query_planned(there, &[]).await?;
    if !rows.first().is_some_and(|row| row.try_get("there").unwrap_or(false)) {
        let table = "CREATE TABLE counterfoil_migrations
            (version integer PRIMARY KEY, name text NOT NULL, checksum bigint NOT NULL)";
        lease.batch(table).await?;
        return Ok(Vec::new());
    }
    let sql = "SELECT name, checksum FROM counterfoil_migrations ORDER BY version";
    let rows = lease.query_planned(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("checksum")?))).collect()
}

/// Refuses what a newer version made, and what was made by other migrations than those known here.
fn check(found: &[(String, i64)]) -> Result<()> {
    if found.len() > MIGRATIONS.len() {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        return Err(Error::FromTheFuture { found: number(found.len()), known: number(MIGRATIONS.len()) });
    }
    let is_known = |((name, sum), migration): (&(String, i64), &Migration)| {
        name == migration.name && *sum == checksum(migration.sql)
    };
    if found.iter().zip(&MIGRATIONS).all(is_known) {
        Ok(())
    } else {
        Err(Error::Broken("the database's tables were made by migrations not known here".into()))
    }
}

/// FNV-1a, 64 bits: it tells an edited file, and need not withstand a forger. Line ends do not count.
fn checksum(sql: &str) -> i64 {
    let bytes = sql.bytes().filter(|byte| *byte != b'\r');
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash.cast_signed()
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
