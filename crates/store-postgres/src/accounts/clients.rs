//! Clients.

use counterfoil_core::ClientId;
use counterfoil_core::account::{Client, ClientKind};
use counterfoil_core::port::AccountChange;
use tokio_postgres::Row;

use super::changes;
use crate::columns::{bytes, digest_opt, instant, json, parsed, to_json};
use crate::error::{Result, corrupt};
use crate::lease::Lease;
use crate::pool::Pool;

const APPLICATION: &str = "application";
const SERVICE: &str = "service";

macro_rules! select {
    () => {
        "SELECT id, name, kind, secret, mode, audience, algorithm, lifetimes, claims, created_at, updated_at FROM clients"
    };
}

const INSERT: &str =
    "INSERT INTO clients (id, name, kind, secret, mode, audience, algorithm, lifetimes, claims,
    created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";

const REPLACE: &str =
    "UPDATE clients SET name = $2, kind = $3, secret = $4, mode = $5, audience = $6, algorithm = $7,
    lifetimes = $8, claims = $9, created_at = $10, updated_at = $11 WHERE id = $1";

pub(super) async fn create(pool: &Pool, client: &Client) -> Result<bool> {
    let lease = &pool.get().await?;
    lease.begin().await?;
    let created = write(lease, client, INSERT).await?;
    lease.commit().await?;
    Ok(created)
}

pub(super) async fn all(pool: &Pool) -> Result<Vec<Client>> {
    let rows = pool.get().await?.query(concat!(select!(), " ORDER BY id"), &[]).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn replace(pool: &Pool, expected: &Client, replacement: &Client) -> Result<bool> {
    if expected.id != replacement.id {
        return Ok(false);
    }
    let lease = &pool.get().await?;
    lease.begin().await?;
    let sql = concat!(select!(), " WHERE id = $1 FOR UPDATE");
    let present = lease.query_opt(sql, &[&expected.id.as_str()]).await?.as_ref().map(read).transpose()?;
    let replaced = present.as_ref() == Some(expected) && write(lease, replacement, REPLACE).await?;
    lease.commit().await?;
    Ok(replaced)
}

pub(super) async fn delete(pool: &Pool, id: &ClientId) -> Result<bool> {
    let lease = &pool.get().await?;
    lease.begin().await?;
    let deleted = lease.execute("DELETE FROM clients WHERE id = $1", &[&id.as_str()]).await? > 0;
    if deleted {
        changes::note(lease, &AccountChange::Client(id.clone())).await?;
    }
    lease.commit().await?;
    Ok(deleted)
}

async fn write(lease: &Lease, client: &Client, sql: &'static str) -> Result<bool> {
    let kind = match client.kind {
        ClientKind::Application => APPLICATION,
        ClientKind::Service => SERVICE,
    };
    let written = lease
        .execute(
            sql,
            &[
                &client.id.as_str(),
                &client.name,
                &kind,
                &client.secret.as_ref().map(bytes),
                &client.mode.as_str(),
                &to_json(&client.audience)?,
                &client.algorithm.as_str(),
                &to_json(&client.lifetimes)?,
                &to_json(&client.claims)?,
                &client.created_at.millis(),
                &client.updated_at.millis(),
            ],
        )
        .await?;
    if written > 0 {
        changes::note(lease, &AccountChange::Client(client.id.clone())).await?;
    }
    Ok(written > 0)
}

fn read(row: &Row) -> Result<Client> {
    Ok(Client {
        id: parsed(row, "id")?,
        name: row.try_get("name")?,
        kind: match row.try_get("kind")? {
            APPLICATION => ClientKind::Application,
            SERVICE => ClientKind::Service,
            _ => return Err(corrupt("a kind of client")),
        },
        secret: digest_opt(row, "secret")?,
        mode: parsed(row, "mode")?,
        audience: json(row, "audience")?,
        algorithm: parsed(row, "algorithm")?,
        lifetimes: json(row, "lifetimes")?,
        claims: json(row, "claims")?,
        created_at: instant(row, "created_at")?,
        updated_at: instant(row, "updated_at")?,
    })
}
