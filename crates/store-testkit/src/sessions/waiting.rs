//! Waiting for the feed to move. The laws that watch the clock leave room for a busy machine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use counterfoil_core::port::SessionStore;
use counterfoil_core::revocation::Selection;

use super::{head, revoke};
use crate::SessionNodes;
use crate::build::{self, at};

/// What "half a second" may take on a busy machine.
const HALF_A_SECOND: Duration = Duration::from_millis(1500);

/// It returns at once when the feed has moved already.
pub async fn it_returns_at_once_when_the_feed_has_moved(nodes: SessionNodes) {
    revoke(&*nodes.one, Selection::all(), at(0)).await;
    let begun = Instant::now();
    for _ in 0..10 {
        nodes.one.wait_beyond(0).await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

/// It returns within half a second when nothing moves.
pub async fn it_returns_when_nothing_moves(nodes: SessionNodes) {
    let begun = Instant::now();
    nodes.one.wait_beyond(0).await.unwrap();
    assert!(begun.elapsed() < HALF_A_SECOND, "{:?}", begun.elapsed());
}

/// A follower at either node learns of a revocation made at one of them, each time, well within a second.
pub async fn a_follower_at_any_node_learns_of_it(nodes: SessionNodes) {
    for number in 1..=5 {
        let begun = Instant::now();
        let follow = |store: Arc<dyn SessionStore>| {
            tokio::spawn(async move {
                while head(&*store).await < number {
                    store.wait_beyond(number - 1).await.unwrap();
                }
                begun.elapsed()
            })
        };
        let followers = [follow(Arc::clone(&nodes.one)), follow(Arc::clone(&nodes.other))];
        tokio::time::sleep(Duration::from_millis(20)).await;
        revoke(&*nodes.one, Selection::user(build::user_id()), at(0)).await;
        for follower in followers {
            let took = follower.await.unwrap();
            assert!(took < Duration::from_secs(1), "{took:?}");
        }
    }
}

/// A wait that is given up does no harm.
pub async fn a_wait_can_be_given_up(nodes: SessionNodes) {
    for _ in 0..20 {
        let wait = nodes.one.wait_beyond(0);
        assert!(tokio::time::timeout(Duration::from_millis(1), wait).await.is_err());
    }
    revoke(&*nodes.one, Selection::all(), at(0)).await;
    nodes.one.wait_beyond(0).await.unwrap();
}
