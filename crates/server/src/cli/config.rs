//! `counterfoil config …`

use std::path::PathBuf;

use clap::Subcommand;

use super::{Failure, Output};
use crate::config::{Config, TEMPLATE};

/// Print or check a configuration file
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a configuration file with every key, its default and what it means
    #[command(after_help = "Example:\n  counterfoil config template > counterfoil.toml")]
    Template,
    /// Say what is wrong with a configuration file, and where
    #[command(after_help = "Example:\n  counterfoil config check --config counterfoil.toml")]
    Check {
        /// The configuration file
        #[arg(long, value_name = "FILE", env = "COUNTERFOIL_CONFIG")]
        config: PathBuf,
    },
}

impl ConfigCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Template => Output::text(TEMPLATE),
            Self::Check { config } => {
                Config::load(Some(&config))?;
                Output::text(&format!("{}: good", config.display()))
            }
        }
    }
}
