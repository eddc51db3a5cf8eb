//! What is fixed at the first start.

use counterfoil_core::account::Installation;

use crate::columns::{bytes, digest, instant};
use crate::error::Result;
use crate::pool::Pool;

pub(super) async fn install(pool: &Pool, value: &Installation) -> Result<Installation> {
    let lease = pool.get().await?;
    // Of nodes that start at once one is first; the others wait for it, and then see its values.
    let insert = "INSERT INTO installation VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING";
    lease
        .execute(insert, &[&value.issuer, &bytes(&value.master_key_check), &value.created_at.millis()])
        .await?;
    let row = lease
        .query_one("SELECT issuer, master_key_check, created_at FROM installation WHERE one = 1", &[])
        .await?;
    Ok(Installation {
        issuer: row.try_get("issuer")?,
        master_key_check: digest(&row, "master_key_check")?,
        created_at: instant(&row, "created_at")?,
    })
}

pub(super) async fn change_issuer(pool: &Pool, issuer: &str) -> Result<()> {
    pool.get().await?.execute("UPDATE installation SET issuer = $1 WHERE one = 1", &[&issuer]).await.map(drop)
}
