//! Changes of a session that goes on, and of one that is about to end. None of them brings one back.

use counterfoil_core::port::{Ended, RotateSecret};
use counterfoil_core::session::{Credential, End, Session};
use counterfoil_core::{SessionId, Timestamp};

use super::record;
use crate::columns::Result;
use crate::writer::Transaction;

pub(super) fn touch(transaction: &Transaction<'_>, seen: &[(SessionId, Timestamp)]) -> Result<()> {
    for (id, at) in seen {
        let session = record::by_id(transaction.connection, *id)?;
        // Seen at a time when it was over already: a use that was noted too late changes nothing.
        let alive = session.filter(|session| session.goes_on(*at));
        if let Some(mut session) = alive.filter(|session| session.last_seen_at < *at) {
            session.last_seen_at = *at;
            record::update(transaction.connection, &session)?;
        }
    }
    Ok(())
}

pub(super) fn rotate_secret(transaction: &Transaction<'_>, command: RotateSecret) -> Result<Option<Session>> {
    let RotateSecret { session, secret: new, previous_until, auth_time, now } = command;
    let found = record::by_id(transaction.connection, session)?;
    let Some(mut session) = found.filter(|session| session.goes_on(now)) else {
        return Ok(None);
    };
    let Credential::Cookie { secret, .. } = session.credential else { return Ok(None) };
    session.credential = Credential::Cookie { secret: new, previous: Some((secret, previous_until)) };
    session.auth_time = auth_time;
    session.last_seen_at = session.last_seen_at.max(now);
    record::update(transaction.connection, &session)?;
    Ok(Some(session))
}

pub(super) fn supersede(transaction: &Transaction<'_>, session: SessionId, end: &End) -> Result<Ended> {
    let found = record::by_id(transaction.connection, session)?;
    let Some(session) = found.filter(|session| session.ended.is_none() && session.idle_deadline() > end.at)
    else {
        return Ok(Ended::Unchanged);
    };
    record::end_row(transaction.connection, session, end.clone())?;
    Ok(Ended::Done)
}
