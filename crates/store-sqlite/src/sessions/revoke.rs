//! Revocation: the marker, and with it, where they are of one user, the records.

use counterfoil_core::port::{Counts, Revocation, Revoke};
use counterfoil_core::revocation::{Marker, Plan, Selection, Subject};
use counterfoil_core::session::{End, Session};
use counterfoil_core::token::TokenState;
use counterfoil_core::{ClientId, SessionId, Timestamp, UserId};
use rusqlite::Connection;

use super::{feed, record, tokens};
use crate::columns::Result;
use crate::writer::Transaction;

/// Appends the marker or markers and, where they are of one user, ends the records. Records of many are neither ended
/// nor counted here.
pub(super) fn revoke(transaction: &Transaction<'_>, command: &Revoke) -> Result<Revocation> {
    let connection = transaction.connection;
    let now = command.now;
    let end = End { at: now, reason: command.reason, by: command.by.clone(), note: command.note.clone() };
    match command.selection.plan() {
        Plan::Mark(Subject::Token { token }) => {
            let found = tokens::by_id(connection, token)?;
            let alive = found
                .filter(|found| found.record.state(found.session_end.as_ref(), now) == TokenState::Alive);
            let Some(found) = alive else { return nothing(connection) };
            let expires_at = Marker::expiry_for_token(found.record.expires_at, now);
            let sequence = feed::append(transaction, &Subject::Token { token }, &end, expires_at)?;
            tokens::end_row(connection, token, &end)?;
            Ok(Revocation { counts: Counts { sessions: 0, tokens: 1 }, sequence })
        }
        Plan::Mark(Subject::Session { session }) => {
            let found = record::by_id(connection, session)?;
            let going_on = found.filter(|session| !session.is_revoked(now));
            end_each(transaction, going_on.into_iter().collect(), &end)
        }
        Plan::Mark(Subject::User { user, except }) => {
            let mut sessions = not_ended_of(connection, user, now)?;
            sessions.retain(|session| Some(session.id) != except);
            // Stateless tokens of the user are not recorded: only their longest possible life is known.
            let expires_at = Marker::expiry_for_many(now);
            let sequence = feed::append(transaction, &Subject::User { user, except }, &end, expires_at)?;
            let counts = end_records(connection, sessions, &end)?;
            Ok(Revocation { counts, sequence })
        }
        Plan::Enumerate { user } => {
            let mut sessions = not_ended_of(connection, user, now)?;
            sessions.retain(|session| command.selection.selects(session.id, session.user, &session.client));
            end_each(transaction, sessions, &end)
        }
        Plan::Mark(subject @ (Subject::Client { .. } | Subject::All | Subject::BegunBefore { .. })) => {
            let expires_at = Marker::expiry_for_many(now);
            let sequence = feed::append(transaction, &subject, &end, expires_at)?;
            Ok(Revocation { counts: Counts::default(), sequence })
        }
    }
}

fn nothing(connection: &Connection) -> Result<Revocation> {
    Ok(Revocation { counts: Counts::default(), sequence: feed::head(connection)?.sequence })
}

/// A marker for each session, and its end.
fn end_each(transaction: &Transaction<'_>, sessions: Vec<Session>, end: &End) -> Result<Revocation> {
    if sessions.is_empty() {
        return nothing(transaction.connection);
    }
    let mut sequence = 0;
    for session in &sessions {
        let subject = Subject::Session { session: session.id };
        sequence = feed::append(transaction, &subject, end, Marker::expiry_for_session(session, end.at))?;
    }
    let counts = end_records(transaction.connection, sessions, end)?;
    Ok(Revocation { counts, sequence })
}

/// Ends the records, and counts what was alive.
fn end_records(connection: &Connection, sessions: Vec<Session>, end: &End) -> Result<Counts> {
    let counts = count_these(connection, &sessions, end.at)?;
    for session in sessions {
        record::end_row(connection, session, end.clone())?;
    }
    Ok(counts)
}

/// A user's sessions that no revocation has ended. Those that have expired are among them: by the clock of another node
/// they may not have, and what was revoked must never be used again.
fn not_ended_of(connection: &Connection, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let unfinished = feed::unfinished(connection)?;
    let sql = "SELECT * FROM sessions INDEXED BY sessions_by_user
        WHERE user = ? AND (ended_at IS NULL OR ended_at > ?) ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((user.as_bytes(), now.millis()), record::read)?;
    let mut found = Vec::new();
    for session in rows {
        let session = feed::with_unfinished(&unfinished, session?);
        if !session.is_revoked(now) {
            found.push(session);
        }
    }
    Ok(found)
}

pub(super) fn count(connection: &Connection, selection: &Selection, now: Timestamp) -> Result<Counts> {
    match selection {
        Selection::Token(token) => {
            let found = tokens::by_id(connection, *token)?;
            let alive = found.is_some_and(|found| {
                found.record.state(found.session_end.as_ref(), now) == TokenState::Alive
            });
            Ok(Counts { sessions: 0, tokens: alive.into() })
        }
        Selection::Session(session) => {
            let found = record::by_id(connection, *session)?;
            count_these(connection, found.as_slice(), now)
        }
        Selection::Sessions { user: Some(user), .. } => {
            let mut sessions = not_ended_of(connection, *user, now)?;
            sessions.retain(|session| selection.selects(session.id, session.user, &session.client));
            count_these(connection, &sessions, now)
        }
        Selection::Sessions { user: None, client, begun_before, .. } => {
            let unfinished = feed::unfinished(connection)?;
            if unfinished.is_empty() {
                count_many(connection, client.as_ref(), *begun_before, now)
            } else {
                // Some of what looks alive is not: each has to be looked at.
                let mut statement = connection.prepare_cached("SELECT * FROM sessions WHERE over_at > ?")?;
                let rows = statement.query_map([now.millis()], record::read)?;
                let mut counts = Counts::default();
                for session in rows {
                    let session = feed::with_unfinished(&unfinished, session?);
                    if selection.selects(session.id, session.user, &session.client) {
                        let one = count_these(connection, &[session], now)?;
                        counts.sessions += one.sessions;
                        counts.tokens += one.tokens;
                    }
                }
                Ok(counts)
            }
        }
    }
}

fn count_these(connection: &Connection, sessions: &[Session], now: Timestamp) -> Result<Counts> {
    let mut counts = Counts::default();
    for session in sessions.iter().filter(|session| session.goes_on(now)) {
        counts.sessions += 1;
        counts.tokens += tokens::count_alive(connection, session.id, now)?;
    }
    Ok(counts)
}

/// Counts by the indexes alone.
fn count_many(
    connection: &Connection,
    client: Option<&ClientId>,
    begun_before: Option<Timestamp>,
    now: Timestamp,
) -> Result<Counts> {
    let before = begun_before.map_or([0xFF; 16], |before| *SessionId::least_of(before).as_bytes());
    let client = client.map(ClientId::as_str);
    let number = |sql: &str| -> Result<u64> {
        let params = rusqlite::named_params! { ":client": client, ":before": before, ":now": now.millis() };
        let count: i64 = connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    };
    let sessions = if client.is_some() {
        number("SELECT COUNT(*) FROM sessions WHERE client = :client AND id < :before AND over_at > :now")?
    } else {
        number("SELECT COUNT(*) FROM sessions WHERE over_at > :now AND id < :before AND :client IS NULL")?
    };
    // From the tokens that have not expired: a session has one or two of these, and thousands of others.
    let tokens = number(
        "SELECT COUNT(*) FROM tokens CROSS JOIN sessions ON sessions.id = tokens.session
         WHERE tokens.expires_at > :now AND tokens.revoked_at IS NULL AND sessions.over_at > :now
         AND sessions.id < :before AND (:client IS NULL OR sessions.client = :client)",
    )?;
    Ok(Counts { sessions, tokens })
}
