//! The audit log.

use counterfoil_core::audit::{Entry, Event};
use counterfoil_core::port::AuditFilter;
use counterfoil_core::{Page, PageRequest, Timestamp};
use tokio_postgres::Row;

use crate::columns::{instant, json, number, parsed_opt, unsigned};
use crate::error::Result;
use crate::paging::collect_page;
use crate::pool::Pool;

pub(super) async fn append(pool: &Pool, event: &Event) -> Result<()> {
    let sql =
        "INSERT INTO audit (at, actor, action, target, detail, address) VALUES ($1, $2, $3, $4, $5, $6)";
    let lease = pool.get().await?;
    lease
        .execute(
            sql,
            &[
                &event.at.millis(),
                &event.actor.to_string(),
                &event.action.as_str(),
                &event.target,
                &event.detail.to_string(),
                &event.address.map(|address| address.to_string()),
            ],
        )
        .await
        .map(drop)
}

pub(super) async fn list(
    pool: &Pool,
    filter: &AuditFilter,
    page: PageRequest<u64>,
) -> Result<Page<Entry, u64>> {
    let AuditFilter { actor, action, target, since } = filter;
    let is = |wanted: &Option<String>, value: Option<&String>| {
        wanted.as_ref().is_none_or(|text| value == Some(text))
    };
    let matches = |entry: &Entry| {
        is(actor, Some(&entry.actor))
            && is(action, Some(&entry.action))
            && is(target, entry.target.as_ref())
            && since.is_none_or(|since| entry.at >= since)
    };
    let lease = &pool.get().await?;
    let piece = |before: Option<u64>, limit: i64| async move {
        let sql = "SELECT sequence, at, actor, action, target, detail, address FROM audit
            WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2";
        let before = before.map_or(i64::MAX, number);
        lease.query(sql, &[&before, &limit]).await?.iter().map(read).collect()
    };
    collect_page(page.limit, page.after, piece, matches, |entry| entry.sequence).await
}

/// Entries are all but in order of time: what a clock that was wrong put among the oldest is passed over, and no more of
/// them are looked at than take some milliseconds.
pub(super) async fn trim(pool: &Pool, before: Timestamp, limit: u32) -> Result<u32> {
    let sql = "DELETE FROM audit WHERE sequence IN (
        SELECT sequence FROM (SELECT sequence, at FROM audit ORDER BY sequence LIMIT 5000) AS oldest
        WHERE at < $1 ORDER BY sequence LIMIT $2)";
    let deleted = pool.get().await?.execute(sql, &[&before.millis(), &i64::from(limit)]).await?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}

fn read(row: &Row) -> Result<Entry> {
    Ok(Entry {
        sequence: unsigned(row, "sequence")?,
        at: instant(row, "at")?,
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        target: row.try_get("target")?,
        detail: json(row, "detail")?,
        address: parsed_opt(row, "address")?,
    })
}
