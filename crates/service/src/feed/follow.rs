//! Catching up with the store's feed. Whoever made a revocation catches up before acknowledging it.

use crate::{Authority, Error};

/// Markers taken at a time.
const PIECE: u32 = 1000;

impl Authority {
    /// Applies everything that is in the feed now, and returns the number of the newest marker applied.
    pub(crate) async fn catch_up(&self) -> Result<u64, Error> {
        let view = &self.0.view;
        let _one_at_a_time = view.following.lock().await;
        // The view is as old as the moment before the store was asked.
        let asked_at = self.0.clock.now();
        let sessions = &self.0.stores.sessions;
        let head = sessions.feed_head().await?;
        if !view.can_follow(&head) {
            let lost = view.sequence() > 0;
            if lost {
                tracing::warn!(feed = %head.feed, sequence = head.sequence, "another feed, or one that went back: starting over");
            }
            view.restore(sessions.snapshot(asked_at).await?);
            if lost {
                self.0.checks.clear();
            }
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
}
