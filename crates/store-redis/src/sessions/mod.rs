//! The sessions port.

mod count;
mod create;
mod list;
mod page;
mod read;
mod refresh;
mod remove;
mod revoke;
mod search;
mod standing;
mod sweep;
mod touch;

use std::time::Duration;

use async_trait::async_trait;
use counterfoil_core::port::{
    Counts, Created, Ended, RefreshOutcome, Revocation, Revoke, RotateRefresh, RotateSecret, SessionFilter,
    SessionStore, StoreResult, Swept, TokenFilter, TokenListing,
};
use counterfoil_core::revocation::{FeedHead, Marker, Selection, Snapshot};
use counterfoil_core::session::{End, Session};
use counterfoil_core::token::TokenRecord;
use counterfoil_core::{Page, PageRequest, SessionId, Timestamp, TokenId};

use crate::RedisStore;

/// How long a wait for the feed takes at most, so that whoever follows knows that the store is there.
const WAIT: Duration = Duration::from_millis(450);

/// Records that are read or changed at once: many are in flight on one connection, and others come in between.
const AT_ONCE: usize = 256;

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(&self, session: Session, token: Option<TokenRecord>) -> StoreResult<Created> {
        self.create_session(&session, token.as_ref()).await
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        self.read_session(id).await
    }

    async fn rotate_refresh(&self, command: RotateRefresh) -> StoreResult<RefreshOutcome> {
        self.refresh(&command).await
    }

    async fn rotate_secret(&self, command: RotateSecret) -> StoreResult<Option<Session>> {
        self.replace_secret(command).await
    }

    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> StoreResult<()> {
        self.note_seen(seen).await
    }

    async fn supersede(&self, session: SessionId, end: End) -> StoreResult<Ended> {
        self.end_ahead(session, &end).await
    }

    async fn revoke(&self, command: Revoke) -> StoreResult<Revocation> {
        self.carry_out(command).await
    }

    async fn count(&self, selection: &Selection, now: Timestamp) -> StoreResult<Counts> {
        self.count_selected(selection, now).await
    }

    async fn sessions(
        &self,
        filter: &SessionFilter,
        page: PageRequest<SessionId>,
        now: Timestamp,
    ) -> StoreResult<Page<Session, SessionId>> {
        self.list_sessions(filter, page, now).await
    }

    async fn token(&self, id: TokenId) -> StoreResult<Option<TokenListing>> {
        self.read_token(id).await
    }

    async fn tokens(
        &self,
        filter: &TokenFilter,
        page: PageRequest<TokenId>,
        now: Timestamp,
    ) -> StoreResult<Page<TokenListing, TokenId>> {
        self.list_tokens(filter, page, now).await
    }

    async fn feed_head(&self) -> StoreResult<FeedHead> {
        self.feed.head().await
    }

    async fn markers_after(&self, sequence: u64, limit: u32) -> StoreResult<Vec<Marker>> {
        self.feed.after(sequence, limit).await
    }

    async fn begin_anew(&self, found: FeedHead, above: u64, end: End) -> StoreResult<FeedHead> {
        let expires_at = Marker::expiry_for_many(end.at);
        self.feed.begin_anew(found, above, &end, expires_at).await
    }

    async fn snapshot(&self, now: Timestamp) -> StoreResult<Snapshot> {
        self.feed.snapshot(now).await
    }

    async fn wait_beyond(&self, sequence: u64) -> StoreResult<()> {
        let mut moved = self.follower.watch();
        // Having read it, the wait has seen Redis; and what moves after this is told.
        if self.feed.head().await?.sequence == sequence {
            let _ = tokio::time::timeout(WAIT, moved.changed()).await;
        }
        Ok(())
    }

    async fn sweep(&self, now: Timestamp, keep_after: Timestamp, limit: u32) -> StoreResult<Swept> {
        self.sweep_some(now, keep_after, limit).await
    }
}
