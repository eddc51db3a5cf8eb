//! What an operator should know of Redis.

use std::collections::HashMap;

use async_trait::async_trait;
use counterfoil_core::Timestamp;
use counterfoil_core::port::{Fact, Inspect, StoreError, StoreResult};

use crate::RedisStore;
use crate::link::Link;
use crate::policy::KEEPS_ALL;

/// A clock that is further away than this is told: nothing is decided by comparing it, but people compare logs.
const CLOCKS_APART: i64 = 2000;

#[async_trait]
impl Inspect for RedisStore {
    async fn inspect(&self, now: Timestamp) -> StoreResult<Vec<Fact>> {
        let info = match self.link.query::<String>(&redis::cmd("INFO")).await {
            Ok(info) => info,
            // Forbidden by its access rules.
            Err(StoreError::Broken(_)) => String::new(),
            Err(error) => return Err(error),
        };
        let said: HashMap<&str, &str> = info.lines().filter_map(|line| line.trim().split_once(':')).collect();
        let say = |name: &str| said.get(name).copied().unwrap_or("unknown");
        let (appendonly, policy) = (say("aof_enabled"), say("maxmemory_policy"));
        let kind = match said.get("valkey_version") {
            Some(version) => format!("Valkey {version}"),
            None => format!("Redis {}", say("redis_version")),
        };
        let primary = matches!(say("role"), "master" | "unknown");
        let mut facts = vec![
            Fact::new("kind", kind),
            Fact::new("role", say("role")).unless(primary, "name the primary: a replica takes no writes"),
            Fact::new("memory", format!("{} of {}", say("used_memory_human"), say("maxmemory_human"))),
            Fact::new("maxmemory-policy", policy).unless(
                matches!(policy, KEEPS_ALL | "unknown"),
                "CONFIG SET maxmemory-policy noeviction   # and in redis.conf",
            ),
            Fact::new("appendonly", if appendonly == "1" { "yes" } else { "no" }).unless(
                appendonly != "0",
                "CONFIG SET appendonly yes   # and in redis.conf: a restart forgets log-ins and revocations otherwise",
            ),
            Fact::new("replicas", say("connected_slaves")),
        ];
        if let Some(apart) = apart(&self.link, now).await? {
            let told = Fact::new("clock", format!("{apart} ms from this machine's"));
            facts.push(
                told.unless(apart.abs() < CLOCKS_APART, "let both machines follow the same time server"),
            );
        }
        Ok(facts)
    }
}

/// How far Redis' clock is from ours, in milliseconds.
async fn apart(link: &Link, now: Timestamp) -> StoreResult<Option<i64>> {
    match link.query::<(i64, i64)>(&redis::cmd("TIME")).await {
        Ok((seconds, micros)) => Ok(Some(seconds * 1000 + micros / 1000 - now.millis())),
        Err(StoreError::Broken(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
