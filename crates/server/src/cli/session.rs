//! `counterfoil session …`

use std::fmt::Display;
use std::str::FromStr;

use clap::{Args, Subcommand};
use counterfoil_core::revocation::{Selection, SelectionRequest};
use counterfoil_core::{ClientId, Mode, PageRequest, SessionId, Timestamp, TokenId};
use counterfoil_service::{BookQuery, Error, RevocationReport, RevokeRequest, SessionView};

use super::context::{Access, Context};
use super::output::or_dash;
use super::{Failure, Output, Place};

/// List and revoke sessions
#[derive(Subcommand)]
pub(crate) enum Session {
    /// List sessions, newest first
    #[command(after_help = "Example:\n  counterfoil session list --user ann@example.test --state alive")]
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        filter: Filter,
        /// Carried so: cookie or recorded
        #[arg(long)]
        mode: Option<Mode>,
    },
    /// Revoke sessions and their tokens
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        what: What,
        /// Only count
        #[arg(long)]
        dry_run: bool,
        /// What is written beside it
        #[arg(long)]
        reason: Option<String>,
    },
}

const REVOKE_EXAMPLES: &str = "\
Examples:
  counterfoil session revoke --user ann@example.test --dry-run
  counterfoil session revoke --client web --issued-before 2026-11-23T00:00:00Z
  counterfoil session revoke --all --reason \"laptop lost\"";

/// Which entries of the book.
#[derive(Args)]
pub(crate) struct Filter {
    /// Of this user, by id or address
    #[arg(long)]
    user: Option<String>,
    /// Of this client
    #[arg(long)]
    client: Option<ClientId>,
    /// Sessions: alive, expired or ended. Tokens: alive, expired or revoked
    #[arg(long)]
    state: Option<String>,
    /// Begun or given out since, for example 2026-11-23T00:00:00Z
    #[arg(long)]
    created_after: Option<Timestamp>,
    /// An id, or part of an address, a name or a user agent
    #[arg(long)]
    q: Option<String>,
    /// At most so many (1 to 200)
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(super) limit: u16,
    /// Go on after this entry, as `next` of the page before says
    #[arg(long)]
    cursor: Option<String>,
}

impl Filter {
    /// The entry after which the page begins.
    pub(super) fn after<T: FromStr<Err: Display>>(&self) -> Result<Option<T>, Error> {
        cursor(self.cursor.as_deref())
    }

    pub(super) async fn query(&self, context: &Context) -> Result<BookQuery, Failure> {
        let user = match &self.user {
            None => None,
            Some(name) => Some(context.user(name).await?.id),
        };
        Ok(BookQuery {
            user,
            client: self.client.clone(),
            state: self.state.clone(),
            created_after: self.created_after,
            q: self.q.clone(),
            ..BookQuery::default()
        })
    }
}

/// What to revoke. What is named must all be met.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct What {
    /// Of this user, by id or address
    #[arg(long)]
    user: Option<String>,
    /// Of this client
    #[arg(long)]
    client: Option<ClientId>,
    /// This one session
    #[arg(long)]
    session: Option<SessionId>,
    /// Begun before, for example 2026-11-23T00:00:00Z
    #[arg(long)]
    issued_before: Option<Timestamp>,
    /// Everything
    #[arg(long)]
    all: bool,
}

impl Session {
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
            Self::List { filter, mode, .. } => {
                let query = BookQuery { mode, ..filter.query(&context).await? };
                let after = filter.after()?;
                let page =
                    context.authority.book_sessions(query, PageRequest::new(filter.limit, after)).await?;
                if context.json {
                    return Output::json(&page);
                }
                let rows: Vec<_> = page.items.iter().map(row).collect();
                Output::table(&["id", "user", "client", "mode", "state", "last seen", "from"], &rows)?;
                more(page.next)
            }
            Self::Revoke { what, dry_run, reason, .. } => {
                let user = match &what.user {
                    None => None,
                    Some(name) => Some(context.user(name).await?.id),
                };
                let request = SelectionRequest {
                    token: None,
                    session: what.session,
                    user,
                    client: what.client,
                    issued_before: what.issued_before,
                    all: what.all.then_some(true),
                };
                revoke(&context, request, dry_run, reason).await
            }
        }
    }
}

fn row(view: &SessionView) -> Vec<String> {
    let state = match &view.ended {
        Some(end) => end.reason.as_str().to_owned(),
        None => serde_json::to_value(view.state)
            .ok()
            .and_then(|s| s.as_str().map(str::to_owned))
            .unwrap_or_default(),
    };
    vec![
        view.id.to_string(),
        view.user.email.clone().unwrap_or_else(|| view.user.id.to_string()),
        view.client_id.to_string(),
        view.mode.to_string(),
        state,
        view.last_seen_at.to_string(),
        or_dash(view.address),
    ]
}

pub(super) async fn revoke(
    context: &Context,
    request: SelectionRequest,
    dry_run: bool,
    note: Option<String>,
) -> Result<(), Failure> {
    let selection = Selection::try_from(request).map_err(Error::from)?;
    let request = RevokeRequest { selection, note, dry_run };
    report(context, &context.authority.revoke(request, &context.by()).await?)
}

pub(super) async fn revoke_token(
    context: &Context,
    token: TokenId,
    dry_run: bool,
    note: Option<String>,
) -> Result<(), Failure> {
    revoke(context, SelectionRequest { token: Some(token), ..SelectionRequest::default() }, dry_run, note)
        .await
}

pub(super) fn report(context: &Context, report: &RevocationReport) -> Result<(), Failure> {
    if context.json {
        return Output::json(report);
    }
    let verb = if report.dry_run { "would be revoked" } else { "revoked" };
    let many = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let (sessions, tokens) = (many(report.sessions, "session"), many(report.tokens, "token"));
    let mut text = format!("{sessions}, {tokens} {verb}; sequence {}", report.sequence);
    if let Some(until) = report.stateless_until {
        text.push_str(&format!(
            "\nstateless tokens of jwt clients cannot be taken back: they end by {until}"
        ));
    }
    Output::text(&text)
}

/// What `--cursor` names.
pub(super) fn cursor<T: FromStr<Err: Display>>(text: Option<&str>) -> Result<Option<T>, Error> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|error: T::Err| Error::BadQuery(format!("--cursor: {error}")))
}

pub(super) fn more(next: Option<impl ToString>) -> Result<(), Failure> {
    next.map_or(Ok(()), |next| Output::text(&format!("more: --cursor {}", next.to_string())))
}
