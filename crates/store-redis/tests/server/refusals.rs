//! What is refused, and what is said then.

use std::error::Error;

use counterfoil_core::port::{Created, SessionStore, StoreError};
use counterfoil_core::revocation::Selection;
use counterfoil_store_redis::{RedisOptions, RedisStore};
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::run;
use counterfoil_store_testkit::servers::redis::Redis;

use super::{ask, live, log_in, open};

#[test]
fn a_redis_that_throws_keys_away_is_refused() {
    run(async {
        let redis = Redis::with_settings(&["--maxmemory-policy volatile-ttl"]);
        let refused = RedisStore::connect(&redis.url(), RedisOptions::default()).await;
        let Err(StoreError::Broken(source)) = refused else { panic!("{refused:?}") };
        assert!(source.to_string().contains("volatile-ttl"), "{source}");
        let allowed = RedisOptions { danger_allow_eviction: true, ..RedisOptions::default() };
        assert!(RedisStore::connect(&redis.url(), allowed).await.is_ok());
        // Where the question is forbidden, as at some who run Redis for others, it is taken.
        let silent = Redis::with_settings(&["--rename-command CONFIG "]);
        assert!(RedisStore::connect(&silent.url(), RedisOptions::default()).await.is_ok());
    });
}

/// The rights that `README.md` names.
const RIGHTS: &str = "~cf:* +@read +@write +@scripting +@connection +time +info +config|get";

#[test]
fn the_rights_that_are_documented_suffice() {
    assert!(include_str!("../../README.md").contains(RIGHTS));
    run(async {
        let redis = Redis::start();
        ask::<String>(&redis, &format!("ACL SETUSER app on >secret {RIGHTS}")).await;
        let url = redis.url().replace("redis://", "redis://app:secret@");
        let store = RedisStore::connect(&url, RedisOptions::default()).await.unwrap();
        live(&store).await;
        ask::<u32>(&redis, "DEL cf:{feed} cf:{feed}:head").await;
        live(&store).await;
        store.snapshot(at(9)).await.unwrap();
        let late = at(40 * 24 * 3600);
        while store.sweep(late, late, 100).await.unwrap().more {}
    });
}

#[test]
fn a_full_or_read_only_server_is_said_to_be_so() {
    run(async {
        let redis = Redis::start();
        let store = open(&redis).await;
        let (session, _) = log_in(&store, at(0)).await;
        let another = || build::cookie(build::user_id(), &build::client("web"), at(1));
        ask::<String>(&redis, "CONFIG SET maxmemory 100000").await;
        let refused = store.create(another(), None).await;
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
        let refused = store.revoke(build::revoke(Selection::Session(session.id), at(1))).await;
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
        assert_eq!(store.session(session.id).await.unwrap(), Some(session.clone()), "reads go on");
        assert_eq!(store.feed_head().await.unwrap().sequence, 0);
        ask::<String>(&redis, "CONFIG SET maxmemory 0").await;
        ask::<String>(&redis, "REPLICAOF 127.0.0.1 1").await;
        let refused = store.create(another(), None).await;
        assert!(matches!(refused, Err(StoreError::ReadOnly(_))), "{refused:?}");
        ask::<String>(&redis, "REPLICAOF NO ONE").await;
        assert_eq!(store.create(another(), None).await.unwrap(), Created::Done);
    });
}

#[test]
fn a_store_that_was_closed_refuses() {
    run(async {
        let redis = Redis::start();
        let store = open(&redis).await;
        store.close().await;
        assert!(matches!(store.feed_head().await, Err(StoreError::Unavailable(_))));
    });
}

#[test]
fn no_error_tells_the_password() {
    run(async {
        let redis = Redis::with_settings(&["--requirepass correct-horse"]);
        let host = redis.url().replace("redis://", "");
        let nowhere = "127.0.0.1:1/";
        for url in [
            format!("redis://:battery-staple@{host}"),
            format!("redis://someone:battery-staple@{nowhere}"),
            format!("rediss://someone:battery-staple@{host}"),
            format!("redis://:battery-staple@{host}not-a-number"),
            "redis://:battery-staple@:::".to_owned(),
            "no-scheme://:battery-staple@here/".to_owned(),
        ] {
            let error = RedisStore::connect(&url, RedisOptions::default()).await.unwrap_err();
            let mut told = format!("{error} {error:?}");
            let mut source = error.source();
            while let Some(error) = source {
                told.push_str(&format!(" {error} {error:?}"));
                source = error.source();
            }
            assert!(!told.contains("battery") && !told.contains("redis://"), "{told}");
        }
        let url = format!("redis://:correct-horse@{host}");
        assert!(RedisStore::connect(&url, RedisOptions::default()).await.is_ok());
    });
}
