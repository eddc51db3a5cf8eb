//! A connection lent to one command.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Statement};

use crate::connection::Connection;
use crate::error::{Error, Result, closed};
use crate::pool::Pool;

/// Parameters of a statement.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection lent to one command. It goes back to the pool when it is dropped, whatever it was doing then.
pub(crate) struct Lease {
    pool: Pool,
    lent: Option<(Connection, OwnedSemaphorePermit)>,
    /// Requests sent whose answers have not all come: more than none of them when a command was given up.
    under_way: AtomicU32,
    in_transaction: AtomicBool,
    spoilt: AtomicBool,
}

impl Lease {
    pub(crate) fn new(pool: Pool, connection: Connection, permit: OwnedSemaphorePermit) -> Self {
        Self {
            pool,
            lent: Some((connection, permit)),
            under_way: AtomicU32::new(0),
            in_transaction: AtomicBool::new(false),
            spoilt: AtomicBool::new(false),
        }
    }

    /// Begins a transaction. Each of its statements sees what was committed before that statement began.
    pub(crate) async fn begin(&self) -> Result<()> {
        self.in_transaction.store(true, Ordering::Relaxed);
        self.batch("BEGIN").await
    }

    /// Begins a transaction that reads, and sees what was committed before its first statement began.
    pub(crate) async fn begin_snapshot(&self) -> Result<()> {
        self.in_transaction.store(true, Ordering::Relaxed);
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    pub(crate) async fn commit(&self) -> Result<()> {
        self.batch("COMMIT").await?;
        self.in_transaction.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Undoes the transaction. Who forgets it loses nothing but a moment: the pool does it then.
    pub(crate) async fn rollback(&self) -> Result<()> {
        self.batch("ROLLBACK").await?;
        self.in_transaction.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// A statement of the connection, prepared at its first use.
    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<Statement> {
        let connection = self.connection()?;
        self.watched(connection.prepare(sql)).await
    }

    /// Runs a statement that was prepared: it is sent as soon as the future is polled, so that several can be sent together.
    pub(crate) async fn run(&self, statement: &Statement, params: Params<'_>) -> Result<Vec<Row>> {
        let client = self.connection()?.client();
        self.watched(async { Ok(client.query(statement, params).await?) }).await
    }

    pub(crate) async fn query(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        let statement = self.prepare(sql).await?;
        self.run(&statement, params).await
    }

    pub(crate) async fn query_opt(&self, sql: &'static str, params: Params<'_>) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    pub(crate) async fn query_one(&self, sql: &'static str, params: Params<'_>) -> Result<Row> {
        self.query_opt(sql, params).await?.ok_or_else(|| Error::Broken("a row is missing".into()))
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) async fn execute(&self, sql: &'static str, params: Params<'_>) -> Result<u64> {
        let statement = self.prepare(sql).await?;
        let client = self.connection()?.client();
        self.watched(async { Ok(client.execute(&statement, params).await?) }).await
    }

    /// Runs a query that is planned each time, for these very parameters.
    pub(crate) async fn query_planned(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>> {
        let client = self.connection()?.client();
        self.watched(async { Ok(client.query_typed(sql, params).await?) }).await
    }

    /// Runs statements without parameters.
    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        let client = self.connection()?.client();
        self.watched(async { Ok(client.batch_execute(sql).await?) }).await
    }

    fn connection(&self) -> Result<&Connection> {
        self.lent.as_ref().map(|(connection, _)| connection).ok_or_else(closed)
    }

    async fn watched<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        // Not a guard, on purpose: a request that is given up stays counted.
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let outcome = request.await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        if outcome.as_ref().is_err_and(Error::spoils_the_connection) {
            self.spoilt.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((connection, permit)) = self.lent.take() else { return };
        if *self.spoilt.get_mut() || connection.is_closed() {
            return;
        }
        let in_transaction = *self.in_transaction.get_mut();
        if in_transaction || *self.under_way.get_mut() > 0 {
            self.pool.put_to_rest(connection, in_transaction, permit);
        } else {
            self.pool.put(connection);
        }
    }
}
