//! Revocation: the marker, then this node's view, then the answer with what every verifier confirmed.

use std::time::Duration;

use counterfoil_core::account::ClientKind;
use counterfoil_core::audit::{Action, Actor};
use counterfoil_core::port::{Counts, Revocation, Revoke};
use counterfoil_core::revocation::{Plan, Selection, SelectionRequest};
use counterfoil_core::session::EndReason;
use counterfoil_core::{Mode, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::authority::millis;
use crate::{Authority, By, Error};

/// A revocation that an operator asks for.
#[derive(Clone, Debug)]
pub struct RevokeRequest {
    /// What.
    pub selection: Selection,
    /// What the operator writes beside it, at most 256 bytes.
    pub note: Option<String>,
    /// Only count.
    pub dry_run: bool,
}

/// What a revocation did, or would do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RevocationReport {
    /// How many of what was selected were alive: tokens of a selection by token, sessions of any other.
    pub revoked: u64,
    /// Sessions that were alive.
    pub sessions: u64,
    /// Recorded access tokens that were alive.
    pub tokens: u64,
    /// The number of the marker; whoever applied the feed up to it refuses what was selected.
    pub sequence: u64,
    /// Whether it was only counted.
    pub dry_run: bool,
    /// How many verifiers had confirmed it when the answer was sent.
    pub verifiers: Verifiers,
    /// Milliseconds from the request to this answer.
    pub took_ms: u64,
    /// The selection covers logins of clients in `jwt` mode, which cannot be taken back: what is out may live until
    /// then, and is not renewed. A selection of some sessions of one user, by client or time, covers no such logins.
    pub stateless_until: Option<Timestamp>,
}

/// How many verifiers are connected, and how many confirmed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Verifiers {
    /// Verifiers that follow the feed at this node.
    pub connected: usize,
    /// Of those, the ones that confirmed the marker.
    pub confirmed: usize,
}

impl Authority {
    /// Revokes what is selected, or counts it.
    ///
    /// # Errors
    /// [`Error::UnknownClient`], [`Error::BadQuery`] for a note that is too long, [`Error::Store`].
    pub async fn revoke(&self, request: RevokeRequest, by: &By) -> Result<RevocationReport, Error> {
        let started = self.0.clock.now();
        let RevokeRequest { mut selection, note, dry_run } = request;
        if let Selection::Sessions { begun_before: Some(before), .. } = &mut selection {
            // Up to now: a marker for the future would end logins that nobody has made yet.
            *before = (*before).min(started + Duration::from_millis(1));
        }
        if let Selection::Sessions { client: Some(client), .. } = &selection {
            // A misspelt name must not look like work that was done.
            self.client(client)?;
        }
        if note.as_ref().is_some_and(|note| note.len() > 256 || note.chars().any(char::is_control)) {
            return Err(Error::BadQuery("reason: at most 256 bytes without control characters".to_owned()));
        }
        if dry_run {
            let counts = self.0.stores.sessions.count(&selection, started).await?;
            let sequence = self.0.view.sequence();
            let report = self.report(&selection, Revocation { counts, sequence }, started).await?;
            return Ok(RevocationReport { dry_run, ..report });
        }
        let reason = EndReason::RevokedByAdministrator;
        let revocation = self.end(selection.clone(), reason, Some(by.actor.clone()), note.clone()).await?;
        let Counts { sessions, tokens } = revocation.counts;
        let detail =
            json!({"select": describe(&selection), "sessions": sessions, "tokens": tokens, "note": note});
        self.audit_event(by, Action::Revoked, target(&selection), detail).await;
        self.report(&selection, revocation, started).await
    }

    /// Revokes, and applies it to this node's own view before returning: from here on this node refuses it.
    pub(super) async fn end(
        &self,
        selection: Selection,
        reason: EndReason,
        by: Option<Actor>,
        note: Option<String>,
    ) -> Result<Revocation, Error> {
        let command = Revoke { selection, reason, by, note, now: self.0.clock.now() };
        let revocation = self.0.stores.sessions.revoke(command).await?;
        self.catch_up().await?;
        self.0.counters.revocations.add();
        Ok(revocation)
    }

    pub(super) async fn report(
        &self,
        selection: &Selection,
        revocation: Revocation,
        started: Timestamp,
    ) -> Result<RevocationReport, Error> {
        let Revocation { counts, sequence } = revocation;
        let confirmation = self.0.verifiers.wait_for(sequence, self.0.settings.confirmation_wait).await;
        let now = self.0.clock.now();
        Ok(RevocationReport {
            revoked: if matches!(selection, Selection::Token(_)) { counts.tokens } else { counts.sessions },
            sessions: counts.sessions,
            tokens: counts.tokens,
            sequence,
            dry_run: false,
            verifiers: Verifiers { connected: confirmation.connected, confirmed: confirmation.confirmed },
            took_ms: millis(now.since(started)),
            stateless_until: self.stateless_until(selection, now),
        })
    }

    /// The longest that a stateless token in the selection may live: nothing is recorded of them, so that the clients'
    /// lifetimes are all that is known.
    fn stateless_until(&self, selection: &Selection, now: Timestamp) -> Option<Timestamp> {
        let Selection::Sessions { client: of, .. } = selection else { return None };
        if matches!(selection.plan(), Plan::Enumerate { .. }) {
            return None;
        }
        let clients = self.0.accounts.clients();
        let stateless = clients.values().filter(|client| {
            client.kind == ClientKind::Application
                && client.mode == Mode::Jwt
                && of.as_ref().is_none_or(|of| *of == client.id)
        });
        stateless.map(|client| now + client.lifetimes.access).max()
    }
}

fn describe(selection: &Selection) -> SelectionRequest {
    match selection.clone() {
        Selection::Token(token) => SelectionRequest { token: Some(token), ..Default::default() },
        Selection::Session(session) => SelectionRequest { session: Some(session), ..Default::default() },
        Selection::Sessions { user, client, begun_before, .. } => SelectionRequest {
            all: (user.is_none() && client.is_none() && begun_before.is_none()).then_some(true),
            user,
            client,
            issued_before: begun_before,
            ..Default::default()
        },
    }
}

fn target(selection: &Selection) -> Option<String> {
    match selection {
        Selection::Token(token) => Some(token.to_string()),
        Selection::Session(session) => Some(session.to_string()),
        Selection::Sessions { user, client, .. } => {
            user.map(|user| user.to_string()).or_else(|| client.as_ref().map(ToString::to_string))
        }
    }
}
