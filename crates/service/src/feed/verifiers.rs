//! The verifiers that follow the feed here, and how far each has confirmed it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use counterfoil_core::{ClientId, Timestamp};
use serde::Serialize;
use tokio::sync::watch;

/// The verifiers that are connected to this node.
#[derive(Default)]
pub(crate) struct VerifierRegistry {
    verifiers: Mutex<HashMap<String, Verifier>>,
    confirmed: watch::Sender<u64>,
    closed: watch::Sender<bool>,
}

struct Verifier {
    client: ClientId,
    name: Option<String>,
    connected_at: Timestamp,
    confirmed: Option<(u64, Timestamp)>,
}

/// One connected verifier.
#[derive(Clone, Debug, Serialize)]
pub struct VerifierView {
    /// The id that it acknowledges with.
    pub id: String,
    /// Whose credentials it used.
    pub client_id: ClientId,
    /// What it calls itself.
    pub name: Option<String>,
    /// Since when it is connected.
    pub connected_at: Timestamp,
    /// The number of the newest marker that it confirmed.
    pub confirmed_sequence: Option<u64>,
    /// When it did.
    pub confirmed_at: Option<Timestamp>,
}

/// How many verifiers have a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Confirmation {
    pub(crate) connected: usize,
    pub(crate) confirmed: usize,
}

impl VerifierRegistry {
    pub(crate) fn connected(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn add(&self, id: String, client: ClientId, name: Option<String>, now: Timestamp) {
        self.lock().insert(id, Verifier { client, name, connected_at: now, confirmed: None });
    }

    pub(super) fn remove(&self, id: &str) {
        self.lock().remove(id);
        // One that is gone need not be waited for.
        self.confirmed.send_modify(|count| *count += 1);
    }

    /// Whether such a verifier of that client is connected.
    pub(super) fn knows(&self, client: &ClientId, id: &str) -> bool {
        self.lock().get(id).is_some_and(|verifier| verifier.client == *client)
    }

    /// Notes a confirmation; `false` when no such verifier of that client is connected.
    pub(super) fn confirm(&self, client: &ClientId, id: &str, sequence: u64, now: Timestamp) -> bool {
        let mut verifiers = self.lock();
        let Some(verifier) = verifiers.get_mut(id).filter(|verifier| verifier.client == *client) else {
            return false;
        };
        if verifier.confirmed.is_none_or(|(before, _)| before < sequence) {
            verifier.confirmed = Some((sequence, now));
        }
        drop(verifiers);
        self.confirmed.send_modify(|count| *count += 1);
        true
    }

    pub(super) fn list(&self) -> Vec<VerifierView> {
        let mut views: Vec<_> = self
            .lock()
            .iter()
            .map(|(id, verifier)| VerifierView {
                id: id.clone(),
                client_id: verifier.client.clone(),
                name: verifier.name.clone(),
                connected_at: verifier.connected_at,
                confirmed_sequence: verifier.confirmed.map(|(sequence, _)| sequence),
                confirmed_at: verifier.confirmed.map(|(_, at)| at),
            })
            .collect();
        views.sort_by(|a, b| (a.connected_at, &a.id).cmp(&(b.connected_at, &b.id)));
        views
    }

    /// Waits until every connected verifier has confirmed `sequence`, or the patience is over.
    pub(crate) async fn wait_for(&self, sequence: u64, patience: Duration) -> Confirmation {
        let mut confirmed = self.confirmed.subscribe();
        let complete = |state: Confirmation| state.confirmed == state.connected;
        if complete(self.state(sequence)) {
            return self.state(sequence);
        }
        let everybody = confirmed.wait_for(|_| complete(self.state(sequence)));
        let _ = tokio::time::timeout(patience, everybody).await;
        self.state(sequence)
    }

    /// Ends every subscription.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    fn state(&self, sequence: u64) -> Confirmation {
        let verifiers = self.lock();
        let confirmed =
            verifiers.values().filter(|v| v.confirmed.is_some_and(|(reached, _)| reached >= sequence));
        Confirmation { connected: verifiers.len(), confirmed: confirmed.count() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Verifier>> {
        self.verifiers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
