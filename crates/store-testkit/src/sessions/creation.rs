//! Adding sessions, and reading them back.

use counterfoil_core::port::Created;
use counterfoil_core::session::{Credential, Origin, Session};

use super::{begin_recorded, read, read_token};
use crate::SessionNodes;
use crate::build::{self, at};

/// A session is read back at every node as it was given.
pub async fn a_session_is_read_back_as_it_was_given(nodes: SessionNodes) {
    let mut session = build::cookie(build::user_id(), &build::client("web"), at(0));
    session.auth_time = at(-5);
    session.origin = Origin::new(Some("2001:db8::7".parse().unwrap()), Some("Браузер 'quoted' \"1.0\""));
    session.credential =
        Credential::Cookie { secret: build::digest(), previous: Some((build::digest(), at(7))) };
    assert_eq!(nodes.one.create(session.clone(), None).await.unwrap(), Created::Done);
    assert_eq!(read(&*nodes.one, session.id).await, session);
    assert_eq!(read(&*nodes.other, session.id).await, session);
}

/// Nothing has to be known of where a log-in came from.
pub async fn an_unknown_origin_stays_unknown(nodes: SessionNodes) {
    let session = Session {
        origin: Origin::default(),
        ..build::cookie(build::user_id(), &build::client("web"), at(0))
    };
    nodes.one.create(session.clone(), None).await.unwrap();
    assert_eq!(read(&*nodes.other, session.id).await, session);
}

/// A recorded session and its first token are there together, the claims byte for byte.
pub async fn a_first_token_is_recorded_with_its_session(nodes: SessionNodes) {
    let (session, token) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    assert_eq!(read(&*nodes.other, session.id).await, session);
    let listing = read_token(&*nodes.other, token.id).await;
    assert_eq!(listing.record, token);
    assert_eq!((listing.generation, listing.session_end), (session.generation, None));
}

/// What was never created is not there.
pub async fn what_was_never_created_is_not_there(nodes: SessionNodes) {
    begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    assert_eq!(nodes.one.session(build::session_id(at(0))).await.unwrap(), None);
    assert_eq!(nodes.one.token(build::token_id(at(0))).await.unwrap(), None);
}

/// Many who log in at once are all recorded.
pub async fn many_who_log_in_at_once_are_all_recorded(nodes: SessionNodes) {
    let client = build::client("web");
    let sessions = nodes
        .race(256, |_, store| {
            let (session, token) = build::recorded(build::user_id(), &client, at(0));
            async move {
                assert_eq!(store.create(session.clone(), Some(token)).await.unwrap(), Created::Done);
                session
            }
        })
        .await;
    for session in sessions {
        assert_eq!(read(&*nodes.one, session.id).await, session);
    }
}
