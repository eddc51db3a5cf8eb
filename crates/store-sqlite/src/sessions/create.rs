//! Adding a session: the only command that does.

use counterfoil_core::port::Created;
use counterfoil_core::session::Session;
use counterfoil_core::token::TokenRecord;

use super::{feed, record, tokens};
use crate::columns::Result;
use crate::writer::Transaction;

pub(super) fn create(
    transaction: &Transaction<'_>,
    session: &Session,
    token: Option<&TokenRecord>,
) -> Result<Created> {
    let connection = transaction.connection;
    let head = feed::head(connection)?;
    if head.forgotten > session.generation {
        // What came after the log-in began is not known any more, so it may have been revoked.
        return Ok(Created::Overtaken);
    }
    if head.sequence > session.generation {
        let newer = feed::after(connection, session.generation, u32::MAX)?;
        if newer.iter().any(|marker| marker.covers(&session.issued())) {
            return Ok(Created::Overtaken);
        }
    }
    record::insert(connection, session)?;
    if let Some(token) = token {
        tokens::insert(connection, token)?;
    }
    Ok(Created::Done)
}
