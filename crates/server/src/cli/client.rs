//! `counterfoil client …`

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use counterfoil_core::account::{ClaimRules, Client as Entry, ClientChange, KeyAlgorithm, Lifetimes};
use counterfoil_core::{ClientId, Mode};
use counterfoil_service::NewClient;
use serde_json::{Value, json};

use super::context::{Access, Context};
use super::{Failure, Output, Place};
use crate::config::{Span, parse_span};

/// Add, list and change clients (applications and services)
#[derive(Subcommand)]
pub(crate) enum Client {
    /// Add a client; what is left out has the default that is told
    #[command(after_help = ADD_EXAMPLES)]
    Add {
        #[command(flatten)]
        place: Place,
        /// Its name in the protocol, a-z, 0-9, '-' and '_' [default: a random one]
        #[arg(long)]
        id: Option<ClientId>,
        /// Its name for people
        #[arg(long)]
        name: String,
        /// A service with a secret of its own, that verifies, introspects and revokes
        #[arg(long)]
        service: bool,
        #[command(flatten)]
        properties: Properties,
    },
    /// List clients
    #[command(after_help = "Example:\n  counterfoil client list --json")]
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Show one client
    #[command(after_help = "Example:\n  counterfoil client show web")]
    Show(One),
    /// Change a client: what is left out stays as it is, and sessions that exist go on
    #[command(after_help = "Example:\n  counterfoil client edit web --mode recorded --access 5m")]
    Edit {
        #[command(flatten)]
        one: One,
        /// Another name for people
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        properties: Properties,
    },
    /// Remove a client and end all its sessions
    #[command(after_help = "Example:\n  counterfoil client delete web")]
    Delete(One),
    /// Give a service another secret; the one before is refused at once
    #[command(after_help = "Example:\n  counterfoil client rotate-secret api1 --json")]
    RotateSecret(One),
}

const ADD_EXAMPLES: &str = "\
Examples:
  counterfoil client add --id web --name \"Web shop\" --mode cookie
  counterfoil client add --id app --name \"App\" --mode recorded --audience api --claim email=user.email
  counterfoil client add --id api1 --name \"Orders API\" --service --json";

/// One client.
#[derive(Args)]
pub(crate) struct One {
    #[command(flatten)]
    place: Place,
    /// The client
    id: ClientId,
}

/// What can be chosen of a client.
#[derive(Args)]
pub(crate) struct Properties {
    /// How logins are carried: cookie, jwt or recorded [default: recorded]
    #[arg(long)]
    mode: Option<Mode>,
    /// Whom its tokens are for; can be repeated [default: its id]
    #[arg(long)]
    audience: Vec<String>,
    /// What its tokens are signed with: ES256, EdDSA or RS256 [default: ES256]
    #[arg(long)]
    algorithm: Option<KeyAlgorithm>,
    /// A cookie session unused for so long is over [default: 1d]
    #[arg(long, value_parser = parse_span)]
    idle: Option<Duration>,
    /// A login is over after so long in any case [default: 30d]
    #[arg(long, value_parser = parse_span)]
    absolute: Option<Duration>,
    /// An access token is valid for so long [default: 15m]
    #[arg(long, value_parser = parse_span)]
    access: Option<Duration>,
    /// A refresh token unused for so long is over [default: 7d]
    #[arg(long, value_parser = parse_span)]
    refresh: Option<Duration>,
    /// Repeats of a refresh within this time get the same answer [default: 30s]
    #[arg(long, value_parser = parse_span)]
    refresh_window: Option<Duration>,
    /// A claim of its tokens: NAME=user.email, user.name, user.admin or user.created_at, or NAME=JSON; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
}

impl Properties {
    fn change(self, name: Option<String>, before: Lifetimes) -> Result<ClientChange, Failure> {
        let lifetimes = Lifetimes {
            idle: self.idle.unwrap_or(before.idle),
            absolute: self.absolute.unwrap_or(before.absolute),
            access: self.access.unwrap_or(before.access),
            refresh: self.refresh.unwrap_or(before.refresh),
            refresh_window: self.refresh_window.unwrap_or(before.refresh_window),
        };
        Ok(ClientChange {
            name,
            mode: self.mode,
            audience: Some(self.audience).filter(|audience| !audience.is_empty()),
            algorithm: self.algorithm,
            lifetimes: (lifetimes != before).then_some(lifetimes),
            claims: if self.claim.is_empty() { None } else { Some(claims(&self.claim)?) },
        })
    }
}

fn claims(texts: &[String]) -> anyhow::Result<ClaimRules> {
    let mut rules = BTreeMap::new();
    for text in texts {
        let Some((name, value)) = text.split_once('=') else { bail!("--claim {text}: write NAME=VALUE") };
        let source: Value = match value.strip_prefix("user.") {
            Some(field) => json!({"user": field}),
            None => {
                let value: Value = serde_json::from_str(value).with_context(|| {
                    format!("--claim {text}: the value is user.FIELD or JSON, for example tier='\"gold\"'")
                })?;
                json!({"value": value})
            }
        };
        let source = serde_json::from_value(source)
            .with_context(|| format!("--claim {text}: the fields are email, name, admin and created_at"))?;
        rules.insert(name.to_owned(), source);
    }
    Ok(ClaimRules::new(rules).map_err(counterfoil_service::Error::from)?)
}

impl Client {
    pub(crate) fn place(&self) -> &Place {
        match self {
            Self::Add { place, .. } | Self::List { place } => place,
            Self::Show(one) | Self::Delete(one) | Self::RotateSecret(one) | Self::Edit { one, .. } => {
                &one.place
            }
        }
    }

    pub(crate) fn access(&self) -> Access {
        match self {
            Self::List { .. } | Self::Show(_) => Access::Reads,
            Self::Add { .. } => Access::MayBeFirst,
            Self::Edit { .. } | Self::Delete(_) | Self::RotateSecret(_) => Access::Writes,
        }
    }

    pub(crate) async fn run(self, context: Context) -> Result<(), Failure> {
        let authority = &context.authority;
        match self {
            Self::Add { id, name, service, properties, .. } => {
                let change = properties.change(None, Lifetimes::default())?;
                let new = NewClient { id, name, service, change };
                let (client, secret) = authority.add_client(new, &context.by()).await?;
                show(&context, &client, secret.as_ref().map(|secret| secret.as_str()))
            }
            Self::List { .. } => {
                let clients = authority.clients();
                if context.json {
                    let items: Vec<Value> = clients.iter().map(|client| document(&context, client)).collect();
                    return Output::json(&json!({"items": items, "next": null}));
                }
                let row = |client: &std::sync::Arc<Entry>| {
                    let kind = word(client.kind);
                    let (name, mode) = (client.name.clone(), client.mode.to_string());
                    vec![client.id.to_string(), name, kind, mode, client.audience.join(" ")]
                };
                Output::table(
                    &["id", "name", "kind", "mode", "audience"],
                    &clients.iter().map(row).collect::<Vec<_>>(),
                )
            }
            Self::Show(one) => show(&context, &*authority.client(&one.id)?, None),
            Self::Edit { one, name, properties } => {
                let change = properties.change(name, authority.client(&one.id)?.lifetimes)?;
                let client = authority.edit_client(&one.id, change, &context.by()).await?;
                show(&context, &client, None)
            }
            Self::Delete(one) => {
                let report = authority.delete_client(&one.id, &context.by()).await?;
                super::session::report(&context, &report)
            }
            Self::RotateSecret(one) => {
                let secret = authority.rotate_client_secret(&one.id, &context.by()).await?;
                show(&context, &*authority.client(&one.id)?, Some(&secret))
            }
        }
    }
}

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn show(context: &Context, client: &Entry, secret: Option<&str>) -> Result<(), Failure> {
    if context.json {
        let mut document = document(context, client);
        if let (Some(secret), Some(members)) = (secret, document.as_object_mut()) {
            members.insert("secret".to_owned(), secret.into());
        }
        return Output::json(&document);
    }
    let Lifetimes { idle, absolute, access, refresh, refresh_window } = client.lifetimes;
    let mut fields = vec![
        ("id", client.id.to_string()),
        ("name", client.name.clone()),
        ("kind", word(client.kind)),
        ("mode", client.mode.to_string()),
        ("audience", client.audience.join(" ")),
        ("algorithm", client.algorithm.to_string()),
        ("idle", Span(idle).to_string()),
        ("absolute", Span(absolute).to_string()),
        ("access", Span(access).to_string()),
        ("refresh", Span(refresh).to_string()),
        ("refresh window", Span(refresh_window).to_string()),
        ("claims", serde_json::to_string(&client.claims)?),
        ("access token", format!("about {} bytes", context.authority.token_size(client))),
    ];
    if let Some(secret) = secret {
        fields.push(("secret", format!("{secret}   (shown this once)")));
    }
    Output::fields(&fields)
}

fn document(context: &Context, client: &Entry) -> Value {
    json!({
        "id": client.id, "name": client.name, "kind": client.kind, "mode": client.mode, "audience": client.audience,
        "algorithm": client.algorithm, "lifetimes": client.lifetimes, "claims": client.claims,
        "access_token_bytes": context.authority.token_size(client),
        "created_at": client.created_at, "updated_at": client.updated_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read() {
        let texts = ["email=user.email", "tier=\"gold\"", "n=1"].map(str::to_owned);
        let rules = serde_json::to_value(claims(&texts).unwrap()).unwrap();
        assert_eq!(rules, json!({"email": {"user": "email"}, "n": {"value": 1}, "tier": {"value": "gold"}}));
        for bad in ["email", "email=user.password", "tier=gold", "sub=1", "password=\"x\""] {
            assert!(claims(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
