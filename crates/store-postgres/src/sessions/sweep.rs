//! Work that can wait: ending what a marker of many covers, removing what is long over, forgetting markers.

use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::port::Swept;
use counterfoil_core::session::{End, EndReason};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::columns::{instant, parsed, parsed_opt};
use crate::error::Result;
use crate::lease::Lease;
use crate::locks;
use crate::pool::Pool;

use super::record;

/// The newest token of a session is needed while a refresh can converge on it: at most five minutes.
const KEEP_AT_LEAST: Duration = Duration::from_secs(600);

pub(super) async fn sweep(pool: &Pool, now: Timestamp, keep_after: Timestamp, limit: u32) -> Result<Swept> {
    let horizon = keep_after.min(now - KEEP_AT_LEAST).millis();
    let lease = &pool.get().await?;
    if !is_due(lease, now, horizon).await? {
        return Ok(Swept::default());
    }
    lease.begin().await?;
    if !lease.query_one(locks::SWEEP, &[]).await?.try_get::<_, bool>("taken")? {
        // Another node is at it, and will tell its own caller what is left.
        lease.rollback().await?;
        return Ok(Swept::default());
    }
    let (ended, more_to_end) = finish_oldest(lease, limit).await?;
    let (removed, more_to_remove) = remove(lease, horizon, limit).await?;
    let markers = forget(lease, now, limit).await?;
    lease.commit().await?;
    Ok(Swept { ended, removed, markers, more: more_to_end || more_to_remove || markers >= limit })
}

/// Whether there is anything to do, by a look at the first entry of each index.
async fn is_due(lease: &Lease, now: Timestamp, horizon: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM markers WHERE unfinished)
        OR EXISTS (SELECT FROM markers WHERE expires_at <= $1)
        OR EXISTS (SELECT FROM sessions WHERE over_at < $2)
        OR EXISTS (SELECT FROM tokens WHERE expires_at < $2) AS due";
    Ok(lease.query_one(sql, &[&now.millis(), &horizon]).await?.try_get("due")?)
}

/// Ends what the oldest unfinished marker covers, among the next sessions that were not looked at for it. Later markers
/// wait, so that a session covered by two is told the first one's reason.
async fn finish_oldest(lease: &Lease, limit: u32) -> Result<(u32, bool)> {
    let oldest = "SELECT sequence, client_id, begun_below, reason, made_by, note, created_at, swept_to
        FROM markers WHERE unfinished ORDER BY sequence LIMIT 2";
    let unfinished = lease.query(oldest, &[]).await?;
    let Some(marker) = unfinished.first() else { return Ok((0, false)) };
    let swept_to: Uuid = marker.try_get("swept_to")?;
    let piece = "SELECT count(*), (array_agg(id ORDER BY id DESC))[1] AS reached
        FROM (SELECT id FROM sessions WHERE id > $1 ORDER BY id LIMIT $2) AS piece";
    let piece = lease.query_one(piece, &[&swept_to, &i64::from(limit)]).await?;
    let reached: Option<Uuid> = piece.try_get("reached")?;
    let complete = piece.try_get::<_, i64>("count")? < i64::from(limit);
    let ended = match reached {
        Some(reached) => end_covered(lease, marker, swept_to, reached).await?,
        None => 0,
    };
    let progress =
        "UPDATE markers SET unfinished = $1, swept_to = COALESCE($2, swept_to) WHERE sequence = $3";
    lease.execute(progress, &[&!complete, &reached, &marker.try_get::<_, i64>("sequence")?]).await?;
    Ok((ended, !complete || unfinished.len() > 1))
}

/// Ends the sessions after the one and up to the other that a marker covers.
async fn end_covered(lease: &Lease, marker: &Row, after: Uuid, up_to: Uuid) -> Result<u32> {
    let sql = "SELECT id FROM sessions WHERE id > $1 AND id <= $2 AND ($3::text IS NULL OR client_id = $3)
        AND CASE WHEN $4::uuid IS NULL THEN generation < $5 ELSE id < $4 END
        AND (ended_at IS NULL OR ended_at > $6) ORDER BY id FOR UPDATE";
    let client: Option<&str> = marker.try_get("client_id")?;
    let begun_below: Option<Uuid> = marker.try_get("begun_below")?;
    let end = End {
        at: instant(marker, "created_at")?,
        reason: parsed::<EndReason>(marker, "reason")?,
        by: parsed_opt(marker, "made_by")?,
        note: marker.try_get("note")?,
    };
    let sequence: i64 = marker.try_get("sequence")?;
    let covered =
        lease.query(sql, &[&after, &up_to, &client, &begun_below, &sequence, &end.at.millis()]).await?;
    let covered = covered.iter().map(|row| Ok(row.try_get("id")?)).collect::<Result<Vec<Uuid>>>()?;
    Ok(count(record::end_rows(lease, &covered, &end).await?))
}

/// Removes sessions that are long over, none before its tokens, and tokens that have long expired. No more than `limit`
/// sessions and as many tokens are looked at: one session can have thousands of tokens. What somebody else is at is left
/// for another time.
async fn remove(lease: &Lease, horizon: i64, limit: u32) -> Result<(u32, bool)> {
    let over = "SELECT id FROM sessions WHERE over_at < $1 ORDER BY over_at LIMIT $2 FOR UPDATE SKIP LOCKED";
    let of_sessions = "DELETE FROM tokens WHERE id IN
        (SELECT id FROM tokens WHERE session_id = ANY($1) LIMIT $2)";
    let emptied = "DELETE FROM sessions WHERE id = ANY($1)
        AND NOT EXISTS (SELECT FROM tokens WHERE tokens.session_id = sessions.id)";
    let expired = "DELETE FROM tokens WHERE id IN
        (SELECT id FROM tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    let over = lease.query(over, &[&horizon, &i64::from(limit)]).await?;
    let over = over.iter().map(|row| Ok(row.try_get("id")?)).collect::<Result<Vec<Uuid>>>()?;
    let with_session = count(lease.execute(of_sessions, &[&over, &i64::from(limit)]).await?);
    let sessions = count(lease.execute(emptied, &[&over]).await?);
    let left = i64::from(limit.saturating_sub(with_session));
    let tokens = with_session + count(lease.execute(expired, &[&horizon, &left]).await?);
    Ok((sessions + tokens, sessions >= limit || tokens >= limit))
}

/// Forgets markers that have expired. Last, because it holds the row that all wait for who append.
async fn forget(lease: &Lease, now: Timestamp, limit: u32) -> Result<u32> {
    let expired = "DELETE FROM markers WHERE sequence IN
        (SELECT sequence FROM markers WHERE expires_at <= $1 AND NOT unfinished LIMIT $2) RETURNING sequence";
    let forgotten = lease.query(expired, &[&now.millis(), &i64::from(limit)]).await?;
    let numbers = forgotten.iter().map(|row| Ok(row.try_get("sequence")?)).collect::<Result<Vec<i64>>>()?;
    if let Some(highest) = numbers.iter().max() {
        lease
            .execute("UPDATE feed SET forgotten = GREATEST(forgotten, $1) WHERE one = 1", &[highest])
            .await?;
    }
    Ok(u32::try_from(numbers.len()).unwrap_or(u32::MAX))
}

fn count(rows: u64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
