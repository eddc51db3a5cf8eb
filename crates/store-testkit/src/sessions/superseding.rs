//! Ending a session a few seconds ahead, when the same browser logs in again.

use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::port::{Ended, RefreshOutcome};
use counterfoil_core::revocation::{Issued, Selection, View};
use counterfoil_core::session::{End, EndReason, Session, SessionState};

use super::{begin_cookie, begin_recorded, counts, head, read, refresh, revoke, sweep_all};
use crate::SessionNodes;
use crate::build::{self, ACCESS, IDLE, at};

fn superseded(at: Timestamp) -> End {
    End { at, reason: EndReason::Superseded, by: None, note: None }
}

/// Until the end it goes on; after it, it is over. No marker refuses what is under way.
pub async fn it_goes_on_until_its_end(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    assert_eq!(nodes.one.supersede(session.id, superseded(at(70))).await.unwrap(), Ended::Done);
    let found = read(&*nodes.other, session.id).await;
    assert_eq!(found, Session { ended: Some(superseded(at(70))), ..session });
    assert_eq!(found.state(at(69)), SessionState::Alive);
    assert_eq!(found.state(at(70)), SessionState::Ended);
    assert_eq!(head(&*nodes.one).await, 0);
}

/// A refresh under way still gets its answer, and the session's end stays.
pub async fn a_refresh_under_way_is_answered(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    nodes.one.supersede(session.id, superseded(at(70))).await.unwrap();
    assert_eq!(refresh(&*nodes.one, &session, 0, at(65)).await, RefreshOutcome::Rotated { counter: 1 });
    assert_eq!(read(&*nodes.one, session.id).await.ended, Some(superseded(at(70))));
    let over = refresh(&*nodes.one, &session, 1, at(70)).await;
    assert_eq!(over, RefreshOutcome::Over(Some(superseded(at(70)))));
}

/// The first end stays, whatever is said later.
pub async fn the_first_end_stays(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    nodes.one.supersede(session.id, superseded(at(70))).await.unwrap();
    assert_eq!(nodes.other.supersede(session.id, superseded(at(90))).await.unwrap(), Ended::Unchanged);
    assert_eq!(read(&*nodes.one, session.id).await.ended, Some(superseded(at(70))));
}

/// Of many that supersede at once, one does.
pub async fn exactly_one_of_many_supersedes(nodes: SessionNodes) {
    let session = begin_cookie(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let id = session.id;
    let outcomes = nodes
        .race(64, |_, store| async move { store.supersede(id, superseded(at(70))).await.unwrap() })
        .await;
    assert_eq!(outcomes.into_iter().filter(|ended| *ended == Ended::Done).count(), 1);
}

/// What is over, or was never there, stays as it is.
pub async fn what_is_over_stays_as_it_is(nodes: SessionNodes) {
    let client = build::client("web");
    let expired = begin_cookie(&*nodes.one, build::user_id(), &client, at(0) - IDLE).await;
    let ended = begin_cookie(&*nodes.one, build::user_id(), &client, at(0)).await;
    revoke(&*nodes.one, Selection::Session(ended.id), at(1)).await;
    for session in [&expired, &ended] {
        let before = read(&*nodes.one, session.id).await;
        assert_eq!(nodes.one.supersede(session.id, superseded(at(5))).await.unwrap(), Ended::Unchanged);
        assert_eq!(read(&*nodes.one, session.id).await, before);
    }
    let unknown = build::session_id(at(0));
    assert_eq!(nodes.one.supersede(unknown, superseded(at(5))).await.unwrap(), Ended::Unchanged);
    assert_eq!(nodes.one.session(unknown).await.unwrap(), None);
}

/// A revocation does not wait for the end that lies ahead.
pub async fn a_revocation_ends_it_at_once(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    nodes.one.supersede(session.id, superseded(at(70))).await.unwrap();
    assert_eq!(revoke(&*nodes.one, Selection::Session(session.id), at(65)).await, (counts(1, 1), 1));
    assert_eq!(read(&*nodes.one, session.id).await.ended, Some(build::end(at(65))));
}

/// A token of it that the user's marker covers is refused until it expires: the marker is not forgotten before.
pub async fn the_users_marker_outlives_its_tokens(nodes: SessionNodes) {
    let (session, token) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    nodes.one.supersede(session.id, superseded(at(5))).await.unwrap();
    revoke(&*nodes.one, Selection::user(session.user), at(10)).await;
    let issued = Issued {
        token: Some(token.id),
        session: session.id,
        user: session.user,
        client: &session.client,
        generation: session.generation,
    };
    let last = at(0) + ACCESS - Duration::from_millis(1);
    for now in [at(10), last] {
        sweep_all(&*nodes.one, now, at(-3600), 100).await;
        let mut view = View::new();
        view.restore(nodes.other.snapshot(now).await.unwrap());
        assert!(view.covers(&issued).is_some(), "at {now}");
    }
}
