//! The one writer: a thread that takes what is waiting, commits it together, and answers when it is durable.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use counterfoil_core::port::{StoreError, StoreResult};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::Moved;
use crate::error::{closed, store_error};

/// Commands that can wait. Beyond it callers wait to wait.
const QUEUE: usize = 1024;
/// Commands in one commit.
const GROUP: usize = 256;

/// A handle to the writing thread.
pub(crate) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Does its work in the open transaction, if one could be opened, and returns what answers the caller once it is known
/// whether it is durable.
type Job = Box<dyn FnOnce(Option<&Transaction<'_>>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), Arc<CommitError>>) + Send>;

/// What a command works in.
pub(crate) struct Transaction<'a> {
    pub(crate) connection: &'a Connection,
    written: Cell<Written>,
    /// Why the transaction is no more: after some errors SQLite gives all of it up, not one statement.
    lost: RefCell<Option<rusqlite::Error>>,
}

/// What moved in a commit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) feed: bool,
    pub(crate) accounts: bool,
}

impl Transaction<'_> {
    pub(crate) fn feed_moved(&self) {
        self.written.set(Written { feed: true, ..self.written.get() });
    }

    pub(crate) fn accounts_moved(&self) {
        self.written.set(Written { accounts: true, ..self.written.get() });
    }
}

/// Why nothing of a group was committed; each of its callers is told.
struct CommitError(rusqlite::Error);

impl CommitError {
    fn to_store_error(&self) -> StoreError {
        store_error(copy_of(&self.0))
    }
}

fn copy_of(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            rusqlite::Error::SqliteFailure(*code, message.clone())
        }
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}

impl Writer {
    pub(crate) fn start(connection: Connection, moved: Arc<Moved>) -> StoreResult<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || work(&connection, queue, &moved))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs a command and returns when it is durable. It is carried out even if the caller goes away.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> StoreResult<T> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let result = transaction.map(|transaction| in_savepoint(transaction, command));
            Box::new(move |committed| {
                let result = match (committed, result) {
                    (Ok(()), Some(result)) => result.map_err(store_error),
                    (Ok(()), None) => Err(closed()),
                    (Err(error), _) => Err(error.to_store_error()),
                };
                let _ = reply.send(result);
            })
        });
        jobs.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    pub(crate) async fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn in_savepoint<T>(
    transaction: &Transaction<'_>,
    command: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let connection = transaction.connection;
    let before = transaction.written.get();
    execute(connection, "SAVEPOINT command")?;
    let result = command(transaction);
    let failure = match &result {
        Ok(_) => execute(connection, "RELEASE command").err(),
        Err(error) => {
            transaction.written.set(before);
            let undone = execute(connection, "ROLLBACK TO command")
                .and_then(|()| execute(connection, "RELEASE command"));
            undone.err().map(|_| copy_of(error))
        }
    };
    if let Some(error) = failure {
        // Neither kept nor undone: nothing of the group may be committed.
        transaction.lost.replace(Some(error));
    }
    result
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn work(connection: &Connection, mut queue: mpsc::Receiver<Job>, moved: &Moved) {
    let mut group = Vec::with_capacity(GROUP);
    while let Some(first) = queue.blocking_recv() {
        group.push(first);
        while group.len() < GROUP {
            match queue.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        let (committed, answers) = commit(connection, group.drain(..));
        match committed {
            Ok(written) => {
                moved.tell(written);
                answers.into_iter().for_each(|answer| answer(Ok(())));
            }
            Err(error) => {
                tracing::error!(error = &error.0 as &dyn std::error::Error, "nothing was committed");
                let error = Arc::new(error);
                answers.into_iter().for_each(|answer| answer(Err(Arc::clone(&error))));
            }
        }
    }
    // What the query planner learnt is kept, and the log folded into the file.
    let _ = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
}

fn commit(
    connection: &Connection,
    group: impl Iterator<Item = Job>,
) -> (Result<Written, CommitError>, Vec<Answer>) {
    let begun = execute(connection, "BEGIN IMMEDIATE");
    let transaction = Transaction { connection, written: Cell::default(), lost: RefCell::new(begun.err()) };
    let mut answers = Vec::new();
    for job in group {
        let lost = transaction.lost.borrow().is_some();
        answers.push(job((!lost).then_some(&transaction)));
    }
    let Transaction { written, lost, .. } = transaction;
    let committed = lost.into_inner().map_or_else(|| execute(connection, "COMMIT"), Err);
    if committed.is_err() && !connection.is_autocommit() {
        let _ = execute(connection, "ROLLBACK");
    }
    (committed.map(|()| written.get()).map_err(CommitError), answers)
}

#[cfg(test)]
mod tests;
