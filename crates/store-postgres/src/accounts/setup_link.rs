//! The set-up link: there is at most one.

use counterfoil_core::{Digest, Timestamp};

use crate::columns::bytes;
use crate::error::Result;
use crate::pool::Pool;

pub(super) async fn put(pool: &Pool, digest: Digest, expires_at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO setup_link VALUES (1, $1, $2)
        ON CONFLICT (one) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at";
    pool.get().await?.execute(sql, &[&bytes(&digest), &expires_at.millis()]).await.map(drop)
}

pub(super) async fn is_good(pool: &Pool, digest: Digest, now: Timestamp) -> Result<bool> {
    let sql = "SELECT FROM setup_link WHERE one = 1 AND digest = $1 AND expires_at > $2";
    Ok(pool.get().await?.query_opt(sql, &[&bytes(&digest), &now.millis()]).await?.is_some())
}

pub(super) async fn take(pool: &Pool, digest: Digest, now: Timestamp) -> Result<bool> {
    let sql = "DELETE FROM setup_link WHERE one = 1 AND digest = $1 AND expires_at > $2";
    Ok(pool.get().await?.execute(sql, &[&bytes(&digest), &now.millis()]).await? == 1)
}
