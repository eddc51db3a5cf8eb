//! The audit log.

use counterfoil_core::audit::{Entry, Event};
use counterfoil_core::port::AuditFilter;
use counterfoil_core::{Page, PageRequest, Timestamp};
use rusqlite::{Connection, Row};

use crate::columns::{Result, instant, json, number, parsed_opt, unsigned};
use crate::paging::collect_page;
use crate::writer::Transaction;

/// What is trimmed. Entries are all but in order of time: what a clock that was wrong put among the oldest is passed over,
/// and no more of them are looked at than take a millisecond.
const TRIMMED: &str = "SELECT sequence FROM (SELECT sequence, at FROM audit ORDER BY sequence LIMIT 5000)
    WHERE at < ?1 ORDER BY sequence LIMIT ?2";

pub(super) fn append(transaction: &Transaction<'_>, event: &Event) -> Result<()> {
    let sql = "INSERT INTO audit (at, actor, action, target, detail, address) VALUES (?, ?, ?, ?, ?, ?)";
    transaction.connection.prepare_cached(sql)?.execute((
        event.at.millis(),
        event.actor.to_string(),
        event.action.as_str(),
        &event.target,
        event.detail.to_string(),
        event.address.map(|address| address.to_string()),
    ))?;
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
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
    let mut statement =
        connection.prepare_cached("SELECT * FROM audit WHERE sequence < ? ORDER BY sequence DESC")?;
    let before = page.after.map_or(i64::MAX, number);
    collect_page(statement.query([before])?, page.limit, read, matches, |entry| entry.sequence)
}

/// Whether there is anything to trim.
pub(super) fn is_due(connection: &Connection, before: Timestamp) -> Result<bool> {
    let sql = format!("SELECT EXISTS ({TRIMMED})");
    connection.prepare_cached(&sql)?.query_row((before.millis(), 1), |row| row.get(0))
}

pub(super) fn trim(transaction: &Transaction<'_>, before: Timestamp, limit: u32) -> Result<u32> {
    let sql = format!("DELETE FROM audit WHERE sequence IN ({TRIMMED})");
    let deleted = transaction.connection.prepare_cached(&sql)?.execute((before.millis(), limit))?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}

fn read(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        sequence: unsigned(row, "sequence")?,
        at: instant(row.get("at")?),
        actor: row.get("actor")?,
        action: row.get("action")?,
        target: row.get("target")?,
        detail: json(row, "detail")?,
        address: parsed_opt(row, "address")?,
    })
}
