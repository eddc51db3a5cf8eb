//! Signing keys.

use counterfoil_core::Timestamp;
use counterfoil_core::account::StoredKey;
use counterfoil_core::port::{AccountChange, KeyTransition};
use rusqlite::{Connection, Row};

use super::changes;
use crate::columns::{Result, instant, instant_opt, parsed};
use crate::writer::Transaction;

pub(super) fn all(connection: &Connection) -> Result<Vec<StoredKey>> {
    connection
        .prepare_cached("SELECT * FROM signing_keys ORDER BY created_at, id")?
        .query_map([], read)?
        .collect()
}

pub(super) fn change(transaction: &Transaction<'_>, transition: &KeyTransition) -> Result<bool> {
    let connection = transaction.connection;
    let present = all(connection)?;
    let KeyTransition { expected, replacement } = transition;
    if present.len() != expected.len() || !present.iter().all(|key| expected.contains(key)) {
        return Ok(false);
    }
    connection.execute("DELETE FROM signing_keys", [])?;
    let mut insert = connection.prepare_cached("INSERT INTO signing_keys VALUES (?, ?, ?, ?, ?, ?, ?)")?;
    for key in replacement {
        insert.execute((
            &key.id,
            key.algorithm.as_str(),
            key.state.as_str(),
            &key.sealed_private_key,
            key.created_at.millis(),
            key.activated_at.map(Timestamp::millis),
            key.published_until.map(Timestamp::millis),
        ))?;
    }
    changes::note(transaction, &AccountChange::Keys)?;
    Ok(true)
}

fn read(row: &Row<'_>) -> Result<StoredKey> {
    Ok(StoredKey {
        id: row.get("id")?,
        algorithm: parsed(row, "algorithm")?,
        state: parsed(row, "state")?,
        sealed_private_key: row.get("sealed_private_key")?,
        created_at: instant(row.get("created_at")?),
        activated_at: instant_opt(row, "activated_at")?,
        published_until: instant_opt(row, "published_until")?,
    })
}
