//! An installation, opened: for the server, or for one command beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use counterfoil_service::{
    Authority, Error, HashingSettings, PastLimit, Settings, SystemClock, SystemEntropy, ViewSettings,
};

use super::{FirstStart, OpenStores, StoreUrls, master_key, open_folder};
use crate::config::{Config, PastLimitWord, StoreUrl};

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
    pub(crate) stores: OpenStores,
    pub(crate) folder: PathBuf,
}

impl Installation {
    pub(crate) async fn open(config: &Config, purpose: Purpose) -> anyhow::Result<Self> {
        let folder = PathBuf::from(&config.storage.data);
        open_folder(&folder, purpose != Purpose::Command)?;
        let urls = StoreUrls::of(config, &folder)?;
        if let (Purpose::Command, StoreUrl::Sqlite(database)) = (&purpose, &urls.accounts) {
            // A command that looks, or changes what is there, makes no installation of a folder that was named by mistake.
            if !database.exists() {
                bail!(
                    "there is no database {}: name the data folder with --data, or make one with `counterfoil serve`",
                    database.display()
                );
            }
        }
        let first_start = FirstStart::alone(&folder);
        let named =
            Some(config.storage.master_key_file.as_str()).filter(|path| !path.is_empty()).map(Path::new);
        let master_key = master_key::find(&folder, named, &urls.accounts)?;
        let stores = OpenStores::open(&urls, config).await?;
        let settings = settings(config, &purpose);
        let authority = Authority::open(
            stores.ports(),
            settings,
            &master_key.key,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        )
        .await;
        if matches!(authority, Err(Error::MasterKey)) {
            // One that was made a moment ago, beside a store that others share.
            master_key.unmake();
        }
        drop(first_start);
        Ok(Self { authority: authority?, stores, folder })
    }

    /// Writes out what is pending and closes the stores.
    pub(crate) async fn close(self) {
        self.stores.close().await;
    }
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
