//! The view, shared: many read it on the hot path, one follower writes.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use counterfoil_core::revocation::{FeedHead, Freshness, Issued, Marker, Snapshot, View};
use counterfoil_core::session::EndReason;
use counterfoil_core::{FeedId, Timestamp};
use tokio::sync::watch;

/// The view of this node.
pub(crate) struct LiveView {
    view: RwLock<View>,
    /// A copy of the view's sequence that is read without the lock.
    sequence: AtomicU64,
    /// Milliseconds, or -1 when never confirmed.
    confirmed_at: AtomicI64,
    limit: Duration,
    moved: watch::Sender<u64>,
    pub(super) following: tokio::sync::Mutex<()>,
}

impl LiveView {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            view: RwLock::default(),
            sequence: AtomicU64::new(0),
            confirmed_at: AtomicI64::new(-1),
            limit,
            moved: watch::Sender::new(0),
            following: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    pub(crate) fn len(&self) -> usize {
        self.view.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        Freshness { limit: self.limit, confirmed_at: self.confirmed_at() }.is_fresh(now)
    }

    pub(crate) fn age(&self, now: Timestamp) -> Option<Duration> {
        self.confirmed_at().map(|at| now.since(at))
    }

    /// Why a credential is revoked, and the sequence as of which the answer holds.
    pub(crate) fn covers(&self, issued: &Issued<'_>) -> (Option<EndReason>, u64) {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        (view.covers(issued), view.sequence())
    }

    /// Whether all of it is in that feed up to that number.
    pub(super) fn is_within(&self, feed: FeedId, sequence: u64) -> bool {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        view.feed() == Some(feed) && view.sequence() <= sequence
    }

    /// Tells the sequence whenever it moves.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    pub(super) fn can_follow(&self, head: &FeedHead) -> bool {
        self.view.read().unwrap_or_else(PoisonError::into_inner).can_follow(head)
    }

    /// Whether what was followed is not there any more: another feed is, or this one stands lower than it did.
    pub(super) fn has_lost(&self, head: &FeedHead) -> bool {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        view.feed().is_some_and(|feed| feed != head.feed || view.sequence() > head.sequence)
    }

    pub(super) fn restore(&self, snapshot: Snapshot) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        view.restore(snapshot);
        self.publish(&view);
    }

    pub(super) fn apply(&self, markers: Vec<Marker>) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        markers.into_iter().for_each(|marker| view.apply(marker));
        self.publish(&view);
    }

    pub(super) fn confirm(&self, at: Timestamp) {
        self.confirmed_at.store(at.millis(), Ordering::Release);
    }

    pub(crate) fn forget_expired(&self, now: Timestamp) {
        self.view.write().unwrap_or_else(PoisonError::into_inner).forget_expired(now);
    }

    fn publish(&self, view: &View) {
        self.sequence.store(view.sequence(), Ordering::Release);
        self.moved.send_replace(view.sequence());
    }

    fn confirmed_at(&self) -> Option<Timestamp> {
        let millis = self.confirmed_at.load(Ordering::Acquire);
        (millis >= 0).then(|| Timestamp::from_millis(millis))
    }
}
