//! The set-up link: there is at most one.

use counterfoil_core::{Digest, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use crate::columns::{Result, instant};
use crate::writer::Transaction;

pub(super) fn put(transaction: &Transaction<'_>, digest: Digest, expires_at: Timestamp) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO setup_link VALUES (1, ?, ?)";
    transaction.connection.execute(sql, (digest.as_bytes(), expires_at.millis())).map(drop)
}

pub(super) fn is_good(connection: &Connection, digest: Digest, now: Timestamp) -> Result<bool> {
    let stored = connection
        .prepare_cached("SELECT digest, expires_at FROM setup_link")?
        .query_row([], |row| Ok((Digest::new(row.get(0)?), instant(row.get(1)?))))
        .optional()?;
    Ok(stored.is_some_and(|(stored, expires_at)| stored == digest && now < expires_at))
}

pub(super) fn take(transaction: &Transaction<'_>, digest: Digest, now: Timestamp) -> Result<bool> {
    let good = is_good(transaction.connection, digest, now)?;
    if good {
        transaction.connection.execute("DELETE FROM setup_link", [])?;
    }
    Ok(good)
}
