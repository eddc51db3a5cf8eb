//! Signing keys.

use counterfoil_core::Timestamp;
use counterfoil_core::account::StoredKey;
use counterfoil_core::port::{AccountChange, KeyTransition};
use tokio_postgres::Row;

use super::changes;
use crate::columns::{instant, instant_opt, parsed};
use crate::error::Result;
use crate::lease::Lease;
use crate::locks;
use crate::pool::Pool;

pub(super) async fn all(lease: &Lease) -> Result<Vec<StoredKey>> {
    let sql = "SELECT id, algorithm, state, sealed_private_key, created_at, activated_at, published_until
        FROM signing_keys ORDER BY created_at, id";
    lease.query(sql, &[]).await?.iter().map(read).collect()
}

pub(super) async fn change(pool: &Pool, transition: &KeyTransition) -> Result<bool> {
    let lease = &pool.get().await?;
    lease.begin().await?;
    // An empty set has no row to lock.
    lease.query(locks::KEYS, &[]).await?;
    let present = all(lease).await?;
    let KeyTransition { expected, replacement } = transition;
    if present.len() != expected.len() || !present.iter().all(|key| expected.contains(key)) {
        lease.rollback().await?;
        return Ok(false);
    }
    lease.execute("DELETE FROM signing_keys", &[]).await?;
    for key in replacement {
        insert(lease, key).await?;
    }
    changes::note(lease, &AccountChange::Keys).await?;
    lease.commit().await?;
    Ok(true)
}

async fn insert(lease: &Lease, key: &StoredKey) -> Result<()> {
    let sql = "INSERT INTO signing_keys (id, algorithm, state, sealed_private_key, created_at, activated_at,
        published_until) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    lease
        .execute(
            sql,
            &[
                &key.id,
                &key.algorithm.as_str(),
                &key.state.as_str(),
                &key.sealed_private_key,
                &key.created_at.millis(),
                &key.activated_at.map(Timestamp::millis),
                &key.published_until.map(Timestamp::millis),
            ],
        )
        .await
        .map(drop)
}

fn read(row: &Row) -> Result<StoredKey> {
    Ok(StoredKey {
        id: row.try_get("id")?,
        algorithm: parsed(row, "algorithm")?,
        state: parsed(row, "state")?,
        sealed_private_key: row.try_get("sealed_private_key")?,
        created_at: instant(row, "created_at")?,
        activated_at: instant_opt(row, "activated_at")?,
        published_until: instant_opt(row, "published_until")?,
    })
}
