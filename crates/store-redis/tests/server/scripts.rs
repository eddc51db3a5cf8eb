//! Scripts, and the hash slots that they touch.

use counterfoil_store_redis::{RedisOptions, RedisStore};
use counterfoil_store_testkit::servers::redis::Redis;
use counterfoil_store_testkit::{SessionNodes, build, model, run};

use super::{ask, live, open};

#[test]
fn no_command_touches_two_hash_slots() {
    thread_local! {
        static SERVER: Redis = Redis::cluster_of_one();
    }
    // The model uses every command in every way. What one of its stores left does not disturb the next.
    model::agrees(|| async {
        let url = SERVER.with(Redis::url);
        let options = RedisOptions { prefix: build::user_id().to_string(), ..RedisOptions::default() };
        let one = RedisStore::connect(&url, options.clone()).await.unwrap();
        SessionNodes::new(one, RedisStore::connect(&url, options).await.unwrap(), ())
    });
}

#[test]
fn scripts_that_were_flushed_are_sent_again() {
    run(async {
        let redis = Redis::start();
        let store = open(&redis).await;
        for _ in 0..3 {
            live(&store).await;
            ask::<String>(&redis, "SCRIPT FLUSH").await;
        }
    });
}
