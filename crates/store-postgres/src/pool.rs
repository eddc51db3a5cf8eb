//! The connections: no more than a bound, each used by one command at a time, none used again in a state not known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{Connection, Connector};
use crate::error::{Result, closed, late};
use crate::lease::Lease;

/// How long a connection whose command was given up may take to come to rest before it is thrown away.
const TO_REST: Duration = Duration::from_secs(1);

/// The pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    connector: Connector,
    size: usize,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub(crate) fn new(connector: Connector, size: usize) -> Self {
        // One command needs two connections at once: a smaller pool would never give it both.
        let size = size.clamp(2, Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            connector,
            size,
            permits: Arc::new(Semaphore::new(size)),
            idle: Mutex::default(),
        }))
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.0.connector
    }

    /// A connection for one command.
    pub(crate) async fn get(&self) -> Result<Lease> {
        let permit = Arc::clone(&self.0.permits).acquire_owned().await.map_err(|_| closed())?;
        self.lease(permit).await
    }

    /// Two connections, both or none: whoever holds one and waits for another may wait for ever.
    pub(crate) async fn get_two(&self) -> Result<(Lease, Lease)> {
        let mut permits = Arc::clone(&self.0.permits).acquire_many_owned(2).await.map_err(|_| closed())?;
        let second = permits.split(1).ok_or_else(closed)?;
        Ok((self.lease(permits).await?, self.lease(second).await?))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.permits.is_closed()
    }

    /// Closes what is idle, and the rest as soon as its command is done. Nothing is given out any more.
    pub(crate) fn close(&self) {
        self.0.permits.close();
        self.idle().clear();
    }

    /// Waits until no connection is lent any more.
    pub(crate) async fn emptied(&self) {
        while self.0.permits.available_permits() < self.0.size {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Takes a connection back whose command is done.
    pub(crate) fn put(&self, connection: Connection) {
        let mut idle = self.idle();
        if !self.is_closed() && !connection.is_closed() {
            idle.push(connection);
        }
    }

    /// Takes a connection back whose command was given up: what was sent is waited for, and undone, before it is used again.
    pub(crate) fn put_to_rest(
        &self,
        connection: Connection,
        in_transaction: bool,
        permit: OwnedSemaphorePermit,
    ) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let pool = self.clone();
        runtime.spawn(async move {
            if let Ok(Ok(())) = tokio::time::timeout(TO_REST, connection.reset(in_transaction)).await {
                pool.put(connection);
            }
            drop(permit);
        });
    }

    async fn lease(&self, permit: OwnedSemaphorePermit) -> Result<Lease> {
        loop {
            // Popped in a statement of its own: the lock is not held while connecting.
            let idle = self.idle().pop();
            let connection = match idle {
                Some(connection) if connection.is_closed() => continue,
                Some(connection) => connection,
                None => self.connect().await?,
            };
            return Ok(Lease::new(self.clone(), connection, permit));
        }
    }

    async fn connect(&self) -> Result<Connection> {
        let limit = self.0.connector.connect_timeout();
        tokio::time::timeout(limit, self.0.connector.connect()).await.map_err(|_| late())?
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
