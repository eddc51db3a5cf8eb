//! `counterfoil key …`

use clap::Subcommand;
use counterfoil_core::account::KeyAlgorithm;
use counterfoil_service::KeyView;
use serde_json::json;

use super::context::{Access, Context};
use super::output::or_dash;
use super::{Failure, Output, Place};

/// List and rotate signing keys
#[derive(Subcommand)]
pub(crate) enum Key {
    /// List the signing keys and their states
    #[command(after_help = "Example:\n  counterfoil key list --json")]
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Let the next key sign, and retire the one that signed; nobody is logged out
    #[command(after_help = "Example:\n  counterfoil key rotate --algorithm ES256")]
    Rotate {
        #[command(flatten)]
        place: Place,
        /// Only keys of this algorithm: ES256, EdDSA or RS256
        #[arg(long)]
        algorithm: Option<KeyAlgorithm>,
    },
}

impl Key {
    pub(crate) fn place(&self) -> &Place {
        match self {
            Self::List { place } | Self::Rotate { place, .. } => place,
        }
    }

    pub(crate) fn access(&self) -> Access {
        match self {
            Self::List { .. } => Access::Reads,
            Self::Rotate { .. } => Access::Writes,
        }
    }

    pub(crate) async fn run(self, context: Context) -> Result<(), Failure> {
        let keys = match self {
            Self::List { .. } => context.authority.keys(),
            Self::Rotate { algorithm, .. } => context.authority.rotate_keys(algorithm, &context.by()).await?,
        };
        if context.json {
            return Output::json(&json!({"items": keys}));
        }
        let row = |key: &KeyView| {
            let (algorithm, state) = (key.algorithm.to_string(), key.state.as_str().to_owned());
            vec![key.id.clone(), algorithm, state, key.created_at.to_string(), or_dash(key.published_until)]
        };
        let heads = ["id", "algorithm", "state", "created", "published until"];
        Output::table(&heads, &keys.iter().map(row).collect::<Vec<_>>())
    }
}
