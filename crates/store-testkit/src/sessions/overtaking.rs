//! A log-in that a revocation overtakes is not stored: whoever logs in must decide anew.

use counterfoil_core::account::Lifetimes;
use counterfoil_core::port::Created;
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Session;
use counterfoil_core::{ClientId, Timestamp, UserId};

use super::{Store, head, markers, of_client, read, revoke, sweep_all};
use crate::SessionNodes;
use crate::build::{self, at};

/// Logs in with a generation taken before, and says what came of it.
async fn log_in(store: &Store, generation: u64, user: UserId, client: &ClientId) -> Created {
    let (session, token) = build::recorded(user, client, at(0));
    let session = Session { generation, ..session };
    let created = store.create(session.clone(), Some(token.clone())).await.unwrap();
    let is_there = store.session(session.id).await.unwrap().is_some();
    assert_eq!(is_there, created == Created::Done);
    assert_eq!(store.token(token.id).await.unwrap().is_some(), is_there);
    created
}

async fn overtakes(nodes: &SessionNodes, selection: Selection, user: UserId, client: &ClientId) -> bool {
    let before = head(&*nodes.one).await;
    revoke(&*nodes.one, selection, at(1)).await;
    let overtaken = log_in(&*nodes.other, before, user, client).await == Created::Overtaken;
    let after = head(&*nodes.one).await;
    assert_eq!(log_in(&*nodes.other, after, user, client).await, Created::Done, "who looks again may log in");
    overtaken
}

/// A marker of the user overtakes the user's log-in, though the user had no session.
pub async fn a_marker_of_the_user_overtakes(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    assert!(overtakes(&nodes, Selection::user(user), user, &client).await);
    assert!(!overtakes(&nodes, Selection::user(build::user_id()), user, &client).await);
}

/// A marker of the client overtakes log-ins through it, and no others.
pub async fn a_marker_of_the_client_overtakes(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    assert!(overtakes(&nodes, of_client(&client), user, &client).await);
    assert!(!overtakes(&nodes, of_client(&build::client("web-2")), user, &client).await);
}

/// A marker of everything overtakes everybody.
pub async fn a_marker_of_everything_overtakes(nodes: SessionNodes) {
    assert!(overtakes(&nodes, Selection::all(), build::user_id(), &build::client("web")).await);
}

/// "Begun before" overtakes what began before, and nothing else.
pub async fn a_marker_of_what_began_before_overtakes_only_that(nodes: SessionNodes) {
    let client = build::client("web");
    let begun_before = |instant: Timestamp, client: Option<ClientId>| Selection::Sessions {
        user: None,
        client,
        begun_before: Some(instant),
        except: None,
    };
    let generation = head(&*nodes.one).await;
    revoke(&*nodes.one, begun_before(at(-60), None), at(1)).await;
    let other = Some(build::client("other"));
    revoke(&*nodes.one, begun_before(at(1), other), at(1)).await;
    assert_eq!(log_in(&*nodes.one, generation, build::user_id(), &client).await, Created::Done);
    revoke(&*nodes.one, begun_before(at(1), Some(client.clone())), at(1)).await;
    assert_eq!(log_in(&*nodes.one, generation, build::user_id(), &client).await, Created::Overtaken);
}

/// A marker of one session or token overtakes nobody.
pub async fn a_marker_of_one_session_overtakes_nobody(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let (session, token) = build::recorded(user, &client, at(0));
    nodes.one.create(session.clone(), Some(token.clone())).await.unwrap();
    revoke(&*nodes.one, Selection::Token(token.id), at(1)).await;
    revoke(&*nodes.one, Selection::Session(session.id), at(1)).await;
    assert_eq!(head(&*nodes.one).await, 2);
    assert_eq!(log_in(&*nodes.one, 0, user, &client).await, Created::Done);
}

/// A marker overtakes though it was forgotten since: what is not known any more is not taken for good.
pub async fn a_marker_that_was_forgotten_overtakes(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let before = head(&*nodes.one).await;
    revoke(&*nodes.one, Selection::user(user), at(1)).await;
    let late = at(1) + 2 * Lifetimes::MAX_ACCESS;
    sweep_all(&*nodes.one, late, at(0), 100).await;
    assert_eq!(markers(&*nodes.one).await, []);
    assert_eq!(log_in(&*nodes.other, before, user, &client).await, Created::Overtaken);
    let after = head(&*nodes.one).await;
    assert_eq!(log_in(&*nodes.other, after, user, &client).await, Created::Done);
}

/// Of log-ins that race with a revocation of their user, none is alive after it.
pub async fn nobody_slips_in_beside_a_revocation(nodes: SessionNodes) {
    let (user, client) = (build::user_id(), build::client("web"));
    let begun = nodes
        .race(64, |number, store| {
            let session = build::cookie(user, &client, at(0));
            async move {
                if number == 32 {
                    store.revoke(build::revoke(Selection::user(user), at(1))).await.unwrap();
                    return None;
                }
                let created = store.create(session.clone(), None).await.unwrap();
                (created == Created::Done).then_some(session)
            }
        })
        .await;
    for session in begun.into_iter().flatten() {
        assert_eq!(read(&*nodes.one, session.id).await.ended, Some(build::end(at(1))));
    }
}
