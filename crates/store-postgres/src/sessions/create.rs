//! Adding a session: the only command that does.

use counterfoil_core::port::Created;
use counterfoil_core::session::Session;
use counterfoil_core::token::TokenRecord;

use super::{feed, record, tokens};
use crate::columns::{number, unsigned};
use crate::error::{Error, Result};
use crate::locks;
use crate::pool::Pool;

/// Two round trips: the lock and what the feed says, then the records and the commit.
pub(super) async fn create(pool: &Pool, session: &Session, token: Option<&TokenRecord>) -> Result<Created> {
    let lease = &pool.get().await?;
    let log_in = lease.prepare(locks::LOG_IN).await?;
    let newer = lease.prepare(feed::NEWER).await?;
    let insert = lease.prepare(record::INSERT).await?;
    let insert_token = lease.prepare(tokens::INSERT).await?;
    // The feed is looked at in a statement after the one that takes the lock: one statement would see what was there
    // before it waited.
    let since: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&number(session.generation)];
    let (begun, locked, newer) =
        tokio::join!(biased; lease.begin(), lease.run(&log_in, &[]), lease.run(&newer, &since));
    begun?;
    locked?;
    if is_overtaken(session, &newer?)? {
        lease.rollback().await?;
        return Ok(Created::Overtaken);
    }
    let with_token = async {
        match token {
            Some(token) => tokens::insert(lease, &insert_token, token).await,
            None => Ok(()),
        }
    };
    let (session, token, committed) =
        tokio::join!(biased; record::insert(lease, &insert, session), with_token, lease.commit());
    // A commit after a statement that failed succeeds, and has undone everything.
    session?;
    token?;
    committed?;
    Ok(Created::Done)
}

/// Whether a marker newer than the log-in covers it, or may have and is not known any more. The first columns of each row
/// are the head; there is at least one row.
fn is_overtaken(session: &Session, newer: &[tokio_postgres::Row]) -> Result<bool> {
    let head = newer.first().ok_or_else(|| Error::Broken("the feed is missing".into()))?;
    if unsigned(head, "forgotten")? > session.generation {
        return Ok(true);
    }
    for row in newer {
        if feed::read_opt(row)?.is_some_and(|marker| marker.covers(&session.issued())) {
            return Ok(true);
        }
    }
    Ok(false)
}
