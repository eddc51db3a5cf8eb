//! What is Redis's own: its scripts, its memory, its ends and beginnings.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

mod keys;
mod memory;
mod outages;
mod races;
mod refusals;
mod scripts;

use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::port::{Created, SessionStore};
use counterfoil_core::revocation::Selection;
use counterfoil_core::session::Session;
use counterfoil_core::token::TokenRecord;
use counterfoil_store_redis::{RedisOptions, RedisStore};
use counterfoil_store_testkit::build::{self, at};
use counterfoil_store_testkit::servers::redis::Redis;

async fn open(redis: &Redis) -> RedisStore {
    RedisStore::connect(&redis.url(), RedisOptions::default()).await.unwrap()
}

/// A store that does not wait for long.
async fn open_impatient(redis: &Redis) -> RedisStore {
    let options = RedisOptions {
        connect_timeout: Duration::from_millis(500),
        response_timeout: Duration::from_millis(500),
        ..RedisOptions::default()
    };
    RedisStore::connect(&redis.url(), options).await.unwrap()
}

/// Asks the server something beside the store.
async fn ask<T: redis::FromRedisValue>(redis: &Redis, command: &str) -> T {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut words = command.split(' ');
    let mut asked = redis::cmd(words.next().unwrap());
    asked.arg(words.collect::<Vec<_>>());
    asked.query_async(&mut connection).await.unwrap()
}

async fn all_keys(redis: &Redis) -> Vec<String> {
    ask(redis, "KEYS *").await
}

async fn log_in(store: &RedisStore, begun: Timestamp) -> (Session, TokenRecord) {
    let (mut session, token) = build::recorded(build::user_id(), &build::client("web"), begun);
    session.generation = store.feed_head().await.unwrap().sequence;
    let created = store.create(session.clone(), Some(token.clone())).await.unwrap();
    assert_eq!(created, Created::Done);
    (session, token)
}

/// Something of everything that a store does.
async fn live(store: &RedisStore) {
    let (session, _) = log_in(store, at(0)).await;
    let (other, token) = log_in(store, at(1)).await;
    let cookie = build::cookie(other.user, &build::client("app"), at(2));
    let generation = store.feed_head().await.unwrap().sequence;
    store.create(Session { generation, ..cookie.clone() }, None).await.unwrap();
    store.rotate_refresh(build::refresh(&session, 0, at(3))).await.unwrap();
    store.touch(&[(cookie.id, at(4)), (build::session_id(at(4)), at(4))]).await.unwrap();
    store.revoke(build::revoke(Selection::Token(token.id), at(5))).await.unwrap();
    store.revoke(build::revoke(Selection::Session(other.id), at(6))).await.unwrap();
    let of_client = Selection::Sessions {
        user: None,
        client: Some(build::client("app")),
        begun_before: None,
        except: None,
    };
    store.revoke(build::revoke(of_client, at(7))).await.unwrap();
    store.revoke(build::revoke(Selection::user(session.user), at(8))).await.unwrap();
    store.sweep(at(9), at(-9), 1).await.unwrap();
    log_in(store, at(10)).await;
}
