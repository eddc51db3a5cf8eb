//! The feed: its head, its markers in order, and snapshots.

use std::time::Duration;

use counterfoil_core::account::Lifetimes;
use counterfoil_core::revocation::{FeedHead, Issued, Selection, View};

use super::{begin_recorded, head, markers, of_client, revoke, sweep_all};
use crate::SessionNodes;
use crate::build::{self, at};

/// A new feed is empty, and one and the same at every node.
pub async fn a_new_feed_is_empty(nodes: SessionNodes) {
    let head = nodes.one.feed_head().await.unwrap();
    assert_eq!(head, FeedHead { feed: head.feed, sequence: 0, forgotten: 0 });
    assert_eq!(nodes.other.feed_head().await.unwrap(), head);
    assert_eq!(markers(&*nodes.one).await, []);
    let snapshot = nodes.one.snapshot(at(0)).await.unwrap();
    assert_eq!((snapshot.head, snapshot.markers), (head, vec![]));
}

/// What changes no credential does not move the feed.
pub async fn only_revocations_move_it(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    super::refresh(&*nodes.one, &session, 0, at(1)).await;
    nodes.one.touch(&[(session.id, at(2))]).await.unwrap();
    nodes.one.count(&Selection::all(), at(2)).await.unwrap();
    nodes.one.sweep(at(2), at(-60), 100).await.unwrap();
    assert_eq!(head(&*nodes.other).await, 0);
}

/// Markers come in order, after the number asked for, and no more than asked for.
pub async fn markers_come_in_order(nodes: SessionNodes) {
    for second in 0..10 {
        revoke(&*nodes.one, Selection::user(build::user_id()), at(second)).await;
    }
    let numbers = |from: u64, limit: u32| {
        let store = nodes.other.clone();
        async move {
            let markers = store.markers_after(from, limit).await.unwrap();
            markers.into_iter().map(|marker| marker.sequence).collect::<Vec<_>>()
        }
    };
    assert_eq!(numbers(0, 100).await, (1..=10).collect::<Vec<_>>());
    assert_eq!(numbers(3, 4).await, [4, 5, 6, 7]);
    assert!(numbers(10, 100).await.is_empty());
    assert!(numbers(99, 100).await.is_empty());
}

/// A snapshot and the markers after it tell the same as all markers do.
pub async fn a_snapshot_and_deltas_tell_everything(nodes: SessionNodes) {
    let client = build::client("web");
    let mut credentials = Vec::new();
    let mut snapshots = vec![nodes.one.snapshot(at(0)).await.unwrap()];
    for second in 0..12 {
        let user = build::user_id();
        let (session, token) = begin_recorded(&*nodes.one, user, &client, at(second)).await;
        let selection = match second % 4 {
            0 => Selection::user(user),
            1 => Selection::Session(session.id),
            2 => Selection::Token(token.id),
            _ => of_client(&build::client("app")),
        };
        revoke(&*nodes.one, selection, at(second)).await;
        credentials.push((session, token, second % 4 != 3));
        snapshots.push(nodes.other.snapshot(at(second)).await.unwrap());
    }
    let head = nodes.one.feed_head().await.unwrap();
    for snapshot in snapshots {
        let mut view = View::new();
        view.restore(snapshot);
        assert!(view.can_follow(&head));
        for marker in nodes.other.markers_after(view.sequence(), 1000).await.unwrap() {
            view.apply(marker);
        }
        assert_eq!(view.sequence(), head.sequence);
        for (session, token, revoked) in &credentials {
            let issued = Issued {
                token: Some(token.id),
                session: session.id,
                user: session.user,
                client: &session.client,
                generation: session.generation,
            };
            assert_eq!(view.covers(&issued).is_some(), *revoked);
        }
    }
}

/// A snapshot leaves out what can cover nothing any more; what is forgotten is told by the head.
pub async fn what_has_expired_is_left_out_and_forgotten(nodes: SessionNodes) {
    let (session, _) = begin_recorded(&*nodes.one, build::user_id(), &build::client("web"), at(0)).await;
    let client = Some(build::client("another"));
    let of_many = Selection::Sessions { user: None, client, begun_before: None, except: None };
    revoke(&*nodes.one, of_many, at(0)).await;
    revoke(&*nodes.one, Selection::Session(session.id), at(1)).await;
    let [long, short] = &markers(&*nodes.one).await[..] else { panic!("two markers") };
    assert!(short.expires_at < long.expires_at);
    sweep_all(&*nodes.one, at(2), at(-3600), 100).await;
    let just_before = nodes.one.snapshot(short.expires_at - Duration::from_millis(1)).await.unwrap();
    assert_eq!(just_before.markers, [long.clone(), short.clone()]);
    let after = nodes.one.snapshot(short.expires_at).await.unwrap();
    assert_eq!(after.markers, std::slice::from_ref(long));
    assert_eq!(after.head.sequence, 2);
    // Forgetting: the one that expired goes, and who has not seen it must take a snapshot.
    let mut view = View::new();
    view.restore(nodes.one.snapshot(at(2)).await.unwrap());
    let mut newcomer = View::new();
    newcomer.restore(counterfoil_core::revocation::Snapshot {
        head: FeedHead { sequence: 1, ..after.head },
        markers: vec![long.clone()],
    });
    sweep_all(&*nodes.one, short.expires_at, at(-3600), 100).await;
    let head = nodes.other.feed_head().await.unwrap();
    assert_eq!(head, FeedHead { forgotten: 2, sequence: 2, ..head });
    assert!(view.can_follow(&head) && !newcomer.can_follow(&head));
    assert_eq!(markers(&*nodes.other).await, std::slice::from_ref(long));
    sweep_all(&*nodes.one, at(0) + 2 * Lifetimes::MAX_ACCESS, at(-3600), 100).await;
    assert_eq!(markers(&*nodes.other).await, []);
    assert_eq!(nodes.one.feed_head().await.unwrap(), head, "the highest that was forgotten, not the last");
}

/// Numbers go on where they were when everything was forgotten.
pub async fn numbers_go_on_after_forgetting(nodes: SessionNodes) {
    revoke(&*nodes.one, Selection::all(), at(0)).await;
    sweep_all(&*nodes.one, at(0) + 2 * Lifetimes::MAX_ACCESS, at(0), 100).await;
    assert_eq!(markers(&*nodes.one).await, []);
    assert_eq!(revoke(&*nodes.other, Selection::all(), at(1)).await.1, 2);
}
