//! Markers and the feed that they form.

use counterfoil_core::audit::Actor;
use counterfoil_core::revocation::{FeedHead, Marker, Snapshot, Subject};
use counterfoil_core::session::End;
use counterfoil_core::{ClientId, FeedId, SessionId, Timestamp, TokenId, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::columns::{id, id_opt, instant, key, number, parsed, parsed_opt, unsigned};
use crate::error::{Error, Result, corrupt};
use crate::lease::Lease;
use crate::listener::channel;
use crate::locks;

/// The columns of a marker, after those of the head.
macro_rules! head_and_markers {
    () => {
        "SELECT f.id AS feed, f.sequence AS head, f.forgotten, m.sequence, m.kind, m.target, m.client_id, m.begun_below,
        m.spared, m.reason, m.created_at, m.expires_at FROM feed f LEFT JOIN markers m ON "
    };
}

/// The head, and the markers after a number. One statement, so that none is forgotten between two looks.
pub(super) const NEWER: &str =
    concat!(head_and_markers!(), "m.sequence > $1 WHERE f.one = 1 ORDER BY m.sequence");

/// Takes the next number. Who has done so holds the row until the commit, and the next one waits: numbers become visible
/// in their order. Told to who listens when it is committed.
macro_rules! append {
    ($count:literal, $select:literal) => {
        concat!(
            "WITH head AS (UPDATE feed SET sequence = sequence + ",
            $count,
            " WHERE one = 1 RETURNING sequence)
            INSERT INTO markers (sequence, kind, target, client_id, begun_below, spared, reason, made_by, note,
            created_at, expires_at, unfinished) ",
            $select,
            " RETURNING sequence, pg_notify(",
            channel!(),
            ", 'feed')"
        )
    };
}

pub(super) async fn head(lease: &Lease) -> Result<FeedHead> {
    let sql = "SELECT id AS feed, sequence AS head, forgotten FROM feed WHERE one = 1";
    read_head(&lease.query_one(sql, &[]).await?)
}

pub(super) async fn after(lease: &Lease, sequence: u64, limit: u32) -> Result<Vec<Marker>> {
    let sql = "SELECT sequence, kind, target, client_id, begun_below, spared, reason, created_at, expires_at
        FROM markers WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let rows = lease.query(sql, &[&number(sequence), &i64::from(limit)]).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn snapshot(lease: &Lease, now: Timestamp) -> Result<Snapshot> {
    let sql = concat!(
        head_and_markers!(),
        "(m.expires_at > $1 OR m.unfinished) WHERE f.one = 1 ORDER BY m.sequence"
    );
    let rows = lease.query(sql, &[&now.millis()]).await?;
    let first = rows.first().ok_or_else(|| Error::Broken("the feed is missing".into()))?;
    let markers = rows.iter().filter_map(|row| read_opt(row).transpose()).collect::<Result<_>>()?;
    Ok(Snapshot { head: read_head(first)?, markers })
}

/// Another life of the feed, above what was lost, with a marker of everything; not if it is another one by now.
pub(super) async fn begin_anew(lease: &Lease, found: FeedHead, above: u64, end: &End) -> Result<FeedHead> {
    lease.begin().await?;
    lease.query(locks::NO_LOG_IN, &[]).await?;
    let sql = "UPDATE feed SET id = gen_random_uuid(), sequence = GREATEST(sequence, $1), forgotten = GREATEST(sequence, $1)
        WHERE one = 1 AND id = $2 AND sequence = $3";
    let changed =
        lease.execute(sql, &[&number(above), &key(found.feed.as_bytes()), &number(found.sequence)]).await?;
    if changed == 1 {
        append(lease, &Subject::All, end, Marker::expiry_for_many(end.at)).await?;
    }
    let head = head(lease).await?;
    lease.commit().await?;
    Ok(head)
}

/// Appends a marker, and returns its number. The last thing that a transaction does: others wait from here on.
pub(super) async fn append(
    lease: &Lease,
    subject: &Subject,
    end: &End,
    expires_at: Timestamp,
) -> Result<u64> {
    let uuid = |bytes: &[u8; 16]| Some(key(bytes));
    let (kind, target, client, begun_below, spared): (_, _, Option<&ClientId>, _, _) = match subject {
        Subject::Token { token } => ("token", uuid(token.as_bytes()), None, None, None),
        Subject::Session { session } => ("session", uuid(session.as_bytes()), None, None, None),
        Subject::User { user, except } => ("user", uuid(user.as_bytes()), None, None, except.as_ref()),
        Subject::Client { client } => ("client", None, Some(client), None, None),
        Subject::All => ("all", None, None, None, None),
        Subject::BegunBefore { before, client } => {
            let least = SessionId::least_of(*before);
            ("begun_before", None, client.as_ref(), uuid(least.as_bytes()), None)
        }
    };
    let unfinished = matches!(subject, Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. });
    let sql = append!(
        "1",
        "SELECT sequence, $1::text, $2::uuid, $3::text, $4::uuid, $5::uuid, $6::text, $7::text, $8::text, $9::bigint,
        $10::bigint, $11::boolean FROM head"
    );
    let row = lease
        .query_one(
            sql,
            &[
                &kind,
                &target,
                &client.map(ClientId::as_str),
                &begun_below,
                &spared.map(|session| key(session.as_bytes())),
                &end.reason.as_str(),
                &end.by.as_ref().map(Actor::to_string),
                &end.note,
                &end.at.millis(),
                &expires_at.millis(),
                &unfinished,
            ],
        )
        .await?;
    unsigned(&row, "sequence")
}

/// Appends a marker for each of these sessions, that expire then, and returns the last one's number.
pub(super) async fn append_each(lease: &Lease, sessions: &[(Uuid, Timestamp)], end: &End) -> Result<u64> {
    let sql = append!(
        "$1::bigint",
        "SELECT sequence - $1 + number, 'session', session, NULL, NULL, NULL, $4::text, $5::text, $6::text, $7::bigint,
        expires_at, false FROM head, unnest($2::uuid[], $3::bigint[]) WITH ORDINALITY AS ended (session, expires_at, number)
        ORDER BY number"
    );
    let (ids, expiries): (Vec<Uuid>, Vec<i64>) =
        sessions.iter().map(|(session, expires_at)| (*session, expires_at.millis())).unzip();
    let count = i64::try_from(sessions.len()).unwrap_or(i64::MAX);
    let by = end.by.as_ref().map(Actor::to_string);
    let rows = lease
        .query(sql, &[&count, &ids, &expiries, &end.reason.as_str(), &by, &end.note, &end.at.millis()])
        .await?;
    let numbers = rows.iter().map(|row| unsigned(row, "sequence")).collect::<Result<Vec<_>>>()?;
    numbers.into_iter().max().ok_or_else(|| corrupt("a marker"))
}

fn read_head(row: &Row) -> Result<FeedHead> {
    Ok(FeedHead {
        feed: id(row, "feed", FeedId::from_bytes)?,
        sequence: unsigned(row, "head")?,
        forgotten: unsigned(row, "forgotten")?,
    })
}

/// The marker beside the head, if there is one.
pub(super) fn read_opt(row: &Row) -> Result<Option<Marker>> {
    row.try_get::<_, Option<i64>>("sequence")?.map(|_| read(row)).transpose()
}

fn read(row: &Row) -> Result<Marker> {
    let kind: &str = row.try_get("kind")?;
    let subject = match kind {
        "token" => Subject::Token { token: id(row, "target", TokenId::from_bytes)? },
        "session" => Subject::Session { session: id(row, "target", SessionId::from_bytes)? },
        "user" => Subject::User {
            user: id(row, "target", UserId::from_bytes)?,
            except: id_opt(row, "spared", SessionId::from_bytes)?,
        },
        "client" => Subject::Client { client: parsed(row, "client_id")? },
        "all" => Subject::All,
        "begun_before" => Subject::BegunBefore {
            before: id(row, "begun_below", SessionId::from_bytes)?.created_at(),
            client: parsed_opt(row, "client_id")?,
        },
        _ => return Err(corrupt("a kind of marker")),
    };
    Ok(Marker {
        sequence: unsigned(row, "sequence")?,
        subject,
        reason: parsed(row, "reason")?,
        created_at: instant(row, "created_at")?,
        expires_at: instant(row, "expires_at")?,
    })
}
