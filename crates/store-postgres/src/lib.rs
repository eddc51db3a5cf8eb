#![doc = include_str!("../README.md")]

mod accounts;
mod address;
mod columns;
mod connection;
mod error;
mod inspect;
mod lease;
mod listener;
mod locks;
mod paging;
mod pool;
mod schema;
mod sessions;
mod tls;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::port::StoreResult;
use tokio::sync::watch;

use connection::Connector;
use error::{Result, closed, late};
use listener::{Listener, Moved};
use pool::Pool;

/// How the store is reached.
#[derive(Clone, Copy, Debug)]
pub struct PostgresOptions {
    /// Connections that are kept open at most, besides the one that listens; at least two.
    pub pool_size: usize,
    /// How long making a connection may take, with the handshake of TLS and the log-in.
    pub connect_timeout: Duration,
    /// How long one statement may take on the server, and half of it how long a lock is waited for. A whole command
    /// takes no longer than this and [`connect_timeout`](Self::connect_timeout) together.
    pub statement_timeout: Duration,
}

impl Default for PostgresOptions {
    /// Ten connections, three seconds and five.
    fn default() -> Self {
        Self {
            pool_size: 10,
            connect_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(5),
        }
    }
}

/// How long a wait takes at most, so that whoever follows knows that the store is there.
const WAIT: Duration = Duration::from_millis(400);
/// How often a command is done again that PostgreSQL gave up for the sake of another one.
const REPEATS: u32 = 3;

/// Both ports on one schema of a PostgreSQL database.
pub struct PostgresStore {
    pool: Pool,
    listener: Listener,
    moved: Arc<Moved>,
    options: PostgresOptions,
}

impl PostgresStore {
    /// Connects, and makes or migrates the tables as needed.
    ///
    /// # Errors
    /// [`StoreError::FromTheFuture`](counterfoil_core::port::StoreError::FromTheFuture) for a newer version's tables,
    /// [`Broken`](counterfoil_core::port::StoreError::Broken) for a URL that cannot be read or tables that are not
    /// Counterfoil's, [`Unavailable`](counterfoil_core::port::StoreError::Unavailable) when there is no connection to be had.
    /// None of them tells the URL.
    pub async fn connect(url: &str, options: PostgresOptions) -> StoreResult<Self> {
        let pool = Pool::new(Connector::new(url, options)?, options.pool_size);
        schema::prepare(&pool.get().await?).await?;
        let moved = Arc::new(Moved::default());
        let listener = Listener::start(pool.connector().clone(), Arc::clone(&moved)).await;
        Ok(Self { pool, listener, moved, options })
    }

    /// Closes the connections: what is under way is finished, later calls are refused, and who waits is told so.
    pub async fn close(&self) {
        self.listener.stop();
        self.pool.close();
        self.moved.all();
        let limit = self.options.connect_timeout + self.options.statement_timeout;
        let _ = tokio::time::timeout(limit, self.pool.emptied()).await;
    }

    /// Carries a command out within the bound of a command, again if it lost a race.
    async fn carry_out<T, F>(&self, command: impl Fn() -> F) -> StoreResult<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.carry_out_within(self.options.statement_timeout, command).await
    }

    async fn carry_out_within<T, F>(&self, limit: Duration, command: impl Fn() -> F) -> StoreResult<T>
    where
        F: Future<Output = Result<T>>,
    {
        let repeated = async {
            for _ in 0..REPEATS {
                match command().await {
                    Err(error) if error.lost_a_race() => {
                        tracing::debug!("a command lost a race and is done again")
                    }
                    outcome => return outcome,
                }
            }
            command().await
        };
        let outcome = tokio::time::timeout(self.options.connect_timeout + limit, repeated).await;
        Ok(outcome.map_err(|_| late())??)
    }

    /// Waits until it is told that something moved. Whether it has already is looked at first, so that nothing is missed
    /// between the look and the wait.
    async fn wait<F>(&self, moved: &watch::Sender<()>, sequence: u64, head: impl Fn() -> F) -> StoreResult<()>
    where
        F: Future<Output = Result<u64>>,
    {
        let mut told = moved.subscribe();
        told.mark_unchanged();
        if self.carry_out(head).await? != sequence {
            return Ok(());
        }
        // In time or not: the head was seen during this call.
        let _ = tokio::time::timeout(WAIT, told.changed()).await;
        if self.pool.is_closed() { Err(closed().into()) } else { Ok(()) }
    }
}
