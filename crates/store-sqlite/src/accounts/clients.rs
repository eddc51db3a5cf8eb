//! Clients.

use counterfoil_core::ClientId;
use counterfoil_core::account::{Client, ClientKind};
use counterfoil_core::port::AccountChange;
use rusqlite::{Connection, Row};

use super::changes;
use crate::columns::{Result, digest_opt, instant, json, parsed, to_json};
use crate::error::corrupt;
use crate::writer::Transaction;

const APPLICATION: &str = "application";
const SERVICE: &str = "service";

pub(super) fn create(transaction: &Transaction<'_>, client: &Client) -> Result<bool> {
    write(transaction, client, "INSERT OR IGNORE INTO clients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
}

pub(super) fn all(connection: &Connection) -> Result<Vec<Client>> {
    connection.prepare_cached("SELECT * FROM clients ORDER BY id")?.query_map([], read)?.collect()
}

pub(super) fn replace(
    transaction: &Transaction<'_>,
    expected: &Client,
    replacement: &Client,
) -> Result<bool> {
    let present = all(transaction.connection)?;
    if expected.id != replacement.id || !present.contains(expected) {
        return Ok(false);
    }
    write(transaction, replacement, "INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
}

pub(super) fn delete(transaction: &Transaction<'_>, id: &ClientId) -> Result<bool> {
    let deleted = transaction.connection.execute("DELETE FROM clients WHERE id = ?", [id.as_str()])?;
    if deleted > 0 {
        changes::note(transaction, &AccountChange::Client(id.clone()))?;
    }
    Ok(deleted > 0)
}

fn write(transaction: &Transaction<'_>, client: &Client, sql: &str) -> Result<bool> {
    let kind = match client.kind {
        ClientKind::Application => APPLICATION,
        ClientKind::Service => SERVICE,
    };
    let written = transaction.connection.prepare_cached(sql)?.execute((
        client.id.as_str(),
        &client.name,
        kind,
        client.secret.map(|secret| *secret.as_bytes()),
        client.mode.as_str(),
        to_json(&client.audience)?,
        client.algorithm.as_str(),
        to_json(&client.lifetimes)?,
        to_json(&client.claims)?,
        client.created_at.millis(),
        client.updated_at.millis(),
    ))?;
    if written > 0 {
        changes::note(transaction, &AccountChange::Client(client.id.clone()))?;
    }
    Ok(written > 0)
}

fn read(row: &Row<'_>) -> Result<Client> {
    Ok(Client {
        id: parsed(row, "id")?,
        name: row.get("name")?,
        kind: match row.get_ref("kind")?.as_str() {
            Ok(APPLICATION) => ClientKind::Application,
            Ok(SERVICE) => ClientKind::Service,
            _ => return Err(corrupt("a kind of client")),
        },
        secret: digest_opt(row, "secret")?,
        mode: parsed(row, "mode")?,
        audience: json(row, "audience")?,
        algorithm: parsed(row, "algorithm")?,
        lifetimes: json(row, "lifetimes")?,
        claims: json(row, "claims")?,
        created_at: instant(row.get("created_at")?),
        updated_at: instant(row.get("updated_at")?),
    })
}
