#![doc = include_str!("../README.md")]

mod accounts;
mod columns;
mod error;
mod inspect;
mod observer;
mod paging;
mod readers;
mod schema;
mod sessions;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use counterfoil_core::port::StoreResult;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::watch;

use error::store_error;
use observer::Observer;
use readers::Readers;
use writer::{Writer, Written};

/// How the store is opened.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// How far an acknowledged write is durable.
    pub durability: Durability,
    /// Reading connections that are kept open.
    pub readers: usize,
}

/// How far an acknowledged write is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// On the disk: survives a power failure.
    Full,
    /// With the operating system: survives the death of the process.
    Normal,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { durability: Durability::Full, readers: 4 }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full: synced before it is acknowledged",
            Self::Normal => "normal: survives the process, perhaps not a power failure",
        })
    }
}

/// Both ports on one SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    observer: Observer,
    moved: Arc<Moved>,
    durability: Durability,
}

/// Tells those who wait that something moved; the numbers mean nothing.
#[derive(Default)]
struct Moved {
    feed: watch::Sender<u64>,
    accounts: watch::Sender<u64>,
}

impl Moved {
    fn tell(&self, written: Written) {
        if written.feed {
            self.feed.send_modify(|count| *count = count.wrapping_add(1));
        }
        if written.accounts {
            self.accounts.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

impl SqliteStore {
    /// Opens the file, making or migrating it as needed.
    ///
    /// # Errors
    /// [`StoreError::FromTheFuture`](counterfoil_core::port::StoreError::FromTheFuture) for a newer version's file,
    /// [`Broken`](counterfoil_core::port::StoreError::Broken) for one that is no Counterfoil database, and what opening
    /// a file can fail with.
    pub fn open(path: &Path, options: SqliteOptions) -> StoreResult<Self> {
        let mut connection =
            open_connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        schema::prepare(&mut connection, options.durability)?;
        let moved = Arc::new(Moved::default());
        let readers = Readers::new(path, options.readers);
        let observer = Observer::start(readers.open()?, Arc::clone(&moved))?;
        let writer = Writer::start(connection, Arc::clone(&moved))?;
        Ok(Self { writer, readers, observer, moved, durability: options.durability })
    }

    /// Looks at once for what other processes wrote.
    pub fn nudge(&self) {
        self.observer.nudge();
    }

    /// Finishes what is waiting to be written and folds the log into the file. Later writes are refused.
    pub async fn close(&self) {
        self.observer.stop();
        self.writer.close().await;
        self.readers.release();
    }
}

fn open_connection(path: &Path, flags: OpenFlags) -> StoreResult<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    // The command line and the server write to the same file: a writer waits this long for the other.
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(store_error)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "cache_size", -2048).map_err(store_error)?;
    Ok(connection)
}
