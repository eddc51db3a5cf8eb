//! Servers that die, fall silent, or lose what they had.

use std::time::{Duration, Instant};

use counterfoil_core::port::{Created, RefreshOutcome, SessionStore, StoreError};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Session;
use counterfoil_store_redis::RedisStore;
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::run;
use counterfoil_store_testkit::servers::redis::Redis;

use super::{ask, live, log_in, open, open_impatient};

#[test]
fn a_server_that_died_is_found_again_with_all_that_was_acknowledged() {
    run(async {
        let mut redis = Redis::durable();
        let store = open_impatient(&redis).await;
        let (session, token) = log_in(&store, at(0)).await;
        let revoked = store.revoke(build::revoke(Selection::Token(token.id), at(1))).await.unwrap();
        redis.kill();
        let begun = Instant::now();
        for _ in 0..20 {
            let refused = store.session(session.id).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            let refused = store.create(build::cookie(session.user, &session.client, at(2)), None).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            let refused = store.wait_beyond(revoked.sequence).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        redis.start_again();
        let begun = Instant::now();
        let found = loop {
            match store.session(session.id).await {
                Ok(found) => break found,
                Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(other) => panic!("{other:?}"),
            }
        };
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(found, Some(session.clone()));
        assert_eq!(store.feed_head().await.unwrap().sequence, revoked.sequence);
        let outcome = store.rotate_refresh(build::refresh(&session, 0, at(3))).await.unwrap();
        assert_eq!(outcome, RefreshOutcome::Rotated { counter: 1 });
        wakes(&store, revoked.sequence).await;
    });
}

/// Who waits is told of a revocation well before the wait would end by itself.
async fn wakes(store: &RedisStore, head: u64) {
    let begun = Instant::now();
    let mut numbers = head..;
    // The connection that follows may still be on its way back.
    while begun.elapsed() < Duration::from_secs(10) {
        let head = numbers.next().unwrap();
        let (told, ()) = tokio::join!(
            async {
                let begun = Instant::now();
                store.wait_beyond(head).await.unwrap();
                begun.elapsed()
            },
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                store.revoke(build::revoke(Selection::user(build::user_id()), at(9))).await.unwrap();
            }
        );
        if told < Duration::from_millis(300) {
            return;
        }
    }
    panic!("nobody is told");
}

#[test]
fn a_server_that_is_silent_is_not_waited_for() {
    run(async {
        let redis = Redis::start();
        let store = open_impatient(&redis).await;
        let (session, _) = log_in(&store, at(0)).await;
        redis.pause();
        for _ in 0..3 {
            let begun = Instant::now();
            let refused = store.session(session.id).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            assert!(begun.elapsed() < Duration::from_millis(1900), "{:?}", begun.elapsed());
        }
        redis.resume();
        let begun = Instant::now();
        while store.session(session.id).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(5), "it is found again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(store.session(session.id).await.unwrap(), Some(session));
    });
}

#[test]
fn a_feed_that_was_lost_begins_again_under_another_name() {
    run(async {
        let redis = Redis::start();
        let store = open(&redis).await;
        for _ in 0..3 {
            live(&store).await;
        }
        let before = store.feed_head().await.unwrap();
        ask::<String>(&redis, "FLUSHALL").await;
        let after = store.feed_head().await.unwrap();
        assert_ne!(after.feed, before.feed);
        assert_eq!((after.sequence, after.forgotten), (0, 0));
        wakes(&store, 0).await;
        // Of a cluster, one node can lose what it has, and another have the sessions still.
        let (session, _) = log_in(&store, at(20)).await;
        let before = store.feed_head().await.unwrap();
        ask::<u32>(&redis, "DEL cf:{feed} cf:{feed}:head cf:{feed}:open cf:{feed}:swept cf:{feed}:expiry")
            .await;
        let revoked = store.revoke(build::revoke(Selection::all(), at(21))).await.unwrap();
        assert!(revoked.sequence > session.generation && revoked.counts.sessions == 1, "{revoked:?}");
        assert!(store.session(session.id).await.unwrap().unwrap().ended.is_some());
        let after = store.feed_head().await.unwrap();
        assert!(after.feed != before.feed && after.forgotten > before.sequence, "{after:?}");
        // Who began to log in when the other feed was there has to look again.
        let late = Session { generation: 2, ..build::cookie(session.user, &session.client, at(21)) };
        assert_eq!(store.create(late, None).await.unwrap(), Created::Overtaken);
    });
}
