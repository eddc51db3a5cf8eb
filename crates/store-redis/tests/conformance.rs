//! The laws of the sessions port, each a test, with two stores open on one real Redis.

#![expect(clippy::unwrap_used, reason = "a store that cannot be reached is a panic")]

use std::sync::atomic::{AtomicU32, Ordering};

use counterfoil_store_redis::{RedisOptions, RedisStore};
use counterfoil_store_testkit::servers::redis::Redis;
use counterfoil_store_testkit::{SessionNodes, session_store_suite};

thread_local! {
    /// One server for each test; the model wants many stores, each of which has keys that begin differently.
    static SERVER: Redis = Redis::start();
}

async fn sessions() -> SessionNodes {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = SERVER.with(Redis::url);
    let prefix = format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let options = RedisOptions { prefix, ..RedisOptions::default() };
    let (one, other) =
        tokio::join!(RedisStore::connect(&url, options.clone()), RedisStore::connect(&url, options));
    SessionNodes::new(one.unwrap(), other.unwrap(), ())
}

session_store_suite!(sessions);
