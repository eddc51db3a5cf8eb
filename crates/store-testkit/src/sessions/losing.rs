//! A feed that was lost begins anew, and ends everything that was there before.

use std::collections::BTreeSet;

use counterfoil_core::account::Lifetimes;
use counterfoil_core::revocation::{Selection, Subject, View};
use counterfoil_core::session::{End, EndReason, Session, SessionState};
use counterfoil_core::{Timestamp, UserId};

use super::{begin_cookie, begin_recorded, markers, read, revoke};
use crate::SessionNodes;
use crate::build::{self, at};

fn lost(now: Timestamp) -> End {
    End { at: now, reason: EndReason::BookLost, by: None, note: None }
}

/// Whatever carries a generation up to the lost feed's number is covered; what logs in afterwards is not.
pub async fn everything_before_ends_and_nothing_after(nodes: SessionNodes) {
    let (user, client): (UserId, _) = (build::user_id(), build::client("web"));
    let before = begin_cookie(&*nodes.one, user, &client, at(0)).await;
    let (recorded, token) = begin_recorded(&*nodes.one, user, &client, at(0)).await;
    revoke(&*nodes.one, Selection::user(build::user_id()), at(1)).await;
    let found = nodes.other.feed_head().await.unwrap();
    let head = nodes.one.begin_anew(found, 5000, lost(at(2))).await.unwrap();
    assert!(head.feed != found.feed && head.sequence > 5000 && head.forgotten >= 5000, "{head:?}");
    assert_eq!(nodes.other.feed_head().await.unwrap(), head);
    for id in [before.id, recorded.id] {
        assert_eq!(read(&*nodes.other, id).await.ended, Some(lost(at(2))));
    }
    let newest = markers(&*nodes.other).await.pop().unwrap();
    assert_eq!((newest.sequence, &newest.subject), (head.sequence, &Subject::All));
    assert!(newest.expires_at >= at(2) + Lifetimes::MAX_ACCESS);
    // A verifier of the lost feed, which had come as far as that, takes a snapshot and refuses what it let in.
    let mut view = View::new();
    view.restore(nodes.other.snapshot(at(3)).await.unwrap());
    assert!(view.can_follow(&head));
    let issued = |generation| counterfoil_core::revocation::Issued {
        token: Some(token.id),
        session: recorded.id,
        user,
        client: &client,
        generation,
    };
    assert_eq!(view.covers(&issued(5000)), Some(EndReason::BookLost));
    assert_eq!(view.covers(&issued(head.sequence)), None);
    let next = Session { generation: head.sequence, ..build::cookie(user, &client, at(4)) };
    nodes.other.create(next.clone(), None).await.unwrap();
    assert_eq!(read(&*nodes.one, next.id).await.state(at(4)), SessionState::Alive);
}

/// A feed that stands above what is known of the lost one goes on from its own number.
pub async fn it_never_goes_back(nodes: SessionNodes) {
    for second in 1..4 {
        revoke(&*nodes.one, Selection::all(), at(second)).await;
    }
    let found = nodes.one.feed_head().await.unwrap();
    let head = nodes.one.begin_anew(found, 1, lost(at(5))).await.unwrap();
    assert!(head.sequence > found.sequence);
}

/// Of many nodes that notice it at once, one begins it anew.
pub async fn exactly_one_of_many_begins_it(nodes: SessionNodes) {
    let found = nodes.one.feed_head().await.unwrap();
    let heads = nodes
        .race(64, |_, store| async move {
            let head = store.begin_anew(found, 100, lost(at(1))).await.unwrap();
            (head.feed, head.sequence)
        })
        .await;
    assert_eq!(heads.into_iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(markers(&*nodes.one).await.len(), 1);
}
