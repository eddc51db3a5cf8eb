//! Notices what other processes commit to the file, by SQLite's own counter of such commits.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use counterfoil_core::port::{StoreError, StoreResult};
use rusqlite::Connection;

use crate::Moved;
use crate::writer::Written;

/// How often there is a look.
const EVERY: Duration = Duration::from_millis(50);

/// A handle to the observing thread. It ends when this is dropped, or told to.
pub(crate) struct Observer {
    wake: Mutex<Option<SyncSender<()>>>,
}

impl Observer {
    pub(crate) fn start(connection: Connection, moved: Arc<Moved>) -> StoreResult<Self> {
        let (wake, woken) = sync_channel(1);
        // Read here and not on the thread, which may begin late: a commit after the store was opened must be noticed.
        let mut seen = data_version(&connection);
        let observe = move || {
            while let Ok(()) | Err(RecvTimeoutError::Timeout) = woken.recv_timeout(EVERY) {
                let present = data_version(&connection);
                // A counter that cannot be read may hide a commit: those who wait look for themselves.
                if present.is_none() || present != seen {
                    moved.tell(Written { feed: true, accounts: true });
                }
                seen = present;
            }
        };
        std::thread::Builder::new()
            .name("sqlite-observer".to_owned())
            .spawn(observe)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self { wake: Mutex::new(Some(wake)) })
    }

    pub(crate) fn nudge(&self) {
        if let Some(wake) = self.wake().as_ref() {
            // A full channel has a look under way already.
            let _ = wake.try_send(());
        }
    }

    pub(crate) fn stop(&self) {
        drop(self.wake().take());
    }

    fn wake(&self) -> MutexGuard<'_, Option<SyncSender<()>>> {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn data_version(connection: &Connection) -> Option<i64> {
    connection.prepare_cached("PRAGMA data_version").ok()?.query_row([], |row| row.get(0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_right_after_the_start_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (n)").unwrap();
        for _ in 0..20 {
            let moved = Arc::new(Moved::default());
            let mut told = moved.accounts.subscribe();
            let _observer = Observer::start(Connection::open(&path).unwrap(), Arc::clone(&moved)).unwrap();
            writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
            tokio::time::timeout(Duration::from_secs(5), told.changed()).await.unwrap().unwrap();
        }
    }
}
