//! One connection for many commands at once, made again when it is lost.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::RwLock;
use std::time::Duration;

use counterfoil_core::port::{StoreError, StoreResult};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, IntoConnectionInfo, ProtocolVersion, RedisResult,
    ScriptInvocation,
};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::RedisOptions;
use crate::error::{closed, store_error, wants_another_connection};

/// Between attempts to connect it waits so long at first, and never longer than the second.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// Commands that may wait to be written.
const WAITING: usize = 1024;

pub(crate) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    present: RwLock<Present>,
    attempts: Mutex<Attempts>,
}

#[derive(Clone, Default)]
struct Present {
    connection: Option<MultiplexedConnection>,
    /// Rises with each connection, so that a late error of one does not end the next.
    number: u64,
    closed: bool,
}

#[derive(Default)]
struct Attempts {
    failed: u32,
    not_before: Option<Instant>,
}

impl Link {
    /// Prepares a link; it connects when it is first used.
    pub(crate) fn new(url: &str, options: &RedisOptions) -> StoreResult<Self> {
        let info = url.into_connection_info().map_err(store_error)?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).map_err(store_error)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(options.connect_timeout))
            .set_response_timeout(Some(options.response_timeout))
            .set_pipeline_buffer_size(WAITING);
        Ok(Self { client, config, present: RwLock::default(), attempts: Mutex::default() })
    }

    /// Runs a command. Commands that are begun together are written in the order in which they are begun.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> StoreResult<T> {
        let (mut connection, number) = self.connection().await?;
        self.judge(number, command.query_async(&mut connection).await)
    }

    /// Runs a script by its digest, and sends it first where Redis does not have it.
    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> StoreResult<T> {
        let (mut connection, number) = self.connection().await?;
        self.judge(number, script.invoke_async(&mut connection).await)
    }

    /// Refuses what comes from now on.
    pub(crate) fn close(&self) {
        let mut present = self.present.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *present = Present { connection: None, number: present.number + 1, closed: true };
    }

    fn judge<T>(&self, number: u64, answer: RedisResult<T>) -> StoreResult<T> {
        answer.map_err(|error| {
            if wants_another_connection(&error) {
                let mut present = self.present.write().unwrap_or_else(std::sync::PoisonError::into_inner);
                if present.number == number {
                    present.connection = None;
                }
            }
            store_error(error)
        })
    }

    fn present(&self) -> StoreResult<Present> {
        let present = self.present.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if present.closed { Err(closed()) } else { Ok(present.clone()) }
    }

    async fn connection(&self) -> StoreResult<(MultiplexedConnection, u64)> {
        let Present { connection: Some(connection), number, .. } = self.present()? else {
            return self.connect().await;
        };
        Ok((connection, number))
    }

    /// One attempt for all who wait for it. Between attempts everybody is refused at once.
    async fn connect(&self) -> StoreResult<(MultiplexedConnection, u64)> {
        let mut attempts = self.attempts.lock().await;
        let present = self.present()?;
        if let Some(connection) = present.connection {
            return Ok((connection, present.number));
        }
        if attempts.not_before.is_some_and(|instant| Instant::now() < instant) {
            return Err(StoreError::Unavailable("there is no connection to Redis".into()));
        }
        match self.client.get_multiplexed_async_connection_with_config(&self.config).await {
            Ok(connection) => {
                *attempts = Attempts::default();
                let mut present = self.present.write().unwrap_or_else(std::sync::PoisonError::into_inner);
                if present.closed {
                    return Err(closed());
                }
                present.number += 1;
                present.connection = Some(connection.clone());
                Ok((connection, present.number))
            }
            Err(error) => {
                let (first, most) = BACK_OFF;
                let wait = (first * 2_u32.pow(attempts.failed.min(8))).min(most);
                attempts.failed += 1;
                attempts.not_before = Some(Instant::now() + wait / 2 + part_of(wait / 2));
                Err(store_error(error))
            }
        }
    }
}

/// Somewhere between nothing and this, differently each time: nodes that lost the same server do not come back in step.
pub(crate) fn part_of(duration: Duration) -> Duration {
    duration * u32::try_from(random() % 1024).unwrap_or(0) / 1024
}

/// A number for which it is enough that no two are the same: what the standard library seeds its maps with.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
