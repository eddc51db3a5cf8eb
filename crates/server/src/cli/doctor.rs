//! `counterfoil doctor`: looks at everything that an installation depends on, and says what to change.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use counterfoil_core::Timestamp;
use counterfoil_core::account::KeyState;
use counterfoil_core::port::{Fact, StoreResult};
use counterfoil_service::SystemClock;
use serde::Serialize;

use super::context::Context;
use super::{Failure, Output, Place};
use crate::control;

/// Look at stores, keys and clocks, and say what to change
#[derive(Args)]
#[command(
    after_help = "Examples:\n  counterfoil doctor\n  counterfoil doctor --json | jq '.groups[].facts[] | select(.advice)'"
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    place: Place,
}

/// What was found about one thing.
#[derive(Serialize)]
struct Group {
    name: &'static str,
    facts: Vec<Fact>,
}

/// Less room than this on the disk is told.
const LITTLE_ROOM: u64 = 1 << 30;
/// How often a store is asked for its answer's time.
const ASKED: usize = 9;

impl Doctor {
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) async fn run(self, context: Context) -> Result<(), Failure> {
        let now = counterfoil_core::Clock::now(&SystemClock);
        let mut groups = vec![installation(&context).await];
        let (accounts, sessions) = context.stores.inspect(now).await?;
        let stores = context.stores.ports();
        let answer = latency(|| async { stores.sessions.feed_head().await.map(drop) }).await?;
        match sessions {
            None => groups.push(Group { name: "store", facts: [vec![answer], accounts].concat() }),
            Some(sessions) => {
                let of_accounts = latency(|| async { stores.accounts.change_head().await.map(drop) }).await?;
                groups.push(Group { name: "accounts", facts: [vec![of_accounts], accounts].concat() });
                groups.push(Group { name: "sessions", facts: [vec![answer], sessions].concat() });
            }
        }
        groups.push(keys(&context, now));
        let head = stores.sessions.feed_head().await?;
        let markers = stores.sessions.snapshot(now).await?.markers.len();
        let facts = vec![Fact::new("newest revocation", head.sequence), Fact::new("markers alive", markers)];
        groups.push(Group { name: "feed", facts });
        tell(&context, &groups)
    }
}

async fn installation(context: &Context) -> Group {
    let running = control::tell(&context.folder).await;
    let server = match running {
        Ok(true) => Fact::new("server", "running on this data folder"),
        Ok(false) => Fact::new("server", "not running on this data folder"),
        Err(_) => Fact::new("server", "running, and does not answer").unless(false, "look at its log"),
    };
    let room = free_bytes(&context.folder);
    Group {
        name: "installation",
        facts: vec![
            Fact::new("version", env!("CARGO_PKG_VERSION")),
            Fact::new("issuer", context.authority.issuer()),
            Fact::new("data folder", context.folder.display()),
            Fact::new(
                "room on its disk",
                room.map_or("unknown".to_owned(), |room| format!("{} MiB", room >> 20)),
            )
            .unless(
                room.is_none_or(|room| room >= LITTLE_ROOM),
                "make room: writes are refused when it is used up",
            ),
            server,
        ],
    }
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// The median time of an answer.
async fn latency<F>(ask: impl Fn() -> F) -> Result<Fact, Failure>
where
    F: Future<Output = StoreResult<()>>,
{
    let mut times = Vec::new();
    for _ in 0..ASKED {
        let asked = Instant::now();
        ask().await?;
        times.push(asked.elapsed());
    }
    times.sort();
    let median = times.get(ASKED / 2).copied().unwrap_or_default();
    let slow = "a command waits for several of these: bring the store nearer, or look at what else it does";
    let told = format!("{:.2} ms", median.as_secs_f64() * 1e3);
    Ok(Fact::new("answers after", told).unless(median.as_millis() < 20, slow))
}

fn keys(context: &Context, now: Timestamp) -> Group {
    let keys = context.authority.keys();
    let active = keys.iter().filter(|key| key.state == KeyState::Active);
    let facts = active.map(|key| {
        let days = now.since(key.activated_at.unwrap_or(key.created_at)).as_secs() / 86_400;
        let name = match key.algorithm {
            counterfoil_core::account::KeyAlgorithm::Es256 => "signs ES256",
            counterfoil_core::account::KeyAlgorithm::EdDsa => "signs EdDSA",
            counterfoil_core::account::KeyAlgorithm::Rs256 => "signs RS256",
        };
        Fact::new(name, format!("{:.8}…, for {days} days", key.id))
            .unless(days < 400, "counterfoil key rotate")
    });
    Group { name: "keys", facts: facts.collect() }
}

fn tell(context: &Context, groups: &[Group]) -> Result<(), Failure> {
    let advice = groups.iter().flat_map(|group| &group.facts).filter(|fact| fact.advice.is_some()).count();
    if context.json {
        return Output::json(&serde_json::json!({"advice": advice, "groups": groups}));
    }
    let mut lines = Vec::new();
    for group in groups {
        lines.push((group.name, String::new()));
        for fact in &group.facts {
            lines.push(("", format!("{:<18} {}", fact.name, fact.value)));
            lines.extend(fact.advice.iter().map(|advice| ("  change", advice.clone())));
        }
    }
    lines.push((
        "in all",
        if advice == 0 { "nothing to change".to_owned() } else { format!("{advice} to change") },
    ));
    Output::fields(&lines)
}
