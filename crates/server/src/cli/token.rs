//! `counterfoil token …`

use clap::Subcommand;
use counterfoil_core::{PageRequest, SessionId, TokenId};
use counterfoil_service::{BookQuery, TokenView};

use super::context::{Access, Context};
use super::output::or_dash;
use super::session::{Filter, more, revoke_token};
use super::{Failure, Output, Place};

/// List and revoke recorded access tokens
#[derive(Subcommand)]
pub(crate) enum Token {
    /// List recorded tokens, newest first
    #[command(after_help = "Example:\n  counterfoil token list --user ann@example.test --state alive --json")]
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        filter: Filter,
        /// Of this session
        #[arg(long)]
        session: Option<SessionId>,
    },
    /// Revoke one token; its session goes on
    #[command(after_help = "Example:\n  counterfoil token revoke --token tok_… --dry-run")]
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The token's jti
        #[arg(long)]
        token: TokenId,
        /// Only count
        #[arg(long)]
        dry_run: bool,
        /// What is written beside it
        #[arg(long)]
        reason: Option<String>,
    },
}

impl Token {
    pub(crate) fn place(&self) -> &Place {
        match self {
            Self::List { place, .. } | Self::Revoke { place, .. } => place,
        }
    }

    pub(crate) fn access(&self) -> Access {
        match self {
            Self::List { .. } | Self::Revoke { dry_run: true, .. } => Access::Reads,
            Self::Revoke { .. } => Access::Writes,
        }
    }

    pub(crate) async fn run(self, context: Context) -> Result<(), Failure> {
        match self {
            Self::List { filter, session, .. } => {
                let query = BookQuery { session, ..filter.query(&context).await? };
                let after = filter.after()?;
                let page =
                    context.authority.book_tokens(query, PageRequest::new(filter.limit, after)).await?;
                if context.json {
                    return Output::json(&page);
                }
                let rows: Vec<_> = page.items.iter().map(row).collect();
                Output::table(&["id", "user", "client", "state", "issued", "expires", "from"], &rows)?;
                more(page.next)
            }
            Self::Revoke { token, dry_run, reason, .. } => {
                revoke_token(&context, token, dry_run, reason).await
            }
        }
    }
}

fn row(view: &TokenView) -> Vec<String> {
    let state = serde_json::to_value(view.state).ok().and_then(|state| state.as_str().map(str::to_owned));
    vec![
        view.id.to_string(),
        view.user.email.clone().unwrap_or_else(|| view.user.id.to_string()),
        view.client_id.to_string(),
        state.unwrap_or_default(),
        view.issued_at.to_string(),
        view.expires_at.to_string(),
        or_dash(view.address),
    ]
}
