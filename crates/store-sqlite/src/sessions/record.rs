//! A session's row.

use counterfoil_core::audit::Actor;
use counterfoil_core::session::{Credential, End, RefreshState, Session};
use counterfoil_core::{Digest, SessionId, TokenId, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::feed;
use crate::columns::unsigned;
use crate::columns::{
    Result, client, digest_opt, duration, end, id, instant, instant_opt, millis, number, origin,
};

/// The session as its row tells, and as a marker of many tells whose work is not finished.
pub(super) fn by_id(connection: &Connection, id: SessionId) -> Result<Option<Session>> {
    let session = row_of(connection, id)?;
    match session {
        None => Ok(None),
        Some(session) => Ok(Some(feed::with_unfinished(&feed::unfinished(connection)?, session))),
    }
}

pub(super) fn row_of(connection: &Connection, id: SessionId) -> Result<Option<Session>> {
    connection
        .prepare_cached("SELECT * FROM sessions WHERE id = ?")?
        .query_row([id.as_bytes()], read)
        .optional()
}

pub(super) fn insert(connection: &Connection, session: &Session) -> Result<()> {
    let (cookie, refresh) = match &session.credential {
        Credential::Cookie { secret, previous } => (Some((secret, previous)), None),
        Credential::Recorded(state) => (None, Some(state)),
    };
    let previous = cookie.and_then(|(_, previous)| previous.as_ref());
    let sql =
        "INSERT INTO sessions VALUES (:id, :user, :client, :auth_time, :address, :user_agent, :generation,
        :last_seen_at, :idle_timeout, :expires_at, :over_at, :secret, :previous, :previous_until, :counter,
        :rotated_at, :refresh_window, :token, :tokens_until, :ended_at, :end_reason, :ended_by, :end_note)";
    let end = session.ended.as_ref();
    connection.prepare_cached(sql)?.execute(rusqlite::named_params! {
        ":id": session.id.as_bytes(),
        ":user": session.user.as_bytes(),
        ":client": session.client.as_str(),
        ":auth_time": session.auth_time.millis(),
        ":address": session.origin.address.map(|address| address.to_string()),
        ":user_agent": session.origin.user_agent.as_deref(),
        ":generation": number(session.generation),
        ":last_seen_at": session.last_seen_at.millis(),
        ":idle_timeout": millis(session.idle_timeout),
        ":expires_at": session.expires_at.millis(),
        ":over_at": session.over_at().millis(),
        ":secret": cookie.map(|(secret, _)| secret.as_bytes()),
        ":previous": previous.map(|(digest, _)| digest.as_bytes()),
        ":previous_until": previous.map(|(_, until)| until.millis()),
        ":counter": refresh.map(|state| state.counter),
        ":rotated_at": refresh.map(|state| state.rotated_at.millis()),
        ":refresh_window": refresh.map(|state| millis(state.window)),
        ":token": refresh.map(|state| *state.token.as_bytes()),
        ":tokens_until": refresh.map(|state| state.tokens_until.millis()),
        ":ended_at": end.map(|end| end.at.millis()),
        ":end_reason": end.map(|end| end.reason.as_str()),
        ":ended_by": end.and_then(|end| end.by.as_ref()).map(Actor::to_string),
        ":end_note": end.and_then(|end| end.note.as_deref()),
    })?;
    Ok(())
}

/// Writes what can change of a session.
pub(super) fn update(connection: &Connection, session: &Session) -> Result<()> {
    let (secret, previous, refresh) = match &session.credential {
        Credential::Cookie { secret, previous } => (Some(secret), previous.as_ref(), None),
        Credential::Recorded(state) => (None, None, Some(state)),
    };
    let sql = "UPDATE sessions SET auth_time = :auth_time, last_seen_at = :last_seen_at, over_at = :over_at,
        secret = :secret, previous = :previous, previous_until = :previous_until, counter = :counter,
        rotated_at = :rotated_at, token = :token, tokens_until = :tokens_until, ended_at = :ended_at,
        end_reason = :end_reason, ended_by = :ended_by, end_note = :end_note WHERE id = :id";
    let end = session.ended.as_ref();
    connection.prepare_cached(sql)?.execute(rusqlite::named_params! {
        ":id": session.id.as_bytes(),
        ":auth_time": session.auth_time.millis(),
        ":last_seen_at": session.last_seen_at.millis(),
        ":over_at": session.over_at().millis(),
        ":secret": secret.map(Digest::as_bytes),
        ":previous": previous.map(|(digest, _)| digest.as_bytes()),
        ":previous_until": previous.map(|(_, until)| until.millis()),
        ":counter": refresh.map(|state| state.counter),
        ":rotated_at": refresh.map(|state| state.rotated_at.millis()),
        ":token": refresh.map(|state| *state.token.as_bytes()),
        ":tokens_until": refresh.map(|state| state.tokens_until.millis()),
        ":ended_at": end.map(|end| end.at.millis()),
        ":end_reason": end.map(|end| end.reason.as_str()),
        ":ended_by": end.and_then(|end| end.by.as_ref()).map(Actor::to_string),
        ":end_note": end.and_then(|end| end.note.as_deref()),
    })?;
    Ok(())
}

/// Ends a session in its record, unless it ended before; returns whether it did.
pub(super) fn end_row(connection: &Connection, mut session: Session, end: End) -> Result<bool> {
    let earlier = session.ended.as_ref().is_none_or(|before| before.at > end.at);
    if earlier {
        session.ended = Some(end);
        update(connection, &session)?;
    }
    Ok(earlier)
}

pub(super) fn read(row: &Row<'_>) -> Result<Session> {
    let credential = match digest_opt(row, "secret")? {
        Some(secret) => {
            let until = instant_opt(row, "previous_until")?;
            Credential::Cookie { secret, previous: digest_opt(row, "previous")?.zip(until) }
        }
        None => Credential::Recorded(RefreshState {
            counter: row.get("counter")?,
            rotated_at: instant(row.get("rotated_at")?),
            window: duration(row, "refresh_window")?,
            token: id(row, "token", TokenId::from_bytes)?,
            tokens_until: instant(row.get("tokens_until")?),
        }),
    };
    Ok(Session {
        id: id(row, "id", SessionId::from_bytes)?,
        user: id(row, "user", UserId::from_bytes)?,
        client: client(row)?,
        auth_time: instant(row.get("auth_time")?),
        origin: origin(row)?,
        generation: unsigned(row, "generation")?,
        last_seen_at: instant(row.get("last_seen_at")?),
        idle_timeout: duration(row, "idle_timeout")?,
        expires_at: instant(row.get("expires_at")?),
        credential,
        ended: end(row, "ended_at")?,
    })
}
