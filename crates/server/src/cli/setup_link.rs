//! `counterfoil setup-link`

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::{Failure, Output, Place};

/// Print a fresh one-time link that makes an administrator; it is good for an hour
#[derive(Args)]
#[command(after_help = "Example:\n  counterfoil setup-link")]
pub(crate) struct SetupLink {
    #[command(flatten)]
    place: Place,
}

impl SetupLink {
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) async fn run(self, context: Context) -> Result<(), Failure> {
        let link = context.authority.new_setup_link(&context.by()).await?;
        if context.json { Output::json(&json!({"url": link.as_str()})) } else { Output::text(&link) }
    }
}
