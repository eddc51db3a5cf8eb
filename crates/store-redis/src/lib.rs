#![doc = include_str!("../README.md")]

mod codec;
mod error;
mod feed;
mod index;
mod inspect;
mod keys;
mod link;
mod policy;
mod records;
mod scripts;
mod sessions;
mod walk;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::port::StoreResult;
use counterfoil_core::{SessionId, TokenId, UserId};
use quick_cache::sync::Cache;

use feed::{Feed, Follower};
use index::{Index, TokenEntry};
use keys::Keys;
use link::Link;
use records::Records;

/// How the store is reached.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// What all keys begin with, so that others may use the same Redis.
    pub prefix: String,
    /// How long making a connection may take, with the handshake of TLS and the log-in.
    pub connect_timeout: Duration,
    /// How long one answer may take.
    pub response_timeout: Duration,
    /// Takes a Redis that throws keys away when its memory is full. It forgets sessions and, worse, revocations.
    pub danger_allow_eviction: bool,
}

impl Default for RedisOptions {
    /// The prefix `cf`, two seconds and two, and no eviction.
    fn default() -> Self {
        Self {
            prefix: "cf".to_owned(),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(2),
            danger_allow_eviction: false,
        }
    }
}

/// Owners of ids that are kept in mind; 100,000 take some 6 MB.
const OWNERS: usize = 100_000;

/// The sessions port on Redis or Valkey.
pub struct RedisStore {
    link: Arc<Link>,
    feed: Feed,
    index: Index,
    records: Records,
    follower: Follower,
    /// Whose a session is. That never changes, so no copy of it can be wrong.
    users: Cache<SessionId, UserId>,
    /// Whose a token is.
    tokens: Cache<TokenId, TokenEntry>,
}

impl RedisStore {
    /// Connects, and begins to follow the feed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](counterfoil_core::port::StoreError::Unavailable) when Redis does not answer,
    /// [`Broken`](counterfoil_core::port::StoreError::Broken) when the URL is none, the password is wrong, or Redis is set up
    /// to throw keys away. No error has the URL or the password in it.
    pub async fn connect(url: &str, options: RedisOptions) -> StoreResult<Self> {
        let keys = Arc::new(Keys::new(&options.prefix));
        let link = Arc::new(Link::new(url, &options)?);
        policy::check(&link, options.danger_allow_eviction).await?;
        let feed = Feed { link: Arc::clone(&link), keys: Arc::clone(&keys) };
        feed.head().await?;
        let follower = Follower::start(url, options, Arc::clone(&keys))?;
        Ok(Self {
            feed,
            index: Index { link: Arc::clone(&link), keys: Arc::clone(&keys) },
            records: Records { link: Arc::clone(&link), keys },
            link,
            follower,
            users: Cache::new(OWNERS),
            tokens: Cache::new(OWNERS),
        })
    }

    /// Refuses what comes from now on, and follows the feed no more. What was acknowledged is with Redis already.
    pub async fn close(&self) {
        self.follower.stop();
        self.link.close();
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}
