//! `counterfoil user …`

use clap::Subcommand;
use counterfoil_core::PageRequest;
use counterfoil_core::account::User as Account;
use counterfoil_core::port::UserFilter;
use counterfoil_service::{NewUser, UserEdit};
use serde_json::{Value, json};

use super::context::{Access, Context};
use super::input::new_password;
use super::output::or_dash;
use super::{Failure, Output, Place};

/// Add, list and change users
#[derive(Subcommand)]
pub(crate) enum User {
    /// Add a user
    #[command(
        after_help = "Example:\n  echo \"$PASSWORD\" | counterfoil user add --email ann@example.test --password-stdin --admin"
    )]
    Add {
        #[command(flatten)]
        place: Place,
        /// The address to log in with
        #[arg(long)]
        email: String,
        /// The name to show
        #[arg(long)]
        name: Option<String>,
        /// Take the password from the first line of standard input instead of asking
        #[arg(long)]
        password_stdin: bool,
        /// May use the administration API
        #[arg(long)]
        admin: bool,
    },
    /// List users, newest first
    #[command(after_help = "Example:\n  counterfoil user list --q example.test --limit 20")]
    List {
        #[command(flatten)]
        place: Place,
        /// Whose address or name contains this
        #[arg(long)]
        q: Option<String>,
        /// Only administrators
        #[arg(long)]
        admin: bool,
        /// Only disabled users
        #[arg(long)]
        disabled: bool,
        /// At most so many (1 to 200)
        #[arg(long, default_value_t = 50)]
        limit: u16,
        /// Go on after this user, as `next` of the page before says
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one user
    #[command(after_help = "Example:\n  counterfoil user show ann@example.test --json")]
    Show(One),
    /// Stop a user from logging in, and end all their sessions
    #[command(after_help = "Example:\n  counterfoil user disable ann@example.test")]
    Disable(One),
    /// Let a user log in again
    #[command(after_help = "Example:\n  counterfoil user enable ann@example.test")]
    Enable(One),
    /// Make a user an administrator
    #[command(after_help = "Example:\n  counterfoil user promote ann@example.test")]
    Promote(One),
    /// Make an administrator an ordinary user
    #[command(after_help = "Example:\n  counterfoil user demote ann@example.test")]
    Demote(One),
    /// Set a user's password, and end all their sessions
    #[command(after_help = "Example:\n  counterfoil user set-password ann@example.test")]
    SetPassword {
        #[command(flatten)]
        one: One,
        /// Take the password from the first line of standard input instead of asking
        #[arg(long)]
        password_stdin: bool,
    },
}

/// One user.
#[derive(clap::Args)]
pub(crate) struct One {
    #[command(flatten)]
    place: Place,
    /// The user, by id or address
    user: String,
}

impl User {
    pub(crate) fn place(&self) -> &Place {
        match self {
            Self::Add { place, .. } | Self::List { place, .. } => place,
            Self::Show(one)
            | Self::Disable(one)
            | Self::Enable(one)
            | Self::Promote(one)
            | Self::Demote(one) => &one.place,
            Self::SetPassword { one, .. } => &one.place,
        }
    }

    pub(crate) fn access(&self) -> Access {
        match self {
            Self::List { .. } | Self::Show(_) => Access::Reads,
            Self::Add { .. } => Access::MayBeFirst,
            _ => Access::Writes,
        }
    }

    pub(crate) async fn run(self, context: Context) -> Result<(), Failure> {
        match self {
            Self::Add { email, name, password_stdin, admin, .. } => {
                let password = Some(new_password(password_stdin)?);
                let new = NewUser { email, password, name, admin };
                show(&context, &context.authority.add_user(new, &context.by()).await?)
            }
            Self::List { q, admin, disabled, limit, cursor, .. } => {
                let filter =
                    UserFilter { text: q, admin: admin.then_some(true), disabled: disabled.then_some(true) };
                let after = super::session::cursor(cursor.as_deref())?;
                let page = context.authority.users(filter, PageRequest::new(limit, after)).await?;
                if context.json {
                    let items: Vec<Value> = page.items.iter().map(document).collect();
                    return Output::json(&json!({"items": items, "next": page.next}));
                }
                let row = |user: &Account| {
                    let role = if user.admin { "administrator" } else { "user" };
                    let state = if user.disabled_at.is_some() { "disabled" } else { "enabled" };
                    let name = or_dash(user.name.as_ref().map(|name| name.as_str()));
                    vec![user.id.to_string(), user.email.to_string(), name, role.to_owned(), state.to_owned()]
                };
                let rows: Vec<_> = page.items.iter().map(row).collect();
                Output::table(&["id", "e-mail", "name", "role", "state"], &rows)?;
                super::session::more(page.next)
            }
            Self::Show(one) => show(&context, &context.user(&one.user).await?),
            Self::Disable(one) => edit(&context, &one, UserEdit::Disabled(true)).await,
            Self::Enable(one) => edit(&context, &one, UserEdit::Disabled(false)).await,
            Self::Promote(one) => edit(&context, &one, UserEdit::Admin(true)).await,
            Self::Demote(one) => edit(&context, &one, UserEdit::Admin(false)).await,
            Self::SetPassword { one, password_stdin } => {
                edit(&context, &one, UserEdit::Password(new_password(password_stdin)?)).await
            }
        }
    }
}

async fn edit(context: &Context, one: &One, edit: UserEdit) -> Result<(), Failure> {
    let user = context.user(&one.user).await?;
    show(context, &context.authority.edit_user(user.id, edit, &context.by()).await?)
}

fn show(context: &Context, user: &Account) -> Result<(), Failure> {
    if context.json {
        return Output::json(&document(user));
    }
    Output::fields(&[
        ("id", user.id.to_string()),
        ("e-mail", user.email.to_string()),
        ("name", or_dash(user.name.as_ref().map(|name| name.as_str()))),
        ("administrator", user.admin.to_string()),
        ("disabled since", or_dash(user.disabled_at)),
        ("created", user.created_at.to_string()),
    ])
}

fn document(user: &Account) -> Value {
    json!({
        "id": user.id, "email": user.email, "name": user.name, "admin": user.admin, "disabled_at": user.disabled_at,
        "created_at": user.created_at, "updated_at": user.updated_at,
    })
}
