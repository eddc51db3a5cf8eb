//! Reading connections: point reads on the calling thread, what may take longer on a thread for blocking work.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use counterfoil_core::port::{StoreError, StoreResult};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::error::store_error;

/// The reading connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    kept: usize,
    long: Semaphore,
}

impl Readers {
    pub(crate) fn new(path: &Path, kept: usize) -> Self {
        let kept = kept.max(1);
        Self(Arc::new(Pool {
            path: path.to_owned(),
            idle: Mutex::default(),
            kept,
            long: Semaphore::new(kept),
        }))
    }

    /// A further connection, that cannot write.
    pub(crate) fn open(&self) -> StoreResult<Connection> {
        // Not opened read-only: the first reader after a crash has to be able to recover the log.
        let connection = crate::open_connection(&self.0.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "query_only", true).map_err(store_error)?;
        Ok(connection)
    }

    /// Reads on the calling thread: for what takes microseconds.
    pub(crate) fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> StoreResult<T> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = query(&connection).map_err(store_error);
        let mut idle = self.idle();
        if idle.len() < self.0.kept {
            idle.push(connection);
        }
        result
    }

    /// Reads on a thread for blocking work. No more at once than there are connections kept: the others wait.
    pub(crate) async fn read_long<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> StoreResult<T> {
        let _permit = self.0.long.acquire().await.map_err(|error| StoreError::Unavailable(error.into()))?;
        self.read_aside(query).await
    }

    /// Reads on a thread for blocking work, without waiting for others.
    pub(crate) async fn read_aside<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> StoreResult<T> {
        let readers = self.clone();
        let done = tokio::task::spawn_blocking(move || readers.read(query)).await;
        done.map_err(|error| StoreError::Broken(error.into()))?
    }

    /// Closes the connections that are idle.
    pub(crate) fn release(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
