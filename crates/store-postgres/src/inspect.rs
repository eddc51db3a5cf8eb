//! What an operator should know of the database.

use async_trait::async_trait;
use counterfoil_core::Timestamp;
use counterfoil_core::port::{Fact, Inspect, StoreResult};

use crate::PostgresStore;
use crate::error::Result;
use crate::pool::Pool;

/// A clock that is further away than this is told: nothing is decided by comparing it, but people compare logs.
const CLOCKS_APART: i64 = 2000;

#[async_trait]
impl Inspect for PostgresStore {
    async fn inspect(&self, now: Timestamp) -> StoreResult<Vec<Fact>> {
        self.carry_out(|| facts(&self.pool, now)).await
    }
}

async fn facts(pool: &Pool, now: Timestamp) -> Result<Vec<Fact>> {
    let sql = "SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
        current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync,
        current_setting('max_connections') AS most,
        (SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
        (SELECT COUNT(*) FROM pg_stat_replication) AS standbys,
        (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls,
        pg_database_size(current_database()) AS size,
        (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS clock";
    let lease = pool.get().await?;
    let row = lease.query_one(sql, &[]).await?;
    let text = |column: &str| row.try_get::<_, String>(column);
    let number = |column: &str| row.try_get::<_, i64>(column);
    let standby: bool = row.try_get("standby")?;
    let tls = row.try_get::<_, Option<bool>>("tls")?.unwrap_or(false);
    let (synchronous, fsync) = (text("synchronous_commit")?, text("fsync")?);
    let apart = number("clock")? - now.millis();
    let connections = format!("{} of {}", number("connections")?, text("most")?);
    Ok(vec![
        Fact::new("kind", format!("PostgreSQL {}", text("version")?)),
        Fact::new("role", if standby { "standby" } else { "primary" })
            .unless(!standby, "name the primary, or all hosts with ?target_session_attrs=read-write"),
        Fact::new("size", format!("{} KiB", number("size")? / 1024)),
        Fact::new("connections", connections),
        Fact::new("standbys", number("standbys")?),
        Fact::new("TLS", if tls { "yes" } else { "no, as the URL says or because it is on this machine" }),
        Fact::new("synchronous_commit", &synchronous).unless(
            synchronous != "off",
            "ALTER SYSTEM SET synchronous_commit = 'on'; SELECT pg_reload_conf();",
        ),
        Fact::new("fsync", &fsync)
            .unless(fsync == "on", "ALTER SYSTEM SET fsync = 'on'; SELECT pg_reload_conf();"),
        Fact::new("clock", format!("{apart} ms from this machine's"))
            .unless(apart.abs() < CLOCKS_APART, "let both machines follow the same time server"),
    ])
}
