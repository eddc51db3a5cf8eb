//! The log of changes, for whoever holds copies; the newest ten thousand are kept.

use counterfoil_core::port::AccountChange;
use counterfoil_core::{ClientId, UserId};

use crate::columns::{id, key, number, parsed, unsigned};
use crate::error::{Result, corrupt};
use crate::lease::Lease;
use crate::listener::channel;
use crate::pool::Pool;

/// Takes the next number, forgets the oldest change, and tells who listens when it is committed. As with the feed, whoever
/// has a number holds the row until the commit.
const NOTE: &str = concat!(
    "WITH head AS (UPDATE account_head SET sequence = sequence + 1 WHERE one = 1 RETURNING sequence),
    old AS (DELETE FROM account_changes USING head WHERE account_changes.sequence <= head.sequence - 10000)
    INSERT INTO account_changes (sequence, kind, user_id, client_id)
    SELECT sequence, $1::text, $2::uuid, $3::text FROM head
    RETURNING pg_notify(",
    channel!(),
    ", 'accounts')"
);

/// Notes a change. The last thing that a transaction does: others wait from here on.
pub(super) async fn note(lease: &Lease, change: &AccountChange) -> Result<()> {
    let (kind, user, client) = match change {
        AccountChange::User(id) => ("user", Some(key(id.as_bytes())), None),
        AccountChange::Client(id) => ("client", None, Some(id.as_str())),
        AccountChange::Keys => ("keys", None, None),
    };
    lease.query(NOTE, &[&kind, &user, &client]).await.map(drop)
}

pub(super) async fn head(pool: &Pool) -> Result<u64> {
    let row = pool.get().await?.query_one("SELECT sequence FROM account_head WHERE one = 1", &[]).await?;
    unsigned(&row, "sequence")
}

pub(super) async fn after(pool: &Pool, sequence: u64) -> Result<Option<Vec<(u64, AccountChange)>>> {
    // One statement, so that head and changes are of one moment.
    let sql = "SELECT h.sequence AS head, c.sequence, c.kind, c.user_id, c.client_id FROM account_head h
        LEFT JOIN account_changes c ON c.sequence > $1 WHERE h.one = 1 ORDER BY c.sequence LIMIT 1000";
    let rows = pool.get().await?.query(sql, &[&number(sequence)]).await?;
    let head = rows.first().map(|row| unsigned(row, "head")).transpose()?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(kind) = row.try_get::<_, Option<&str>>("kind")? else { continue };
        let change = match kind {
            "user" => AccountChange::User(id(row, "user_id", UserId::from_bytes)?),
            "client" => AccountChange::Client(parsed::<ClientId>(row, "client_id")?),
            "keys" => AccountChange::Keys,
            _ => return Err(corrupt("a kind of change")),
        };
        changes.push((unsigned(row, "sequence")?, change));
    }
    // Numbers have no gaps: a first one that is not the next says that some were forgotten. So does a head that went
    // back behind the caller: the database is another one.
    let complete = match changes.first() {
        Some((first, _)) => *first == sequence.saturating_add(1),
        None => head == Some(sequence),
    };
    Ok(complete.then_some(changes))
}
