//! An installation, opened: for the server, or for one command beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use counterfoil_core::port::{AccountStore, SessionStore};
use counterfoil_service::{
    Authority, HashingSettings, PastLimit, Settings, Stores, SystemClock, SystemEntropy, ViewSettings,
};
use counterfoil_store_sqlite::{Durability, SqliteOptions, SqliteStore};

use super::{FirstStart, master_key, open_folder};
use crate::config::{Config, DurabilityWord, PastLimitWord, sqlite_path};

/// What an installation is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To serve, with this issuer if none is stored or configured.
    Serve { fallback_issuer: String, change_issuer: bool },
    /// For a command that may make the data folder.
    CommandThatMayCreate,
    /// For a command that works on what is there.
    Command,
}

/// An opened installation.
pub(crate) struct Installation {
    pub(crate) authority: Authority,
    pub(crate) stores: Vec<Arc<SqliteStore>>,
    pub(crate) folder: PathBuf,
}

impl Installation {
    pub(crate) async fn open(config: &Config, purpose: Purpose) -> anyhow::Result<Self> {
        let folder = PathBuf::from(&config.storage.data);
        open_folder(&folder, purpose != Purpose::Command)?;
        let path =
            |url: &str, flag| sqlite_path(url, &folder).map_err(|message| anyhow!("{flag}: {message}"));
        let accounts_path = path(&config.storage.accounts, "--accounts")?;
        let sessions_path = path(&config.storage.sessions, "--sessions")?;
        let first_start = FirstStart::alone(&folder);
        let named =
            Some(config.storage.master_key_file.as_str()).filter(|path| !path.is_empty()).map(Path::new);
        let master_key = master_key::find(&folder, named, &accounts_path)?;
        let accounts = open_store(&accounts_path, config)?;
        let sessions = if accounts_path == sessions_path {
            Arc::clone(&accounts)
        } else {
            open_store(&sessions_path, config)?
        };
        let mut opened = vec![Arc::clone(&accounts)];
        if accounts_path != sessions_path {
            opened.push(Arc::clone(&sessions));
        }
        let stores = Stores {
            accounts: accounts as Arc<dyn AccountStore>,
            sessions: sessions as Arc<dyn SessionStore>,
        };
        let settings = settings(config, &purpose);
        let authority =
            Authority::open(stores, settings, &master_key, Arc::new(SystemClock), Arc::new(SystemEntropy))
                .await?;
        drop(first_start);
        Ok(Self { authority, stores: opened, folder })
    }

    /// Writes out what is pending and closes the files.
    pub(crate) async fn close(self) {
        for store in &self.stores {
            store.close().await;
        }
    }
}

fn open_store(path: &Path, config: &Config) -> anyhow::Result<Arc<SqliteStore>> {
    let durability = match config.storage.durability {
        DurabilityWord::Full => Durability::Full,
        DurabilityWord::Normal => Durability::Normal,
    };
    let store = SqliteStore::open(path, SqliteOptions { durability, ..SqliteOptions::default() });
    Ok(Arc::new(store.with_context(|| format!("cannot open the database {}", path.display()))?))
}

fn settings(config: &Config, purpose: &Purpose) -> Settings {
    let defaults = Settings::default();
    let (fallback_issuer, change_issuer) = match purpose {
        Purpose::Serve { fallback_issuer, change_issuer } => (fallback_issuer.clone(), *change_issuer),
        Purpose::Command | Purpose::CommandThatMayCreate => {
            (format!("http://{}", config.server.listen), false)
        }
    };
    let passwords = &config.passwords;
    let workers = if passwords.workers == 0 { HashingSettings::default().workers } else { passwords.workers };
    // A command hashes one password at the most.
    let workers = if matches!(purpose, Purpose::Serve { .. }) { workers } else { 1 };
    Settings {
        public_url: Some(config.server.public_url.clone()).filter(|url| !url.is_empty()),
        fallback_issuer,
        fix_issuer: matches!(purpose, Purpose::Serve { .. }),
        change_issuer,
        sign_up_open: config.sign_up.open,
        password_min_length: passwords.min_length,
        hashing: HashingSettings {
            memory_kib: passwords.memory_kib,
            iterations: passwords.iterations,
            parallelism: passwords.parallelism,
            workers,
            queue: passwords.queue,
        },
        view: ViewSettings {
            limit: config.sessions.view_limit.0,
            past_limit: match config.sessions.past_view_limit {
                PastLimitWord::AskThenRefuse => PastLimit::AskThenRefuse,
                PastLimitWord::Refuse => PastLimit::Refuse,
            },
        },
        cache_entries: config.sessions.cache_entries,
        retention: config.sessions.retention.0,
        audit_retention: config.audit.retention.0,
        key_rotation: Some(config.keys.rotation.0).filter(|rotation| !rotation.is_zero()),
        confirmation_wait: config.sessions.confirmation_wait.0,
        ..defaults
    }
}
