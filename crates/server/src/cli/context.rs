//! What every command on an installation shares: where it is, and telling a running server afterwards.

use std::path::PathBuf;

use clap::Args;
use counterfoil_core::UserId;
use counterfoil_core::account::User;
use counterfoil_core::audit::Actor;
use counterfoil_service::{Authority, By, Error};

use super::Failure;
use crate::boot::{Installation, OpenStores, Purpose};
use crate::config::Config;
use crate::{control, telemetry};

/// Which installation, and how to answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// The data folder [default: ./counterfoil-data]
    #[arg(long, value_name = "DIR", env = "COUNTERFOIL_DATA")]
    data: Option<PathBuf>,
    /// The store of accounts [default: the database in the data folder]
    #[arg(long, value_name = "URL", env = "COUNTERFOIL_ACCOUNTS", hide_env_values = true)]
    accounts: Option<String>,
    /// The store of sessions [default: the database in the data folder]
    #[arg(long, value_name = "URL", env = "COUNTERFOIL_SESSIONS", hide_env_values = true)]
    sessions: Option<String>,
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "COUNTERFOIL_CONFIG")]
    config: Option<PathBuf>,
    /// The file with the master key [default: master.key in the data folder]
    #[arg(long, value_name = "FILE", env = "COUNTERFOIL_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// Answer with JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Place {
    /// The configuration, with these flags over it.
    fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::load(self.config.as_deref())?;
        let storage = &mut config.storage;
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        storage.data = self.data.as_ref().map_or_else(|| storage.data.clone(), path);
        storage.master_key_file =
            self.master_key_file.as_ref().map_or_else(|| storage.master_key_file.clone(), path);
        storage.accounts = self.accounts.clone().unwrap_or_else(|| storage.accounts.clone());
        storage.sessions = self.sessions.clone().unwrap_or_else(|| storage.sessions.clone());
        Ok(config.checked()?)
    }
}

/// What a command does to an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It looks.
    Reads,
    /// It changes what is there: a running server is told.
    Writes,
    /// The same, and it may be the first that is done in a data folder.
    MayBeFirst,
}

/// What a command works with.
pub(crate) struct Context {
    pub(crate) authority: Authority,
    pub(crate) stores: OpenStores,
    pub(crate) folder: PathBuf,
    pub(crate) json: bool,
}

impl Context {
    /// Who acts, for the audit log.
    pub(crate) fn by(&self) -> By {
        By { actor: Actor::CommandLine, address: None }
    }

    /// A user by id or address.
    pub(crate) async fn user(&self, name: &str) -> Result<User, Error> {
        match name.parse::<UserId>() {
            Ok(id) => self.authority.user(id).await,
            Err(_) => self.authority.user_by_email(name).await,
        }
    }
}

/// Opens the installation, runs a command on it, and tells a running server.
pub(crate) fn run<F>(place: Place, access: Access, command: impl FnOnce(Context) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let config = place.config()?;
    let quiet = crate::config::LoggingSection { level: "warn".to_owned(), ..config.logging.clone() };
    telemetry::start(&quiet);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let purpose = match access {
            Access::MayBeFirst => Purpose::CommandThatMayCreate,
            Access::Reads | Access::Writes => Purpose::Command,
        };
        let installation = Installation::open(&config, purpose).await?;
        let context = Context {
            authority: installation.authority.clone(),
            stores: installation.stores.clone(),
            folder: installation.folder.clone(),
            json: place.json,
        };
        let outcome = command(context).await;
        // Also after a failure: what was done before it is done.
        let told = match access {
            Access::Reads => Ok(()),
            Access::Writes | Access::MayBeFirst => control::tell(&installation.folder).await.map(drop),
        };
        installation.close().await;
        outcome.and_then(|()| Ok(told?))
    })
}
