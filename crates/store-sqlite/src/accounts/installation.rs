//! What is fixed at the first start.

use counterfoil_core::Digest;
use counterfoil_core::account::Installation;

use crate::columns::{Result, instant};
use crate::writer::Transaction;

pub(super) fn install(transaction: &Transaction<'_>, value: &Installation) -> Result<Installation> {
    let connection = transaction.connection;
    connection.prepare_cached("INSERT OR IGNORE INTO installation VALUES (1, ?, ?, ?)")?.execute((
        &value.issuer,
        value.master_key_check.as_bytes(),
        value.created_at.millis(),
    ))?;
    connection.prepare_cached("SELECT issuer, master_key_check, created_at FROM installation")?.query_row(
        [],
        |row| {
            Ok(Installation {
                issuer: row.get(0)?,
                master_key_check: Digest::new(row.get(1)?),
                created_at: instant(row.get(2)?),
            })
        },
    )
}

pub(super) fn change_issuer(transaction: &Transaction<'_>, issuer: &str) -> Result<()> {
    transaction.connection.execute("UPDATE installation SET issuer = ?", [issuer]).map(drop)
}
