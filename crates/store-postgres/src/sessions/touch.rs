//! Changes of a session that goes on, and of one that is about to end. None of them brings one back. Each is one statement:
//! PostgreSQL looks at its conditions again when it had to wait for another change of the row.

use std::collections::BTreeMap;

use counterfoil_core::port::{Ended, RotateSecret};
use counterfoil_core::session::{End, Session};
use counterfoil_core::{SessionId, Timestamp};
use uuid::Uuid;

use super::record;
use super::sql::{goes_on_at, over_when_used_at, session_columns, unfinished_covers};
use crate::columns::{EndColumns, bytes, key};
use crate::error::Result;
use crate::pool::Pool;

/// Sessions noted in one statement.
const PIECE: usize = 1000;

pub(super) async fn touch(pool: &Pool, seen: &[(SessionId, Timestamp)]) -> Result<()> {
    // The rows are locked by id, as everybody does who locks several. A time at which a session was over already, which
    // was noted too late, changes nothing.
    let sql = concat!(
        "WITH seen AS MATERIALIZED (
            SELECT s.id, noted.at FROM unnest($1::uuid[], $2::bigint[]) AS noted (id, at) JOIN sessions s ON s.id = noted.id
            WHERE s.last_seen_at < noted.at AND ",
        goes_on_at!("noted.at"),
        " ORDER BY s.id FOR UPDATE OF s
        ) UPDATE sessions s SET last_seen_at = seen.at,
            over_at = CASE WHEN s.secret IS NULL THEN s.over_at ELSE ",
        over_when_used_at!("seen.at"),
        " END FROM seen WHERE s.id = seen.id"
    );
    let lease = &pool.get().await?;
    for round in rounds(seen) {
        for piece in round.chunks(PIECE) {
            let (ids, times): (Vec<Uuid>, Vec<i64>) =
                piece.iter().map(|(id, at)| (key(id.as_bytes()), at.millis())).unzip();
            lease.execute(sql, &[&ids, &times]).await?;
        }
    }
    Ok(())
}

/// Each session once in a round, and its times in their order. Nearly always all that was seen is one round.
fn rounds(seen: &[(SessionId, Timestamp)]) -> Vec<Vec<(SessionId, Timestamp)>> {
    let mut rounds: Vec<Vec<(SessionId, Timestamp)>> = Vec::new();
    let mut times: BTreeMap<SessionId, usize> = BTreeMap::new();
    for (id, at) in seen {
        let count = times.entry(*id).or_default();
        match rounds.get_mut(*count) {
            Some(round) => round.push((*id, *at)),
            None => rounds.push(vec![(*id, *at)]),
        }
        *count += 1;
    }
    rounds
}

pub(super) async fn rotate_secret(pool: &Pool, command: RotateSecret) -> Result<Option<Session>> {
    let RotateSecret { session, secret, previous_until, auth_time, now } = command;
    let sql = concat!(
        "UPDATE sessions s SET secret = $2, previous = secret, previous_until = $3, auth_time = $4,
            last_seen_at = GREATEST(s.last_seen_at, $5::bigint), over_at = ",
        over_when_used_at!("GREATEST(s.last_seen_at, $5::bigint)"),
        " WHERE s.id = $1 AND s.secret IS NOT NULL AND ",
        goes_on_at!("$5::bigint"),
        " RETURNING ",
        session_columns!()
    );
    let lease = pool.get().await?;
    let id = key(session.as_bytes());
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&id, &bytes(&secret), &previous_until.millis(), &auth_time.millis(), &now.millis()];
    lease.query_opt(sql, &params).await?.as_ref().map(record::read_row).transpose()
}

pub(super) async fn supersede(pool: &Pool, session: SessionId, end: &End) -> Result<Ended> {
    let sql = concat!(
        "UPDATE sessions s SET ended_at = $2, end_reason = $3, ended_by = $4, end_note = $5, over_at = $2
        WHERE s.id = $1 AND s.ended_at IS NULL AND ",
        goes_on_at!("$2::bigint")
    );
    let lease = pool.get().await?;
    let end = EndColumns::of(Some(end));
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&key(session.as_bytes()), &end.at, &end.reason, &end.by, &end.note];
    let changed = lease.execute(sql, &params).await?;
    Ok(if changed == 1 { Ended::Done } else { Ended::Unchanged })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_was_seen_twice_is_noted_in_two_rounds() {
        let id = |number| SessionId::from_bytes([number; 16]);
        let at = Timestamp::from_seconds;
        let seen = [(id(1), at(1)), (id(2), at(1)), (id(1), at(2))];
        assert_eq!(rounds(&seen), [vec![(id(1), at(1)), (id(2), at(1))], vec![(id(1), at(2))]]);
        assert!(rounds(&[]).is_empty());
    }
}
