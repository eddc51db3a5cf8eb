//! Catching up with the store's feed. Whoever made a revocation catches up before acknowledging it.
//!
//! A feed can be lost: a store that was emptied, or put back to an older copy, has another one, or one that stands lower.
//! Then nobody can tell any more what was revoked, and everything that was given out before ends: people log in again, but
//! nothing revoked is let back in.

use counterfoil_core::Timestamp;
use counterfoil_core::audit::Actor;
use counterfoil_core::revocation::{FeedHead, Snapshot};
use counterfoil_core::session::{End, EndReason};

use crate::{Authority, Error};

/// Markers taken at a time.
const PIECE: u32 = 1000;
/// Other nodes may have seen more of the lost feed than this one: so many revocations more.
const MARGIN: u64 = 1_000_000;

impl Authority {
    /// Applies everything that is in the feed now, and returns the number of the newest marker applied.
    pub(crate) async fn catch_up(&self) -> Result<u64, Error> {
        let view = &self.0.view;
        let _one_at_a_time = view.following.lock().await;
        // The view is as old as the moment before the store was asked.
        let asked_at = self.0.clock.now();
        let sessions = &self.0.stores.sessions;
        let mut head = sessions.feed_head().await?;
        if !view.can_follow(&head) {
            let mut snapshot = sessions.snapshot(asked_at).await?;
            if view.has_lost(&snapshot.head) {
                if !tells_of_the_loss(&snapshot, view.sequence()) {
                    head = self.begin_anew(snapshot.head, asked_at).await?;
                    snapshot = sessions.snapshot(asked_at).await?;
                }
                self.0.checks.clear();
            }
            view.restore(snapshot);
        }
        while view.sequence() < head.sequence {
            let markers = sessions.markers_after(view.sequence(), PIECE).await?;
            if markers.is_empty() {
                // What is missing between here and the head was forgotten meanwhile: the next look takes a snapshot.
                view.restore(sessions.snapshot(asked_at).await?);
                break;
            }
            view.apply(markers);
        }
        view.confirm(asked_at);
        Ok(view.sequence())
    }

    async fn begin_anew(&self, found: FeedHead, now: Timestamp) -> Result<FeedHead, Error> {
        let known = self.0.view.sequence();
        tracing::error!(
            feed = %found.feed,
            sequence = found.sequence,
            known,
            "the store has lost revocations: everything that was given out before ends, and people log in again"
        );
        let end = End { at: now, reason: EndReason::BookLost, by: Some(Actor::System), note: None };
        let head = self.0.stores.sessions.begin_anew(found, known.saturating_add(MARGIN), end).await?;
        self.0.counters.revocations.add();
        Ok(head)
    }
}

/// Whether another node has noticed it before: then a marker of everything stands above all that was known here.
fn tells_of_the_loss(snapshot: &Snapshot, known: u64) -> bool {
    snapshot.markers.iter().any(|marker| marker.reason == EndReason::BookLost && marker.sequence > known)
}
