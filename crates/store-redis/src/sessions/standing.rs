//! How a session stands: as its record tells, and as open markers of many tell whose work is not finished.

use counterfoil_core::session::{End, Session};

use crate::feed::Open;

/// A session as it will be once the work of the markers is finished.
pub(super) fn with_open(open: &[Open], mut session: Session) -> Session {
    let end = open.iter().find_map(|open| open.end_of(&session));
    if let Some(end) = end
        && ends_earlier(&session, &end)
    {
        session.ended = Some(end);
    }
    session
}

/// Whether an end is earlier than what the record tells: the first one stays.
pub(super) fn ends_earlier(session: &Session, end: &End) -> bool {
    session.ended.as_ref().is_none_or(|before| before.at > end.at)
}
