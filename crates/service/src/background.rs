//! What goes on by itself: following the feed and the accounts, noting when sessions were seen, sweeping, rotating keys.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Authority, Error};

/// How often last-seen times are written.
const NOTE_SEEN_EVERY: Duration = Duration::from_secs(10);
/// How often there is a look for what can be swept. What is much is done in small pieces, one after the other.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Records in one piece: a few milliseconds of the store's time.
const SWEEP_PIECE: u32 = 500;
/// How often the age of the keys is looked at.
const KEYS_EVERY: Duration = Duration::from_secs(600);
/// How long after a failure a follower tries again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The running background work of an authority.
#[must_use = "the work ends when this is dropped"]
pub struct Background {
    authority: Authority,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Authority {
    /// Starts the background work.
    pub fn run(&self) -> Background {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(until(stopped.clone(), follow_feed(self.clone())));
        tasks.spawn(until(stopped.clone(), follow_accounts(self.clone())));
        tasks.spawn(until(stopped.clone(), every(NOTE_SEEN_EVERY, self.clone(), note_seen)));
        tasks.spawn(until(stopped.clone(), every(SWEEP_EVERY, self.clone(), sweep)));
        tasks.spawn(until(stopped, every(KEYS_EVERY, self.clone(), settle_keys)));
        Background { authority: self.clone(), stop, tasks }
    }
}

impl Authority {
    /// Writes the last-seen times that are still to be written.
    pub async fn note_last_uses(&self) {
        note_seen(self.clone()).await;
    }
}

impl Background {
    /// Ends the work and every feed subscription, and writes what is still to be written.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.authority.0.verifiers.close();
        while self.tasks.join_next().await.is_some() {}
        self.authority.note_last_uses().await;
    }
}

async fn until(mut stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

async fn every<F: Future<Output = ()>>(
    period: Duration,
    authority: Authority,
    work: impl Fn(Authority) -> F,
) {
    loop {
        tokio::time::sleep(period).await;
        work(authority.clone()).await;
    }
}

async fn follow_feed(authority: Authority) {
    let mut failing = false;
    loop {
        let sequence = authority.0.view.sequence();
        let outcome = match authority.0.stores.sessions.wait_beyond(sequence).await {
            Ok(()) => authority.catch_up().await.map(drop),
            Err(error) => Err(Error::from(error)),
        };
        report(&mut failing, "revocation feed", outcome).await;
    }
}

async fn follow_accounts(authority: Authority) {
    let mut failing = false;
    loop {
        let epoch = authority.0.accounts.epoch();
        let outcome = match authority.0.stores.accounts.wait_for_change(epoch).await {
            Ok(()) => authority.follow_accounts().await,
            Err(error) => Err(Error::from(error)),
        };
        report(&mut failing, "accounts", outcome).await;
    }
}

/// Logs the first failure and the recovery, and not what is in between.
async fn report(failing: &mut bool, what: &'static str, outcome: Result<(), Error>) {
    match outcome {
        Ok(()) if *failing => {
            tracing::info!(what, "following again");
            *failing = false;
        }
        Ok(()) => {}
        Err(error) => {
            if !*failing {
                tracing::error!(
                    what,
                    error = &error as &dyn std::error::Error,
                    "cannot follow: trying again"
                );
                *failing = true;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

async fn note_seen(authority: Authority) {
    let seen = authority.0.checks.take_seen();
    if seen.is_empty() {
        return;
    }
    if let Err(error) = authority.0.stores.sessions.touch(&seen).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "last-seen times not written: trying again");
        authority.0.checks.put_back_seen(seen);
    }
}

async fn sweep(authority: Authority) {
    let now = authority.0.clock.now();
    authority.0.view.forget_expired(now);
    loop {
        let keep_after = now - authority.0.settings.retention;
        match authority.0.stores.sessions.sweep(now, keep_after, SWEEP_PIECE).await {
            Ok(swept) if swept.more => tokio::task::yield_now().await,
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "sweep failed: trying again later");
                return;
            }
        }
    }
    let before = now - authority.0.settings.audit_retention;
    loop {
        match authority.0.stores.accounts.trim_audit(before, SWEEP_PIECE).await {
            Ok(trimmed) if trimmed >= SWEEP_PIECE => tokio::task::yield_now().await,
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "audit log not trimmed: trying again later"
                );
                return;
            }
        }
    }
}

async fn settle_keys(authority: Authority) {
    if let Err(error) = authority.settle_keys().await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "signing keys not looked after: trying again"
        );
    }
}
