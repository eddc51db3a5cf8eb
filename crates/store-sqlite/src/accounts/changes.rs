//! The log of changes, for whoever holds copies; the newest ten thousand are kept.

use counterfoil_core::port::AccountChange;
use counterfoil_core::{ClientId, UserId};
use rusqlite::Connection;

use crate::columns::{Result, id, number, parsed, unsigned};
use crate::error::corrupt;
use crate::writer::Transaction;

const KEPT: i64 = 10_000;
const PIECE: i64 = 1000;

pub(super) fn note(transaction: &Transaction<'_>, change: &AccountChange) -> Result<()> {
    let (kind, user, client): (_, Option<&[u8]>, Option<&str>) = match change {
        AccountChange::User(id) => ("user", Some(id.as_bytes()), None),
        AccountChange::Client(id) => ("client", None, Some(id.as_str())),
        AccountChange::Keys => ("keys", None, None),
    };
    let connection = transaction.connection;
    connection
        .prepare_cached("INSERT INTO account_changes (kind, user, client) VALUES (?, ?, ?)")?
        .execute((kind, user, client))?;
    connection
        .prepare_cached("DELETE FROM account_changes WHERE sequence <= ?")?
        .execute([connection.last_insert_rowid() - KEPT])?;
    transaction.accounts_moved();
    Ok(())
}

pub(super) fn head(connection: &Connection) -> Result<u64> {
    connection
        .prepare_cached(
            "SELECT COALESCE(MAX(seq), 0) AS head FROM sqlite_sequence WHERE name = 'account_changes'",
        )?
        .query_row([], |row| unsigned(row, "head"))
}

pub(super) fn after(connection: &Connection, sequence: u64) -> Result<Option<Vec<(u64, AccountChange)>>> {
    let head = head(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT sequence, kind, user, client FROM account_changes WHERE sequence > ? ORDER BY sequence LIMIT ?",
    )?;
    let rows = statement.query_map((number(sequence), PIECE), |row| {
        let kind: String = row.get("kind")?;
        let change = match kind.as_str() {
            "user" => AccountChange::User(id(row, "user", UserId::from_bytes)?),
            "client" => AccountChange::Client(parsed::<ClientId>(row, "client")?),
            "keys" => AccountChange::Keys,
            _ => return Err(corrupt("a kind of change")),
        };
        Ok((unsigned(row, "sequence")?, change))
    })?;
    let changes = rows.collect::<Result<Vec<_>>>()?;
    // Numbers have no gaps: a first one that is not the next says that some were forgotten. So does a head that went
    // back behind the caller: the file is another one.
    let complete = match changes.first() {
        Some((first, _)) => *first == sequence.saturating_add(1),
        None => head == sequence,
    };
    Ok(complete.then_some(changes))
}
