//! Counting what a selection holds.

use counterfoil_core::port::{Counts, Revocation, Revoke};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Session;
use counterfoil_core::token::TokenState;
use counterfoil_core::{ClientId, SessionId, Timestamp, UserId};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::sql::{select_sessions, session_columns, unfinished_covers, with_marker};
use super::{record, revoke, tokens};
use crate::columns::{MAX, key, unsigned};
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::pool::Pool;

/// Counting many may take longer than other statements do, and may be quickest by looking through a table.
macro_rules! patience {
    () => {
        "SET LOCAL statement_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = '30s';
        SET LOCAL enable_seqscan = on"
    };
}

/// How long counting many may take.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// What the selection holds, all of it as of one moment.
pub(super) async fn count(pool: &Pool, selection: &Selection, now: Timestamp) -> Result<Counts> {
    let lease = &pool.get().await?;
    lease.begin_snapshot().await?;
    lease.batch(patience!()).await?;
    let counts = count_in(lease, selection, now).await?;
    lease.commit().await?;
    Ok(counts)
}

/// Revokes many, and counts them beside it, as they were just before the marker. The marker waits for that moment to be
/// held on to, and not for the count.
pub(super) async fn revoke_many(pool: &Pool, command: &Revoke) -> Result<Revocation> {
    let (before, marking) = pool.get_two().await?;
    before.begin_snapshot().await?;
    before.batch(patience!()).await?;
    // The first statement fixes what the others see.
    super::feed::head(&before).await?;
    let marked = revoke::revoke_on(&marking, command).await?;
    drop(marking);
    let counts = count_in(&before, &command.selection, command.now).await?;
    before.commit().await?;
    Ok(Revocation { counts, ..marked })
}

async fn count_in(lease: &Lease, selection: &Selection, now: Timestamp) -> Result<Counts> {
    match selection {
        Selection::Token(token) => {
            let found = tokens::by_id(lease, *token).await?;
            let alive = found.is_some_and(|found| {
                found.record.state(found.session_end.as_ref(), now) == TokenState::Alive
            });
            Ok(Counts { sessions: 0, tokens: alive.into() })
        }
        Selection::Session(session) => {
            let found = record::by_id(lease, *session).await?;
            these(lease, found.as_slice(), now).await
        }
        Selection::Sessions { user: Some(user), .. } => {
            let mut sessions = not_over_of(lease, *user, now).await?;
            sessions.retain(|session| selection.selects(session.id, session.user, &session.client));
            these(lease, &sessions, now).await
        }
        Selection::Sessions { user: None, client, begun_before, .. } => {
            many(lease, client.as_ref(), *begun_before, now).await
        }
    }
}

/// Counts those of these sessions that go on, and their tokens.
pub(super) async fn these(lease: &Lease, sessions: &[Session], now: Timestamp) -> Result<Counts> {
    let going_on = sessions.iter().filter(|session| session.goes_on(now));
    let ids: Vec<Uuid> = going_on.map(|session| key(session.id.as_bytes())).collect();
    let tokens = tokens::count_alive(lease, &ids, now).await?;
    Ok(Counts { sessions: u64::try_from(ids.len()).unwrap_or(u64::MAX), tokens })
}

async fn not_over_of(lease: &Lease, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let sql = concat!(select_sessions!(), "WHERE s.user_id = $1 AND s.over_at > $2");
    let rows = lease.query(sql, &[&key(user.as_bytes()), &now.millis()]).await?;
    rows.iter().map(record::read).collect()
}

/// Counts without looking at each in here. What a marker covers whose work is not finished is left out.
async fn many(
    lease: &Lease,
    client: Option<&ClientId>,
    begun_before: Option<Timestamp>,
    now: Timestamp,
) -> Result<Counts> {
    let below = begun_before.map_or(MAX, |before| key(SessionId::least_of(before).as_bytes()));
    let client = client.map(ClientId::as_str);
    let mut selected = String::from("s.over_at > $1 AND s.id < $2");
    if client.is_some() {
        selected.push_str(" AND s.client_id = $3");
    } else {
        selected.push_str(" AND $3::text IS NULL");
    }
    let unfinished =
        lease.query_one("SELECT EXISTS (SELECT FROM markers WHERE unfinished) AS some", &[]).await?;
    if unfinished.try_get::<_, bool>("some")? {
        selected.push_str(concat!(" AND NOT EXISTS (SELECT FROM markers WHERE ", unfinished_covers!(), ")"));
    }
    let number = async |sql: String| -> Result<u64> {
        let params: [(&(dyn ToSql + Sync), Type); 3] =
            [(&now.millis(), Type::INT8), (&below, Type::UUID), (&client, Type::TEXT)];
        let rows = lease.query_planned(&sql, &params).await?;
        unsigned(rows.first().ok_or_else(|| Error::Broken("a count is missing".into()))?, "count")
    };
    let sessions = number(format!("SELECT count(*) FROM sessions s WHERE {selected}")).await?;
    let tokens = number(format!(
        "SELECT count(*) FROM tokens t JOIN sessions s ON s.id = t.session_id
        WHERE t.expires_at > $1 AND t.revoked_at IS NULL AND {selected}"
    ))
    .await?;
    Ok(Counts { sessions, tokens })
}
