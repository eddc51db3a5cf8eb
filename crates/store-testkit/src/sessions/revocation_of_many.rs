//! Revoking a client's, everything, or what began before an instant: one marker, and the records follow later.

use counterfoil_core::account::Lifetimes;
use counterfoil_core::port::{SessionFilter, TokenFilter};
use counterfoil_core::revocation::{Selection, Subject};
use counterfoil_core::session::{Session, SessionState};
use counterfoil_core::token::TokenState;
use counterfoil_core::{ClientId, Timestamp};

use super::{
    begin_cookie, begin_recorded, counts, first, markers, of_client, read, read_token, revoke, sweep_all,
};
use crate::SessionNodes;
use crate::build::{self, at};

fn begun_before(instant: Timestamp, client: Option<ClientId>) -> Selection {
    Selection::Sessions { user: None, client, begun_before: Some(instant), except: None }
}

/// Three sessions through each of two clients, begun at 0, 10 and 20 seconds.
async fn populate(nodes: &SessionNodes) -> Vec<Session> {
    let mut sessions = Vec::new();
    for name in ["web", "app"] {
        for second in [0, 10, 20] {
            let client = build::client(name);
            sessions.push(begin_recorded(&*nodes.one, build::user_id(), &client, at(second)).await.0);
        }
    }
    sessions
}

/// At once, before anything was swept, and for ever after, exactly the selected have ended.
async fn ends_exactly(nodes: SessionNodes, selection: Selection, selected: impl Fn(&Session) -> bool) {
    let sessions = populate(&nodes).await;
    let number = u64::try_from(sessions.iter().filter(|session| selected(session)).count()).unwrap();
    assert_eq!(revoke(&*nodes.one, selection.clone(), at(60)).await, (counts(number, number), 1));
    for swept in [false, true] {
        if swept {
            sweep_all(&*nodes.other, at(60), at(-3600), 2).await;
        }
        for session in &sessions {
            let expected = selected(session).then(|| build::end(at(60)));
            assert_eq!(read(&*nodes.other, session.id).await.ended, expected, "swept: {swept}");
        }
        let ended = SessionFilter { state: Some(SessionState::Ended), ..SessionFilter::default() };
        let listed = nodes.other.sessions(&ended, first(100), at(60)).await.unwrap().items;
        assert_eq!(u64::try_from(listed.len()).unwrap(), number);
        assert!(listed.iter().all(&selected));
        let revoked = TokenFilter { state: Some(TokenState::Revoked), ..TokenFilter::default() };
        let listed = nodes.one.tokens(&revoked, first(100), at(60)).await.unwrap().items;
        assert_eq!(u64::try_from(listed.len()).unwrap(), number);
        for listing in listed {
            assert_eq!(listing.session_end, Some(build::end(at(60))));
            assert_eq!(read_token(&*nodes.other, listing.record.id).await, listing);
        }
        assert_eq!(nodes.one.count(&selection, at(60)).await.unwrap(), counts(0, 0), "swept: {swept}");
        let left = nodes.one.count(&Selection::all(), at(60)).await.unwrap();
        assert_eq!(left, counts(6 - number, 6 - number));
    }
}

/// Everything of a client ends, and nothing of another.
pub async fn everything_of_a_client_ends(nodes: SessionNodes) {
    let client = build::client("web");
    ends_exactly(nodes, of_client(&client), |session| session.client == client).await;
}

/// Everything ends.
pub async fn everything_ends(nodes: SessionNodes) {
    ends_exactly(nodes, Selection::all(), |_| true).await;
}

/// Everything that began before an instant ends, and nothing that began in it or after it.
pub async fn everything_that_began_before_ends(nodes: SessionNodes) {
    ends_exactly(nodes, begun_before(at(10), None), |session| session.id.created_at() < at(10)).await;
}

/// Everything of a client that began before an instant ends.
pub async fn everything_of_a_client_that_began_before_ends(nodes: SessionNodes) {
    let client = build::client("app");
    let selection = begun_before(at(20), Some(client.clone()));
    ends_exactly(nodes, selection, |session| session.client == client && session.id.created_at() < at(20))
        .await;
}

/// The marker says what was selected, and lives as long as any token can that was given out before it.
pub async fn the_marker_outlives_every_token(nodes: SessionNodes) {
    let client = build::client("web");
    let expected = [
        (of_client(&client), Subject::Client { client: client.clone() }),
        (Selection::all(), Subject::All),
        (begun_before(at(5), None), Subject::BegunBefore { before: at(5), client: None }),
        (
            begun_before(at(5), Some(client.clone())),
            Subject::BegunBefore { before: at(5), client: Some(client.clone()) },
        ),
    ];
    for (number, (selection, subject)) in (1..).zip(expected) {
        // There is nothing to revoke; but a log-in that is under way has to be overtaken.
        assert_eq!(revoke(&*nodes.one, selection, at(60)).await, (counts(0, 0), number));
        let marker = markers(&*nodes.other).await.pop().unwrap();
        assert_eq!((marker.sequence, marker.subject), (number, subject));
        assert!(marker.expires_at >= at(60) + Lifetimes::MAX_ACCESS);
    }
}

/// Who logs in after the marker is alive, before the sweep and after it.
pub async fn who_logs_in_afterwards_is_alive(nodes: SessionNodes) {
    let client = build::client("web");
    let before = begin_cookie(&*nodes.one, build::user_id(), &client, at(0)).await;
    for selection in [of_client(&client), Selection::all(), begun_before(at(60), None)] {
        revoke(&*nodes.one, selection, at(60)).await;
    }
    let after = begin_cookie(&*nodes.other, build::user_id(), &client, at(60)).await;
    assert_eq!(read(&*nodes.one, after.id).await, after);
    sweep_all(&*nodes.one, at(61), at(-3600), 1).await;
    assert_eq!(read(&*nodes.one, after.id).await, after);
    assert_eq!(read(&*nodes.one, before.id).await.ended, Some(build::end(at(60))));
}

/// The first end stays: a later marker of many does not change what was said.
pub async fn the_first_end_stays(nodes: SessionNodes) {
    let client = build::client("web");
    let early = begin_cookie(&*nodes.one, build::user_id(), &client, at(0)).await;
    let late = begin_cookie(&*nodes.one, build::user_id(), &client, at(0)).await;
    revoke(&*nodes.one, Selection::Session(early.id), at(60)).await;
    revoke(&*nodes.one, of_client(&client), at(61)).await;
    revoke(&*nodes.one, Selection::all(), at(62)).await;
    for _ in 0..2 {
        assert_eq!(read(&*nodes.one, early.id).await.ended, Some(build::end(at(60))));
        assert_eq!(read(&*nodes.one, late.id).await.ended, Some(build::end(at(61))));
        sweep_all(&*nodes.one, at(63), at(-3600), 1).await;
    }
}
