//! Work that can wait: ending what a marker of many covers, removing what is long over, forgetting markers.

use std::time::Duration;

use counterfoil_core::Timestamp;
use counterfoil_core::port::{StoreResult, Swept};
use futures_util::future::{try_join, try_join_all, try_join4};

use super::AT_ONCE;
use super::standing::ends_earlier;
use crate::RedisStore;
use crate::feed::Open;
use crate::index::{Book, SessionEntry};
use crate::records::Tries;
use crate::walk::Walk;

/// The newest token of a session is needed while a refresh can converge on it: at most five minutes.
const KEEP_AT_LEAST: Duration = Duration::from_secs(600);

impl RedisStore {
    /// Any number of nodes may sweep at once: what one has done another finds done.
    pub(super) async fn sweep_some(
        &self,
        now: Timestamp,
        keep_after: Timestamp,
        limit: u32,
    ) -> StoreResult<Swept> {
        let horizon = keep_after.min(now - KEEP_AT_LEAST);
        // One round trip tells whether there is anything to do.
        let (open, has_expired, sessions, tokens) = try_join4(
            self.feed.open(),
            self.feed.has_expired(now),
            self.index.due(Book::Sessions, horizon, 1),
            self.index.due(Book::Tokens, horizon, 1),
        )
        .await?;
        let mut swept = Swept::default();
        if let Some(oldest) = open.first() {
            let complete;
            (swept.ended, complete) = self.finish(oldest, limit).await?;
            swept.more = !complete || open.len() > 1;
        }
        let limit_of_each = usize::try_from(limit).unwrap_or(usize::MAX);
        if !sessions.is_empty() || !tokens.is_empty() {
            let (removed, more) = self.remove_what_is_over(horizon, limit_of_each).await?;
            swept.removed = removed;
            swept.more |= more;
        }
        if has_expired {
            swept.markers = self.feed.forget(now, limit).await?;
            swept.more |= swept.markers >= limit;
        }
        Ok(swept)
    }

    /// Ends what the oldest open marker covers, among the next sessions that were not looked at for it. Later markers wait,
    /// so that a session covered by two is told the first one's reason.
    ///
    /// From the newest to the oldest: whoever logs in meanwhile is newer, and its log-in sees the marker.
    async fn finish(&self, oldest: &Open, limit: u32) -> StoreResult<(u32, bool)> {
        let sequence = oldest.marker.sequence;
        let reached = self.feed.swept_to(sequence).await?;
        let mut walk = Walk::new(&self.index, reached.map(|id| *id.as_bytes()), None);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        let mut entries: Vec<SessionEntry> = walk.next(limit).await?;
        let complete = entries.len() < limit;
        entries.truncate(limit);
        let mut ended = 0;
        for piece in entries.chunks(AT_ONCE) {
            let each = piece.iter().map(|entry| self.end_by(oldest, entry));
            ended += try_join_all(each).await?.into_iter().map(u32::from).sum::<u32>();
        }
        let last = entries.last().map(|entry| entry.id);
        self.feed.advance(sequence, last.filter(|_| !complete)).await?;
        Ok((ended, complete))
    }

    async fn end_by(&self, marker: &Open, entry: &SessionEntry) -> StoreResult<bool> {
        let mut tries = Tries::default();
        while let Some(before) = self.records.session(entry.user, entry.id).await? {
            let end = marker.end_of(&before.value).filter(|end| ends_earlier(&before.value, end));
            let Some(end) = end else { break };
            let sequence = Some(marker.marker.sequence);
            if self.write_end(&before, before.value.clone(), &end, sequence).await? {
                return Ok(true);
            }
            tries.again().await?;
        }
        Ok(false)
    }

    async fn remove_what_is_over(&self, horizon: Timestamp, limit: usize) -> StoreResult<(u32, bool)> {
        let sessions = self.remove_sessions(horizon, limit).await?;
        let left = limit.saturating_sub(sessions.tokens);
        let tokens = self.remove_expired_tokens(horizon, left).await?;
        let (sessions_due, tokens_due) =
            try_join(self.index.due(Book::Sessions, horizon, 1), self.index.due(Book::Tokens, horizon, 1))
                .await?;
        let removed = sessions.sessions + sessions.tokens + tokens;
        let more = !sessions_due.is_empty() || !tokens_due.is_empty();
        Ok((u32::try_from(removed).unwrap_or(u32::MAX), more))
    }
}
