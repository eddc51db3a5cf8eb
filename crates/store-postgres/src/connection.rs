//! One connection: how it is made and set up, and the statements that were prepared on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::{Client, Config, Socket, Statement};

use crate::error::{Error, Result};
use crate::tls::{MakeTls, TlsStream};
use crate::{PostgresOptions, address};

/// Makes connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Arc<Config>,
    tls: MakeTls,
    options: PostgresOptions,
}

/// One connection.
pub(crate) struct Connection {
    client: Client,
    prepared: Mutex<HashMap<&'static str, Statement>>,
}

/// What must be driven for a connection to work; it also gives out what PostgreSQL says unasked.
pub(crate) type Driver = tokio_postgres::Connection<Socket, TlsStream<Socket>>;

impl Connector {
    pub(crate) fn new(url: &str, options: PostgresOptions) -> Result<Self> {
        let address::Address { mut config, tls } = address::read(url)?;
        if config.get_application_name().is_none() {
            config.application_name("counterfoil");
        }
        // A peer that vanished without a word is noticed: by what was sent and not acknowledged, or by keep-alives.
        config.connect_timeout(options.connect_timeout);
        config.tcp_user_timeout(options.statement_timeout);
        config.keepalives_idle(Duration::from_secs(5));
        config.keepalives_interval(Duration::from_secs(2));
        config.keepalives_retries(3);
        Ok(Self { config: Arc::new(config), tls, options })
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.options.connect_timeout
    }

    /// A connection, driven by a task of its own until the connection is dropped.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let (client, driver) = self.open().await?;
        tokio::spawn(async move {
            // What went wrong is told to whoever waits for an answer.
            let _ = driver.await;
        });
        let connection = Connection { client, prepared: Mutex::default() };
        connection.client.batch_execute(&self.settings()).await?;
        Ok(connection)
    }

    /// A connection that is not set up, and what drives it.
    pub(crate) async fn open(&self) -> Result<(Client, Driver)> {
        self.config.connect(self.tls.clone()).await.map_err(|error| {
            // Whatever is the matter, without a connection the store cannot be reached. What PostgreSQL says names the user
            // or the database at most, never the password.
            match Error::from(error) {
                Error::Broken(source) => Error::Unreachable(source),
                refused => refused,
            }
        })
    }

    /// Every wait on the server has a bound. The commands reason about what a statement sees, so the isolation is not left
    /// to the server's configuration. They all walk indexes: a plan made while a table was small must not look through all of
    /// it once it is large, and what the planner knows of the tables is minutes old. (Compiling a plan pays for none of them,
    /// and the planner would often think so where it must not look through a table.)
    fn settings(&self) -> String {
        let statement = self.options.statement_timeout.as_millis().max(1);
        let lock = (statement / 2).max(1);
        format!(
            "SET statement_timeout = {statement}; SET lock_timeout = {lock};
            SET idle_in_transaction_session_timeout = {statement};
            SET default_transaction_isolation = 'read committed'; SET client_min_messages = 'warning';
            SET enable_seqscan = off; SET jit = off"
        )
    }
}

impl Connection {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.prepared().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.prepared().insert(sql, statement.clone());
        Ok(statement)
    }

    /// Waits for what is under way, and undoes the transaction if there is one.
    pub(crate) async fn reset(&self, in_transaction: bool) -> Result<()> {
        // PostgreSQL writes a warning into its log when there is nothing to roll back.
        Ok(self.client.batch_execute(if in_transaction { "ROLLBACK" } else { "" }).await?)
    }

    fn prepared(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
