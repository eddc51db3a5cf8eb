//! Whether this Redis will do: its version, and what it does when its memory is full.

use counterfoil_core::port::{StoreError, StoreResult};

use crate::link::Link;

/// The oldest version that has what is needed: `ZADD LT`, open ends of `XRANGE`.
const OLDEST: [u32; 2] = [6, 2];

/// The one policy that throws nothing away: writes are refused instead, and the store says that it is full.
pub(crate) const KEEPS_ALL: &str = "noeviction";

/// Refuses a Redis that would throw keys away, unless that is allowed. Where Redis does not say (managed ones forbid the
/// question), it is for the operator to know.
pub(crate) async fn check(link: &Link, allow_eviction: bool) -> StoreResult<()> {
    link.query::<String>(&redis::cmd("PING")).await?;
    check_version(link).await?;
    let mut question = redis::cmd("CONFIG");
    question.arg("GET").arg("maxmemory-policy");
    let answer: Option<Vec<(String, String)>> = match link.query(&question).await {
        Ok(answer) => Some(answer),
        Err(StoreError::Broken(_)) => None,
        Err(error) => return Err(error),
    };
    let policy = answer.unwrap_or_default().into_iter().map(|(_, policy)| policy).next();
    match policy {
        Some(policy) if policy != KEEPS_ALL => {
            if !allow_eviction {
                return Err(StoreError::Broken(
                    format!(
                        "maxmemory-policy is {policy}: when its memory is full, Redis would throw away sessions and \
                         revocations. Set it to {KEEPS_ALL}"
                    )
                    .into(),
                ));
            }
            tracing::warn!(policy, "Redis may throw away sessions and revocations when its memory is full");
        }
        Some(_) => {}
        None => tracing::warn!("Redis does not say its maxmemory-policy: make sure that it is {KEEPS_ALL}"),
    }
    Ok(())
}

/// Refuses what is too old. One that does not tell its version is taken.
async fn check_version(link: &Link) -> StoreResult<()> {
    let mut question = redis::cmd("INFO");
    question.arg("server");
    let answer: String = match link.query(&question).await {
        Err(StoreError::Broken(_)) => return Ok(()),
        answer => answer?,
    };
    // Valkey tells the version of Redis that it is compatible with.
    let version = answer.lines().find_map(|line| line.strip_prefix("redis_version:"));
    let numbers =
        |version: &str| version.split('.').map_while(|part| part.parse().ok()).collect::<Vec<u32>>();
    match version {
        Some(version) if numbers(version) < OLDEST.to_vec() => {
            let text = format!("Redis {version} is too old: {}.{} is needed, or later", OLDEST[0], OLDEST[1]);
            Err(StoreError::Broken(text.into()))
        }
        _ => Ok(()),
    }
}
