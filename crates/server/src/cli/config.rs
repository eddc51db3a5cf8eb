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
    #[command(after_help = "Example:\n  counterfoil config check counterfoil.toml")]
    Check {
        /// The configuration file
        #[arg(value_name = "FILE", required_unless_present = "config")]
        file: Option<PathBuf>,
        /// The same
        #[arg(long, value_name = "FILE", env = "COUNTERFOIL_CONFIG", conflicts_with = "file")]
        config: Option<PathBuf>,
    },
}

impl ConfigCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Template => Output::text(TEMPLATE),
            Self::Check { file, config } => {
                let path = file.or(config).unwrap_or_default();
                Config::load(Some(&path))?;
                Output::text(&format!("{}: good", path.display()))
            }
        }
    }
}
