//! Markers and the feed that they form.

use counterfoil_core::audit::Actor;
use counterfoil_core::revocation::{FeedHead, Marker, Snapshot, Subject};
use counterfoil_core::session::{End, Session};
use counterfoil_core::{FeedId, SessionId, Timestamp, TokenId, UserId};
use rusqlite::{Connection, Row};

use crate::columns::{Result, client, id, instant, number, parsed, parsed_opt, unsigned};
use crate::error::corrupt;
use crate::writer::Transaction;

/// A marker of many whose records have not all been ended.
pub(super) struct Unfinished {
    pub(super) marker: Marker,
    by: Option<Actor>,
    note: Option<String>,
}

pub(super) fn head(connection: &Connection) -> Result<FeedHead> {
    connection.prepare_cached("SELECT id, sequence, forgotten FROM feed")?.query_row([], |row| {
        Ok(FeedHead {
            feed: id(row, "id", FeedId::from_bytes)?,
            sequence: unsigned(row, "sequence")?,
            forgotten: unsigned(row, "forgotten")?,
        })
    })
}

pub(super) fn after(connection: &Connection, sequence: u64, limit: u32) -> Result<Vec<Marker>> {
    let sql = "SELECT * FROM markers WHERE sequence > ? ORDER BY sequence LIMIT ?";
    connection.prepare_cached(sql)?.query_map((number(sequence), limit), read)?.collect()
}

pub(super) fn snapshot(connection: &Connection, now: Timestamp) -> Result<Snapshot> {
    // One read transaction: the head and the markers are of one moment.
    let transaction = connection.unchecked_transaction()?;
    let head = head(&transaction)?;
    let sql = "SELECT * FROM markers WHERE expires_at > ? OR unfinished = 1 ORDER BY sequence";
    let markers = transaction.prepare_cached(sql)?.query_map([now.millis()], read)?.collect::<Result<_>>()?;
    Ok(Snapshot { head, markers })
}

/// Appends a marker, and returns its number.
pub(super) fn append(
    transaction: &Transaction<'_>,
    subject: &Subject,
    end: &End,
    expires_at: Timestamp,
) -> Result<u64> {
    let connection = transaction.connection;
    let sequence: i64 = connection
        .prepare_cached("UPDATE feed SET sequence = sequence + 1 RETURNING sequence")?
        .query_row([], |row| row.get(0))?;
    let (kind, target, client, before, spared): (_, Option<[u8; 16]>, _, _, _) = match subject {
        Subject::Token { token } => ("token", Some(*token.as_bytes()), None, None, None),
        Subject::Session { session } => ("session", Some(*session.as_bytes()), None, None, None),
        Subject::User { user, except } => ("user", Some(*user.as_bytes()), None, None, except.as_ref()),
        Subject::Client { client } => ("client", None, Some(client), None, None),
        Subject::All => ("all", None, None, None, None),
        Subject::BegunBefore { before, client } => {
            ("begun_before", None, client.as_ref(), Some(before.millis()), None)
        }
    };
    let unfinished = matches!(subject, Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. });
    connection
        .prepare_cached("INSERT INTO markers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'')")?
        .execute((
            sequence,
            kind,
            target,
            client.map(|client| client.as_str()),
            before,
            spared.map(SessionId::as_bytes),
            end.reason.as_str(),
            end.by.as_ref().map(ToString::to_string),
            &end.note,
            end.at.millis(),
            expires_at.millis(),
            unfinished,
        ))?;
    transaction.feed_moved();
    u64::try_from(sequence).map_err(|_| corrupt("a negative sequence"))
}

/// Another life of the feed, above what was lost, with a marker of everything; not if it is another one by now.
pub(super) fn begin_anew(
    transaction: &Transaction<'_>,
    found: FeedHead,
    above: u64,
    end: &End,
) -> Result<FeedHead> {
    let connection = transaction.connection;
    let sql = "UPDATE feed SET id = randomblob(16), sequence = MAX(sequence, :above), forgotten = MAX(sequence, :above)
        WHERE id = :id AND sequence = :sequence";
    let params = rusqlite::named_params! {
        ":above": number(above), ":id": found.feed.as_bytes(), ":sequence": number(found.sequence),
    };
    if connection.prepare_cached(sql)?.execute(params)? == 1 {
        append(transaction, &Subject::All, end, Marker::expiry_for_many(end.at))?;
    }
    head(connection)
}

/// The markers of many whose records have not all been ended, oldest first. Nearly always none.
pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Unfinished>> {
    let sql = "SELECT * FROM markers WHERE unfinished = 1 ORDER BY sequence";
    let read = |row: &Row<'_>| {
        let by = parsed_opt(row, "made_by")?;
        Ok(Unfinished { marker: read(row)?, by, note: row.get("note")? })
    };
    connection.prepare_cached(sql)?.query_map([], read)?.collect()
}

impl Unfinished {
    /// The end that the marker means for a session, if it covers it.
    pub(super) fn end_of(&self, session: &Session) -> Option<End> {
        let Marker { reason, created_at, .. } = self.marker;
        let end = End { at: created_at, reason, by: self.by.clone(), note: self.note.clone() };
        self.marker.covers(&session.issued()).then_some(end)
    }
}

/// A session as it will be once the work of the markers is finished.
pub(super) fn with_unfinished(unfinished: &[Unfinished], mut session: Session) -> Session {
    let end = unfinished.iter().find_map(|unfinished| unfinished.end_of(&session));
    if let Some(end) = end
        && session.ended.as_ref().is_none_or(|before| before.at > end.at)
    {
        session.ended = Some(end);
    }
    session
}

fn read(row: &Row<'_>) -> Result<Marker> {
    let kind: String = row.get("kind")?;
    let subject = match kind.as_str() {
        "token" => Subject::Token { token: id(row, "target", TokenId::from_bytes)? },
        "session" => Subject::Session { session: id(row, "target", SessionId::from_bytes)? },
        "user" => Subject::User {
            user: id(row, "target", UserId::from_bytes)?,
            except: row.get::<_, Option<[u8; 16]>>("spared")?.map(SessionId::from_bytes),
        },
        "client" => Subject::Client { client: client(row)? },
        "all" => Subject::All,
        "begun_before" => {
            Subject::BegunBefore { before: instant(row.get("before")?), client: parsed_opt(row, "client")? }
        }
        _ => return Err(corrupt("a kind of marker")),
    };
    Ok(Marker {
        sequence: unsigned(row, "sequence")?,
        subject,
        reason: parsed(row, "reason")?,
        created_at: instant(row.get("created_at")?),
        expires_at: instant(row.get("expires_at")?),
    })
}
