//! The stores of an installation, chosen by their URLs.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use counterfoil_core::Timestamp;
use counterfoil_core::port::{AccountStore, Fact, Inspect, SessionStore, StoreResult};
use counterfoil_service::Stores;
use counterfoil_store_postgres::{PostgresOptions, PostgresStore};
use counterfoil_store_redis::{RedisOptions, RedisStore};
use counterfoil_store_sqlite::{Durability, SqliteOptions, SqliteStore};

use crate::config::{Config, DurabilityWord, StoreUrl};

/// Where accounts and sessions are kept.
pub(crate) struct StoreUrls {
    pub(crate) accounts: StoreUrl,
    pub(crate) sessions: StoreUrl,
}

/// The stores, opened. One that keeps both is opened once.
#[derive(Clone)]
pub(crate) struct OpenStores {
    accounts: Open,
    /// Where it is another one.
    sessions: Option<Open>,
    ports: Stores,
}

#[derive(Clone)]
enum Open {
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
    Redis(Arc<RedisStore>),
}

impl StoreUrls {
    pub(crate) fn of(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        let read =
            |url: &str, flag| StoreUrl::read(url, folder).map_err(|message| anyhow!("{flag}: {message}"));
        Ok(Self {
            accounts: read(&config.storage.accounts, "--accounts")?,
            sessions: read(&config.storage.sessions, "--sessions")?,
        })
    }
}

impl OpenStores {
    /// Opens them, and makes their tables where there are none yet.
    pub(crate) async fn open(urls: &StoreUrls, config: &Config) -> anyhow::Result<Self> {
        let accounts = Open::at(&urls.accounts, config).await?;
        let port = accounts.accounts().context("--accounts: Redis keeps sessions, and no accounts")?;
        let sessions = match urls.accounts == urls.sessions {
            true => None,
            false => Some(Open::at(&urls.sessions, config).await?),
        };
        let ports = Stores { accounts: port, sessions: sessions.as_ref().unwrap_or(&accounts).sessions() };
        Ok(Self { accounts, sessions, ports })
    }

    /// The two ports.
    pub(crate) fn ports(&self) -> Stores {
        self.ports.clone()
    }

    /// How they are doing: the one that keeps accounts, and the one that keeps sessions where that is another.
    pub(crate) async fn inspect(&self, now: Timestamp) -> StoreResult<(Vec<Fact>, Option<Vec<Fact>>)> {
        let accounts = self.accounts.inspect().inspect(now).await?;
        let sessions = match &self.sessions {
            None => None,
            Some(sessions) => Some(sessions.inspect().inspect(now).await?),
        };
        Ok((accounts, sessions))
    }

    fn each(&self) -> impl Iterator<Item = &Open> {
        std::iter::once(&self.accounts).chain(&self.sessions)
    }

    /// Another process on this machine wrote: look at once. Stores that tell by themselves need no telling.
    pub(crate) fn nudge(&self) {
        for store in self.each() {
            if let Open::Sqlite(store) = store {
                store.nudge();
            }
        }
    }

    /// Writes out what is pending and closes files and connections.
    pub(crate) async fn close(&self) {
        for store in self.each() {
            match store {
                Open::Sqlite(store) => store.close().await,
                Open::Postgres(store) => store.close().await,
                Open::Redis(store) => store.close().await,
            }
        }
    }
}

impl Open {
    async fn at(url: &StoreUrl, config: &Config) -> anyhow::Result<Self> {
        let opened = match url {
            StoreUrl::Sqlite(path) => {
                let durability = match config.storage.durability {
                    DurabilityWord::Full => Durability::Full,
                    DurabilityWord::Normal => Durability::Normal,
                };
                SqliteStore::open(path, SqliteOptions { durability, ..SqliteOptions::default() })
                    .map(|store| Self::Sqlite(Arc::new(store)))
            }
            StoreUrl::Postgres(url) => PostgresStore::connect(url, PostgresOptions::default())
                .await
                .map(|store| Self::Postgres(Arc::new(store))),
            StoreUrl::Redis(url) => {
                let danger_allow_eviction = config.storage.danger_redis_eviction;
                let options = RedisOptions { danger_allow_eviction, ..RedisOptions::default() };
                RedisStore::connect(url, options).await.map(|store| Self::Redis(Arc::new(store)))
            }
        };
        opened.with_context(|| format!("cannot open the database {url}"))
    }

    /// `None` for what keeps no accounts.
    fn accounts(&self) -> Option<Arc<dyn AccountStore>> {
        match self {
            Self::Sqlite(store) => Some(Arc::clone(store) as _),
            Self::Postgres(store) => Some(Arc::clone(store) as _),
            Self::Redis(_) => None,
        }
    }

    fn inspect(&self) -> &dyn Inspect {
        match self {
            Self::Sqlite(store) => &**store,
            Self::Postgres(store) => &**store,
            Self::Redis(store) => &**store,
        }
    }

    fn sessions(&self) -> Arc<dyn SessionStore> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
            Self::Redis(store) => Arc::clone(store) as _,
        }
    }
}
